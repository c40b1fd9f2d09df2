"""Three-way merges of trees: whole files, since weights and pointers have no lines to merge."""

from collections.abc import Callable
from dataclasses import dataclass

from hublish.hub.server.git.tree import FOLDER_MODE, Entry, Loader, serialize


@dataclass(frozen=True, slots=True)
class Merge:
    """The outcome of merging one folder: what is in it, and the paths in conflict."""

    entries: "dict[str, Entry | Merge]"
    """By name; a `Merge` is a folder that had to be looked into."""
    conflicts: tuple[str, ...]

    def write(self, add: Callable[[bytes], str]) -> str | None:
        """Serialize the merged folder through `add`, which returns ids; None when it is empty."""
        entries = {name: _written(item, add) for name, item in self.entries.items()}
        kept = {name: entry for name, entry in entries.items() if entry}
        return add(serialize(kept)) if kept else None


def _written(item: Entry | Merge, add: Callable[[bytes], str]) -> Entry | None:
    if isinstance(item, Entry):
        return item
    sha = item.write(add)
    return Entry(FOLDER_MODE, sha) if sha else None


def merge_trees(load: Loader, base: str | None, ours: str | None, theirs: str | None, prefix: str = "") -> Merge:
    """Merge two trees that both come from `base`; None stands for a folder that is not there."""
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
        # A folder one side removed may still have got a new file from the other.
        base = old.sha if old and old.is_folder else None
        return merge_trees(load, base, left.sha if left else None, right.sha if right else None, f"{path}/")
    return path
