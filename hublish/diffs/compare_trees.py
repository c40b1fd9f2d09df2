"""Compare the files of two releases: checkpoints across their shards, renamed files, and every other file by itself."""

import re
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
from typing import Final, NamedTuple

from hublish.base.content import Content, ContentChangedError
from hublish.base.workers import run_each
from hublish.diffs.compare_files import diff_file, sizes_in_words, with_sizes
from hublish.diffs.differences import FileDiff
from hublish.diffs.tensor_heads import joined, reader_of
from hublish.formats.input_files import InvalidFileError
from hublish.schemas.documents.file_names import CARD_FILE, MANIFEST_FILE
from hublish.schemas.documents.sizes import format_size

MOST_COMPARED: Final = 300
"""Files whose contents are compared; of any further ones, only the sizes are shown."""
_LARGE_DOCUMENT: Final = 1 << 20
# Bytes of the largest file that is read to find out that only its place on the Hub has changed.
_MOST_READ: Final = 16 << 20
# The files of a checkpoint: the only one, a shard, or the index of the shards.
_SHARD: Final = re.compile(
    r"(?P<stem>.+?)(?:-\d{5}-of-\d{5})?(?P<suffix>\.safetensors|\.gguf)|(?P<indexed>.+)\.safetensors\.index\.json"
)
_INDEX: Final = ".index.json"


class Version(NamedTuple):
    """A file of one release."""

    content: Content
    ids: tuple[str, ...]
    """Digests of its bytes: two files that share one are the same."""

    def same(self, other: "Version") -> bool:
        """Return whether another file has the same bytes."""
        return not {*self.ids}.isdisjoint(other.ids)


Tree = Mapping[str, Version]
"""The files of a release by path_in_repo."""


def changed_paths(before: Tree, after: Tree) -> tuple[str, ...]:
    """Return the paths of the files that were added, changed or deleted, in order."""
    paths = sorted(before.keys() | after.keys())
    return tuple(
        path for path in paths if path not in before or path not in after or not before[path].same(after[path])
    )


def diff_trees(
    before: Tree, after: Tree, paths: Sequence[str], executor: Executor, *, values: bool = False
) -> tuple[FileDiff, ...]:
    """Return the changes inside of files, in the order of `paths`.

    Args:
        before: the files before the change.
        after: the files after it; unchanged ones count too, as parts of checkpoints.
        paths: the files that were added, changed or deleted.
        executor: compares several files at once.
        values: also read the values of tensors.
    """
    found: dict[str, FileDiff] = {}
    # First, as shards get other names when their number changes.
    for several in run_each(executor, lambda group: group.compared(values), _checkpoints(before, after, paths)):
        found |= {one.path_in_repo: one for one in several}
    found |= {one.path_in_repo: one for one in _renamed(before, after, [path for path in paths if path not in found])}
    left = sorted((path for path in paths if path not in found), key=_by_interest)

    def compared(path: str) -> FileDiff:
        old, new = before.get(path), after.get(path)
        if old and new and _is_moved(old, new):
            stored = FileDiff(path, "binary", "the same bytes, stored in another way: in LFS, or outside of it")
            return with_sizes(stored, old.content, new.content)
        return diff_file(path, old and old.content, new and new.content, values=values)

    # One large document after the other: as values, each takes many times its size.
    large = {path for path in left[:MOST_COMPARED] if _is_large_document(path, before, after)}
    small = [path for path in left[:MOST_COMPARED] if path not in large]
    found |= zip(small, run_each(executor, compared, small), strict=True)
    found |= {path: compared(path) for path in sorted(large)}
    for path in left[MOST_COMPARED:]:
        old, new = _content(before, path), _content(after, path)
        reason = f"{sizes_in_words(old, new)}; not compared: more than {MOST_COMPARED} files changed"
        found[path] = with_sizes(FileDiff(path, "unread", reason), old, new)
    return tuple(found[path] for path in paths)


def _by_interest(path: str) -> tuple[bool, bool, str]:
    # The texts that people review come first, and files near the root.
    return path not in (CARD_FILE, MANIFEST_FILE), "/" in path, path


def _is_large_document(path: str, before: Tree, after: Tree) -> bool:
    sizes = [tree[path].content.size for tree in (before, after) if path in tree]
    return path.endswith(".json") and max(sizes) > _LARGE_DOCUMENT


