"""Compare the tensors of two files, or of two checkpoints in any number of shards, by name, type and shape."""

from collections.abc import Iterator, Mapping
from typing import Final

from hublish.diffs.differences import Entry, FileDiff
from hublish.diffs.named_parts import changed_names, diff_of_parts
from hublish.diffs.tensor_heads import Tensor, TensorFile
from hublish.schemas.documents.sizes import plural

# The most transitions of types that a summary names.
_MOST_TYPES: Final = 3


def diff_tensors(path_in_repo: str, before: TensorFile, after: TensorFile, *, values: bool = False) -> FileDiff:
    """Return the changed tensors.

    Args:
        path_in_repo: the path.
        before: the tensors before the change.
        after: the tensors after the change.
        values: also read the values of tensors that have the same shape.

    Raises:
        InvalidFileError, OSError: the values cannot be read.
    """
    old, new = before.tensors, after.tensors
    added = [name for name in new if name not in old]
    removed = [name for name in old if name not in new]
    pairs = {name: (old[name], new[name]) for name in new if name in old}
    other = [name for name, (one, two) in pairs.items() if (one.dtype, one.shape) != (two.dtype, two.shape)]
    differences = _differences(pairs) if values else {}
    # Changes that break a loader come first, as there may be more entries than are kept.
    seen = {*other}
    others = [name for name in differences if name not in seen]
    entries = [
        *(Entry(name, str(old[name]), None) for name in removed),
        *(_entry(name, *pairs[name], differences) for name in other),
        *(Entry(name, None, str(new[name])) for name in added),
        *(_entry(name, *pairs[name], differences) for name in others),
        *_metadata(before.metadata, after.metadata),
    ]
    summary = "; ".join(
        [
            *_counts(pairs, other, added, removed, len(new)),
            *_of_values(differences, values, unread=not (other or added or removed), count=len(new)),
            *(["the metadata changed"] if before.metadata != after.metadata else []),
        ]
    )
    return diff_of_parts(path_in_repo, "tensors", summary, entries, len(entries))


def _counts(
    pairs: Mapping[str, tuple[Tensor, Tensor]], other: list[str], added: list[str], removed: list[str], total: int
) -> Iterator[str]:
    if other:
        kinds = dict.fromkeys(
            f"{one.dtype} -> {two.dtype}" for one, two in (pairs[name] for name in other) if one.dtype != two.dtype
        )
        shapes = sum(pairs[name][0].shape != pairs[name][1].shape for name in other)
        named = [*list(kinds)[:_MOST_TYPES], *(["other types"] if len(kinds) > _MOST_TYPES else [])]
        named += [f"{shapes:,} of another shape"] if shapes else []
        yield f"{len(other):,} of {plural(total, 'tensor')} changed: {', '.join(named)}"
    if added or removed:
        counts = ((added, "added"), (removed, "removed"))
        yield ", ".join(f"{plural(len(names), 'tensor')} {verb}" for names, verb in counts if names)


def _of_values(differences: Mapping[str, str], values: bool, *, unread: bool, count: int) -> Iterator[str]:
    if differences:
        yield f"other values in {len(differences):,} of {plural(count, 'tensor')}"
    elif values:
        yield "the same values"
    elif unread:
        # The files differ, and their headers do not tell where.
        yield f"the same {plural(count, 'tensor')} by name, type and shape; values were not compared"


def _entry(name: str, one: Tensor, two: Tensor, differences: Mapping[str, str]) -> Entry:
    difference = differences.get(name)
    return Entry(name, str(one), f"{two}, {difference}" if difference else str(two))


def _differences(pairs: Mapping[str, tuple[Tensor, Tensor]]) -> dict[str, str]:
    # Imported here: it needs numpy.
    from hublish.diffs.tensor_values import difference_between

    found = {name: difference_between(*pair) for name, pair in pairs.items()}
    return {name: text for name, text in found.items() if text}


def _metadata(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Entry]:
    for key in changed_names(before, after):
        yield Entry(f"metadata {key}", before.get(key), after.get(key))
