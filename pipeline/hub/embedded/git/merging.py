"""Three-way merges of trees: whole files, since weights and pointers have no lines to merge."""

from collections.abc import Callable
from dataclasses import dataclass

from hublish.pipeline.hub.embedded.git.tree import FOLDER_MODE, Entry, Loader, serialize


@dataclass(frozen=True, slots=True)
class Merge:
    """The outcome of a merge: a tree, or the paths in conflict."""

    entries: "dict[str, Entry | Merge]"
    """By name; a `Merge` is a folder both sides changed."""
    conflicts: tuple[str, ...]

    def write(self, add: Callable[[bytes], str]) -> str:
        """Serialize the merged tree through `add`, which returns ids."""
        entries = {
            name: Entry(FOLDER_MODE, item.write(add)) if isinstance(item, Merge) else item
            for name, item in self.entries.items()
        }
        kept = {name: entry for name, entry in entries.items() if not _is_empty_folder(entry)}
        return add(serialize(kept))


_EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


def _is_empty_folder(entry: Entry) -> bool:
    return entry.is_folder and entry.sha == _EMPTY_TREE


def merge_trees(load: Loader, base: str | None, ours: str, theirs: str, prefix: str = "") -> Merge:
    """Merge two trees that both come from `base` (None: from nothing)."""
    old = load(base) if base else {}
    left, right = load(ours), load(theirs)
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
    if left == right or right == old:
        return left
    if left == old:
        return right
    if left and right and left.is_folder and right.is_folder:
        base = old.sha if old and old.is_folder else None
        return merge_trees(load, base, left.sha, right.sha, f"{path}/")
    return path
