"""The facts in the front matter of a card, and their comparison with front matter that people have edited."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from hublish.schemas.diagnose.problems import Path, format_path, parse_path
from hublish.schemas.documents.card_record import Stated, StatedInMetadata

# The keys whose values facts repeat, with the names of the facts; `[]` for the elements of a list.
_KEYS: Final[Mapping[str, str]] = {
    "license": "facts.license",
    "license_name": "facts.license",
    "library_name": "facts.model.library_name",
    "pipeline_tag": "facts.model.pipeline_tag",
    "base_model": "facts.base_models[].repo_id",
    "datasets": "facts.datasets[]",
    "language": "facts.languages[]",
}
_INDEX: Final = "model-index"


def metadata_facts(metadata: Mapping[str, Any], find: Callable[[str], Stated | None]) -> Iterator[StatedInMetadata]:
    """Yield the facts that the front matter of a card contains.

    Args:
        metadata: the front matter.
        find: returns the fact of a name, if there is one.
    """
    for key, pattern in _KEYS.items():
        value = metadata.get(key)
        for index, item in enumerate(value if isinstance(value, list) else [value]):
            name = pattern.replace("[].repo_id", f'["{item}"].repo_id').replace("[]", f"[{index}]")
            fact = find(name) if isinstance(item, str) else None
            if fact is not None and fact.value == item:
                yield StatedInMetadata(**dict(fact), path=f"{key}[{index}]" if isinstance(value, list) else key)
    for path, value in _leaves(metadata.get(_INDEX), (_INDEX,)):
        # model-index[0].results[1].metrics[0].value
        name = "evaluation" + format_path(path[3:]) if path[2:3] == ("results",) else ""
        if name and (fact := find(name)) is not None and fact.value == value:
            yield StatedInMetadata(**dict(fact), path=format_path(path))


def find_metadata(facts: Sequence[StatedInMetadata], metadata: Mapping[str, Any]) -> Iterator[tuple[int, Path, Any]]:
    """Yield the index of each fact that the front matter still contains, with its place there, and its value there.

    Lists may have other elements in another order. An element that is missing has been removed, unless an unknown one
    has taken its place.
    """
    tree: dict[str, Any] = {}
    for index, fact in enumerate(facts):
        _insert(tree, parse_path(fact.path), _Leaf(fact.value, index))
    for leaf, path, value in _aligned(_with_lists(tree), metadata, ()):
        yield leaf.index, path, value


class _Leaf:
    """A recorded value."""

    def __init__(self, value: Any, index: int) -> None:
        self.value = value
        self.index = index


def _leaves(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _leaves(item, (*path, index))
    elif value is not None:
        yield path, value


def _insert(tree: dict[Any, Any], path: Path, leaf: _Leaf) -> None:
    for step in path[:-1]:
        tree = tree.setdefault(step, {})
    tree[path[-1]] = leaf


def _with_lists(tree: Any) -> Any:
    if not isinstance(tree, dict):
        return tree
    if tree and all(isinstance(key, int) for key in tree):
        return [_with_lists(tree[key]) for key in sorted(tree)]
    return {key: _with_lists(item) for key, item in tree.items()}


def _aligned(recorded: Any, now: Any, path: Path) -> Iterator[tuple[_Leaf, Path, Any]]:
    """Yield each recorded value that has a counterpart, with the place and the value of that."""
    if isinstance(recorded, _Leaf):
        # One name may be written as a list.
        listed = isinstance(now, list) and recorded.value in now
        yield recorded, path, recorded.value if listed else now
    elif isinstance(recorded, dict):
        for key, item in recorded.items():
            if isinstance(now, dict) and now.get(key) is not None:
                yield from _aligned(item, now[key], (*path, key))
    elif isinstance(recorded[0], _Leaf):
        yield from _aligned_names(recorded, now, path)
    elif isinstance(now, list):
        for item, index in _pairs(recorded, now):
            yield from _aligned(item, now[index], (*path, index))


def _aligned_names(recorded: list[_Leaf], now: Any, path: Path) -> Iterator[tuple[_Leaf, Path, Any]]:
    found = now if isinstance(now, list) else [now]
    known = [leaf.value for leaf in recorded]
    unknown = [index for index, item in enumerate(found) if item not in known]
    for leaf in recorded:
        if leaf.value in found:
            yield leaf, (*path, found.index(leaf.value)) if isinstance(now, list) else path, leaf.value
        elif unknown:
            index = unknown.pop(0)
            yield leaf, (*path, index) if isinstance(now, list) else path, found[index]


def _pairs(recorded: list[Any], now: list[Any]) -> Iterator[tuple[Any, int]]:
    """Yield each recorded element of a list with the index of the element that has most of its values."""
    free = set(range(len(now)))
    scores = sorted(
        (
            (-_equal_values(item, now[index]), abs(place - index), place, index)
            for place, item in enumerate(recorded)
            for index in free
        )
    )
    left = set(range(len(recorded)))
    for score, distance, place, index in scores:
        total = len(list(_recorded_leaves(recorded[place])))
        # In a list of the same length, an element at its place is the same one, whatever it contains now.
        same_place = distance == 0 and len(now) == len(recorded)
        if place in left and index in free and (-2 * score >= total or same_place):
            left.discard(place)
            free.discard(index)
            yield recorded[place], index


def _equal_values(recorded: Any, now: Any) -> int:
    return sum(leaf.value == value for leaf, _, value in _aligned(recorded, now, ()))


def _recorded_leaves(recorded: Any) -> Iterator[_Leaf]:
    if isinstance(recorded, _Leaf):
        yield recorded
        return
    for item in recorded.values() if isinstance(recorded, dict) else recorded:
        yield from _recorded_leaves(item)
