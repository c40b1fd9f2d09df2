"""Reading, editing and merging trees without a work tree: only the changed folders are loaded and written."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from dulwich.objects import ObjectID, serialize_tree, sorted_tree_items
from dulwich.objects import parse_tree as parse_entries

FILE_MODE = 0o100644
FOLDER_MODE = 0o040000

# Bytes of an id in a tree.
DIGEST_SIZE = 20


class Entry(NamedTuple):
    """Mode and id of one name in a tree."""

    # A tuple: a folder may have a hundred thousand of them, and a frozen dataclass takes three times as long to make.

    mode: int
    sha: str

    @property
    def is_folder(self) -> bool:
        """Whether this is a folder."""
        return self.mode == FOLDER_MODE


# Returns the entries of the tree with this id.
Loader = Callable[[str], Mapping[str, Entry]]


class PathConflictError(ValueError):
    """One path would be a file and a folder at once."""


def parse_tree(data: bytes) -> dict[str, Entry]:
    """Return the entries of a serialized tree, by name, in git's order."""
    return {
        name.decode("utf-8", "surrogateescape"): Entry(mode, sha.decode())
        for name, mode, sha in parse_entries(data, DIGEST_SIZE)
    }


def serialize(entries: Mapping[str, Entry]) -> bytes:
    """Return the bytes of the tree object with these entries."""
    raw = {
        name.encode("utf-8", "surrogateescape"): (entry.mode, ObjectID(entry.sha.encode()))
        for name, entry in entries.items()
    }
    # git's order compares folders as if their names ended with a slash; fsck rejects any other.
    items = sorted_tree_items(raw, name_order=False)
    return b"".join(serialize_tree((item.path, item.mode, item.sha) for item in items))


def walk(load: Loader, sha: str, prefix: str = "") -> Iterator[tuple[str, Entry]]:
    """Yield every file and folder below a tree, depth first, a folder before its content."""
    for name, entry in load(sha).items():
        path = prefix + name
        yield path, entry
        if entry.is_folder:
            yield from walk(load, entry.sha, f"{path}/")


def list_folder(entries: Mapping[str, Entry], prefix: str, after: str | None = None) -> Iterator[tuple[str, Entry]]:
    """Yield the entries of one folder, or those that follow the path `after`: subfolders first, as on the Hub.

    The path of a folder in `after` ends with a slash.
    """
    last = (not after.endswith("/"), _key(after.removeprefix(prefix))) if after is not None else None
    for is_file in (False, True):
        for name, entry in entries.items():
            if entry.is_folder != is_file and (last is None or (is_file, _key(name, entry)) > last):
                yield prefix + name, entry


def _key(name: str, entry: Entry | None = None) -> bytes:
    # git's order compares folders as if their names ended with a slash.
    return (f"{name}/" if entry and entry.is_folder else name).encode("utf-8", "surrogateescape")


def walk_after(load: Loader, sha: str, last: Sequence[str], prefix: str = "") -> Iterator[tuple[str, Entry]]:
    """Yield the paths that follow the one with the parts `last`, in the order of `walk`, from the folder `prefix`.

    The last part of a folder ends with a slash. The path itself may be gone. Folders before it are not loaded.
    """
    first, below = _key(last[0]), last[1:]
    for name, entry in load(sha).items():
        key = _key(name, entry)
        if key < first:
            continue
        path = prefix + name
        if key > first:
            yield path, entry
        if entry.is_folder and (key > first or not below):
            yield from walk(load, entry.sha, f"{path}/")
        elif entry.is_folder:
            yield from walk_after(load, entry.sha, below, f"{path}/")


def find(load: Loader, sha: str, path: Sequence[str]) -> Entry | None:
    """Return the entry at `path` below a tree, or None."""
    entry: Entry | None = Entry(FOLDER_MODE, sha)
    for name in path:
        if not entry or not entry.is_folder:
            return None
        entry = load(entry.sha).get(name)
    return entry


