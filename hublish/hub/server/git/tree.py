"""Editing and reading trees without a work tree: only what a change touches is loaded and written."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from dulwich.objects import ObjectID, Tree, serialize_tree, sorted_tree_items

FILE_MODE = 0o100644
FOLDER_MODE = 0o040000


@dataclass(frozen=True, slots=True)
class Entry:
    """What a tree says about one name."""

    mode: int
    sha: str

    @property
    def is_folder(self) -> bool:
        """Tell a folder from a file."""
        return self.mode == FOLDER_MODE


Loader = Callable[[str], Mapping[str, Entry]]
"""Gives the entries of the tree with this id."""


class PathConflictError(ValueError):
    """A file stands where a folder is wanted, or the other way round."""


def parse_tree(data: bytes) -> dict[str, Entry]:
    """Return the entries of a serialized tree, by name, in git's order."""
    return {
        item.path.decode("utf-8", "surrogateescape"): Entry(item.mode, item.sha.decode())
        for item in Tree.from_string(data).iteritems()
    }


def serialize(entries: Mapping[str, Entry]) -> bytes:
    """Return the bytes of the tree object that holds `entries`."""
    raw = {
        name.encode("utf-8", "surrogateescape"): (entry.mode, ObjectID(entry.sha.encode()))
        for name, entry in entries.items()
    }
    items = sorted_tree_items(raw, name_order=False)
    return b"".join(serialize_tree((item.path, item.mode, item.sha) for item in items))


class TreeEditor:
    """One folder of a tree being changed; sub-folders are opened when a change reaches into them."""

    def __init__(self, load: Loader, sha: str | None) -> None:
        self._load = load
        self._sha = sha
        self._entries = dict(load(sha)) if sha else {}
        self._open: dict[str, TreeEditor] = {}

    def put(self, path: Sequence[str], entry: Entry) -> None:
        """Put a file at `path`.

        Raises:
            PathConflictError: A folder is there, or a file stands where one of the folders of `path` must be.
        """
        name = path[0]
        if len(path) > 1:
            self._descend(name, create=True).put(path[1:], entry)
        elif self._is_folder(name):
            raise PathConflictError(name)
        else:
            self._open.pop(name, None)  # an emptied folder may be there
            self._entries[name] = entry

    def remove(self, path: Sequence[str], *, folder: bool) -> bool:
        """Remove a file (or a whole folder) and return whether it was there."""
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
        """Serialize what changed through `add`, which returns ids; None for an empty folder."""
        for name, child in self._open.items():
            sha = child.write(add)
            if sha is None:
                self._entries.pop(name, None)
            else:
                self._entries[name] = Entry(FOLDER_MODE, sha)
        return add(serialize(self._entries)) if self._entries else None

    def _is_folder(self, name: str) -> bool:
        # A folder that lost its last file in this change is gone, as git knows no empty folders.
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
            self._entries[name] = Entry(FOLDER_MODE, "")
        return child


def walk(load: Loader, sha: str, prefix: str = "") -> Iterator[tuple[str, Entry]]:
    """Yield every file and folder below a tree, depth first, a folder before what is in it."""
    for name, entry in load(sha).items():
        path = prefix + name
        yield path, entry
        if entry.is_folder:
            yield from walk(load, entry.sha, f"{path}/")


def find(load: Loader, sha: str, path: Sequence[str]) -> Entry | None:
    """Return the entry at `path` below a tree, or None."""
    entry: Entry | None = Entry(FOLDER_MODE, sha)
    for name in path:
        if not entry or not entry.is_folder:
            return None
        entry = load(entry.sha).get(name)
    return entry