def _is_moved(old: Version, new: Version) -> bool:
    """Return whether the digests of two files are of different kinds, and their bytes are the same."""
    comparable = {*map(len, old.ids)} & {*map(len, new.ids)}
    if comparable or old.content.size != new.content.size or old.content.size > _MOST_READ:
        return False
    try:
        return old.content.read() == new.content.read()
    except (OSError, ContentChangedError):
        return False


def _content(tree: Tree, path: str) -> Content | None:
    return tree[path].content if path in tree else None


def _renamed(before: Tree, after: Tree, paths: Iterable[str]) -> Iterable[FileDiff]:
    """Yield the deleted files whose bytes an added file has, and those added files."""
    added: dict[str, str] = {}
    for path in (path for path in paths if path not in before):
        for digest in after[path].ids:
            # The first of several files with the same bytes.
            added.setdefault(digest, path)
    taken: set[str] = set()
    for path in (path for path in paths if path not in after):
        new = next((added[each] for each in before[path].ids if each in added), None)
        if new is not None and new not in taken and before[path].content.size:
            taken.add(new)
            size = format_size(before[path].content.size)
            yield with_sizes(FileDiff(path, "binary", f"renamed to {new}, {size}"), before[path].content, None)
            yield with_sizes(FileDiff(new, "binary", f"renamed from {path}, {size}"), None, after[new].content)


def with_values(before: Tree, after: Tree, paths: Sequence[str]) -> tuple[set[str], set[str]]:
    """Return the files of each side whose tensors are compared by value, all of whose bytes are then read."""
    both = {path for path in paths if path in before and path in after and reader_of(path)}
    groups = _checkpoints(before, after, paths)
    return both.union(*(group.before for group in groups)), both.union(*(group.after for group in groups))


# ------------------------------------------------------------------------------------------------------- checkpoints


class _Checkpoint(NamedTuple):
    """A checkpoint that has several shards on one side at least."""

    before: Mapping[str, Version]
    """The files with tensors before the change."""
    after: Mapping[str, Version]
    paths: tuple[str, ...]
    """The files that were added, changed or deleted, the index of the shards first if it is among them."""
    contents: Mapping[str, tuple[Content | None, Content | None]]
    """The bytes of each of them on both sides."""

    def compared(self, values: bool) -> tuple[FileDiff, ...]:
        """Return the difference of the whole checkpoint, and a reference to it for every other file."""
        from hublish.diffs.tensor_diff import diff_tensors

        main = self.paths[0]
        reader = reader_of(next(iter(self.before)))
        if reader is None:
            return ()
        try:
            sides = [joined(reader(one.content) for one in side.values()) for side in (self.before, self.after)]
            found = diff_tensors(main, *sides, values=values)
        # Damaged, or of several models: each file is then compared by itself.
        except (InvalidFileError, OSError, ContentChangedError):
            return ()
        counts = len(self.before), len(self.after)
        files = f"{counts[0]} -> {counts[1]} files; " if counts[0] != counts[1] else ""
        whole = FileDiff(main, found.kind, files + found.summary, (), found.entries, found.more)
        others = [FileDiff(path, "tensors", f"compared as a part of {main}") for path in self.paths[1:]]
        return tuple(with_sizes(one, *self.contents[one.path_in_repo]) for one in (whole, *others))


def _checkpoints(before: Tree, after: Tree, paths: Sequence[str]) -> list[_Checkpoint]:
    changed: dict[str, list[str]] = {}
    for path in paths:
        if key := _key(path):
            changed.setdefault(key, []).append(path)
    if not changed:
        return []
    sides: list[dict[str, dict[str, Version]]] = []
    for tree in (before, after):
        side: dict[str, dict[str, Version]] = {}
        for path, version in tree.items():
            if (key := _key(path)) in changed and not path.endswith(_INDEX):
                side.setdefault(key, {})[path] = version
        sides.append(side)
    groups = []
    for key, members in changed.items():
        old, new = (side.get(key, {}) for side in sides)
        # One file that keeps its name needs no group, and a checkpoint that is new has nothing to be compared with.
        if old and new and (len(old) > 1 or len(new) > 1):
            ordered = tuple(sorted(members, key=lambda path: (not path.endswith(_INDEX), path)))
            contents = {path: (_content(before, path), _content(after, path)) for path in ordered}
            groups.append(_Checkpoint(old, new, ordered, contents))
    return groups


def _key(path: str) -> str:
    """Return the name that the files of one checkpoint share; empty for another file."""
    found = _SHARD.fullmatch(path)
    if found is None:
        return ""
    return f"{found['indexed']}.safetensors" if found["indexed"] else f"{found['stem']}{found['suffix']}"