class TreeEditor:
    """One folder of a tree that is being changed; subfolders are opened when a change reaches them."""

    def __init__(self, load: Loader, sha: str | None) -> None:
        self._load = load
        self._entries = dict(load(sha)) if sha else {}
        self._open: dict[str, TreeEditor] = {}

    def put(self, path: Sequence[str], entry: Entry) -> None:
        """Put a file at `path`; raise PathConflictError when `path` is a folder or below a file."""
        name = path[0]
        if len(path) > 1:
            self._descend(name, create=True).put(path[1:], entry)
        elif self._is_folder(name):
            raise PathConflictError(name)
        else:
            self._open.pop(name, None)  # a folder that this change emptied
            self._entries[name] = entry

    def remove(self, path: Sequence[str], *, folder: bool) -> bool:
        """Remove a file (or a whole folder) and return whether it existed."""
        name = path[0]
        if len(path) > 1:
            return self._is_folder(name) and self._descend(name).remove(path[1:], folder=folder)
        entry = self._entries.get(name)
        if not entry or entry.is_folder != folder or (folder and not self._is_folder(name)):
            return False
        del self._entries[name]
        self._open.pop(name, None)
        return True

    def write(self, add: Callable[[bytes], str]) -> str | None:
        """Serialize the changed folders through `add`, which returns ids; return None for an empty folder."""
        for name, child in self._open.items():
            sha = child.write(add)
            if sha is None:
                self._entries.pop(name, None)
            else:
                self._entries[name] = Entry(FOLDER_MODE, sha)
        return add(serialize(self._entries)) if self._entries else None

    def _is_folder(self, name: str) -> bool:
        # A folder that lost its last file in this change is gone: git does not store empty folders.
        if name in self._open:
            return self._open[name]._has_files()  # noqa: SLF001 - the same class
        return name in self._entries and self._entries[name].is_folder

    def _has_files(self) -> bool:
        return any(self._is_folder(name) or not entry.is_folder for name, entry in self._entries.items())

    def _descend(self, name: str, *, create: bool = False) -> "TreeEditor":
        if name in self._open:
            return self._open[name]
        entry = self._entries.get(name)
        if entry and not entry.is_folder:
            raise PathConflictError(name)
        child = TreeEditor(self._load, entry.sha if entry else None)
        self._open[name] = child
        if create and not entry:
            self._entries[name] = Entry(FOLDER_MODE, "")  # `write` replaces it, with its id
        return child


@dataclass(frozen=True, slots=True)
class Merge:
    """A merged folder: its content, and the paths in conflict."""

    entries: "dict[str, Entry | Merge]"  # by name; a `Merge` is a folder that both sides changed
    conflicts: tuple[str, ...]

    def write(self, add: Callable[[bytes], str]) -> str | None:
        """Serialize the merged folder through `add`, which returns ids; return None when it is empty."""
        entries: dict[str, Entry] = {}
        for name, item in self.entries.items():
            if isinstance(item, Entry):
                entries[name] = item
            elif sha := item.write(add):
                entries[name] = Entry(FOLDER_MODE, sha)
        return add(serialize(entries)) if entries else None


def merge_trees(load: Loader, base: str | None, ours: str | None, theirs: str | None, prefix: str = "") -> Merge:
    """Merge two trees that both derive from `base`; None is a folder that does not exist."""
    # Whole files: weights and LFS pointers have no lines to merge.
    old, left, right = (load(sha) if sha else {} for sha in (base, ours, theirs))
    merged: dict[str, Entry | Merge] = {}
    conflicts: list[str] = []
    for name in sorted(old.keys() | left.keys() | right.keys()):
        item = _merge_entry(load, old.get(name), left.get(name), right.get(name), prefix + name)
        if isinstance(item, str):
            conflicts.append(item)
        elif item is not None:
            merged[name] = item
            conflicts += item.conflicts if isinstance(item, Merge) else ()
    return Merge(merged, tuple(conflicts))


def _merge_entry(
    load: Loader, old: Entry | None, left: Entry | None, right: Entry | None, path: str
) -> "Entry | Merge | str | None":
    """Return the merged entry, None for a removed one, or the path as a conflict."""
    if left in (right, old):
        return right
    if right == old:
        return left
    if all(entry is None or entry.is_folder for entry in (left, right)):
        # One side may have removed the folder while the other added a file to it.
        base = old.sha if old and old.is_folder else None
        return merge_trees(load, base, left.sha if left else None, right.sha if right else None, f"{path}/")
    return path
