"""Find the blocks that two texts have in common, in order and in bounded time."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import takewhile
from typing import Final

# difflib takes the product of both lengths: Larger parts without a unique block differ as one.
_LARGEST: Final = 1 << 18

_Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Common:
    """The base of a merge with the items that both sides have added since, so that those count as kept."""

    tokens: tuple[str, ...]
    ours: Mapping[int, int]
    """The index in ours of each item that we kept."""
    theirs: Mapping[int, int]
    agreed: frozenset[int]
    """The items that both sides added."""

    @classmethod
    def of(cls, base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> "Common":
        """Align two sides with their base, and with each other.

        A base that is older than one of the sides gives the same result as the right one that way: both have the blocks
        of the releases in between.
        """
        own, their = matches(base, ours), matches(base, theirs)
        known, other = set(own.values()), set(their.values())
        new_ours = [index for index in range(len(ours)) if index not in known]
        new_theirs = [index for index in range(len(theirs)) if index not in other]
        pairs = matches([ours[index] for index in new_ours], [theirs[index] for index in new_theirs])
        gaps: dict[int, list[_Span]] = {}
        around_own, around_their = _gaps(own, len(base)), _gaps(their, len(base))
        for first in sorted(pairs):
            pair = new_ours[first], new_theirs[pairs[first]]
            (low, high), (left, right) = around_own(pair[0]), around_their(pair[1])
            if max(low, left) <= min(high, right):
                gaps.setdefault(max(low, left), []).append(pair)
        return cls._with(base, ours, own, their, gaps)

    @classmethod
    def _with(
        cls,
        base: Sequence[str],
        tokens: Sequence[str],
        own: Mapping[int, int],
        their: Mapping[int, int],
        gaps: Mapping[int, Sequence[_Span]],
    ) -> "Common":
        """Return the base with the pairs that both sides added in its gaps, in place of what both removed there."""
        gone = set(_removed(gaps, own.keys() | their.keys(), len(base)))
        items: list[str] = []
        ours, theirs, agreed = dict[int, int](), dict[int, int](), set[int]()
        for gap in range(len(base) + 1):
            for first, second in gaps.get(gap, ()):
                agreed.add(len(items))
                ours[len(items)], theirs[len(items)] = first, second
                items.append(tokens[first])
            if gap == len(base) or gap in gone:
                continue
            ours |= {len(items): own[gap]} if gap in own else {}
            theirs |= {len(items): their[gap]} if gap in their else {}
            items.append(base[gap])
        return cls(tuple(items), ours, theirs, frozenset(agreed))


def _gaps(found: Mapping[int, int], size: int) -> Callable[[int], _Span]:
    """Return a function that gives the first and the last gap of the base in which an item of a side may be."""
    items = sorted(found)
    places = [found[item] for item in items]

    def around(place: int) -> _Span:
        index = bisect_left(places, place)
        return items[index - 1] + 1 if index else 0, items[index] if index < len(items) else size

    return around


def _removed(gaps: Iterable[int], kept: Collection[int], size: int) -> Iterator[int]:
    """Yield the items next to some gaps that neither side kept."""
    for gap in gaps:
        yield from takewhile(lambda item: item not in kept, range(gap - 1, -1, -1))
        yield from takewhile(lambda item: item not in kept, range(gap, size))


def matches(first: Sequence[str], second: Sequence[str]) -> dict[int, int]:
    """Return the index in `second` of each item of `first` that both have, in the order of both.

    Items that occur once in each are matched first, as in patience diff: a heading aligns better than a blank cell.
    """
    found: dict[int, int] = {}
    parts = [((0, len(first)), (0, len(second)))]
    while parts:
        (low, high), (left, right) = parts.pop()
        while low < high and left < right and first[low] == second[left]:
            found[low] = left
            low, left = low + 1, left + 1
        while low < high and left < right and first[high - 1] == second[right - 1]:
            high, right = high - 1, right - 1
            found[high] = right
        if low < high and left < right:
            anchors = _unique(first, second, (low, high), (left, right))
            if anchors:
                parts += _between(anchors, (low, high), (left, right))
                found.update(anchors)
            else:
                found.update(_common(first, second, (low, high), (left, right)))
    return found


def _unique(first: Sequence[str], second: Sequence[str], a: _Span, b: _Span) -> list[_Span]:
    """Return the pairs of items that are unique in both parts, as many as are in the same order."""
    once, again = Counter(first[slice(*a)]), Counter(second[slice(*b)])
    place = {second[index]: index for index in range(*b)}
    pairs = [
        (index, place[first[index]]) for index in range(*a) if once[first[index]] == 1 and again[first[index]] == 1
    ]
    # The longest increasing sequence, by the smallest last item for each length.
    tails: list[int] = []
    chains: list[int] = []
    before: list[int | None] = []
    for number, (_, at) in enumerate(pairs):
        length = bisect_left(tails, at)
        tails[length : length + 1] = [at]
        chains[length : length + 1] = [number]
        before.append(chains[length - 1] if length else None)
    found = []
    last = chains[-1] if chains else None
    while last is not None:
        found.append(pairs[last])
        last = before[last]
    return found[::-1]


def _between(anchors: Sequence[_Span], a: _Span, b: _Span) -> Iterator[tuple[_Span, _Span]]:
    low, left = a[0], b[0]
    for index, at in (*anchors, (a[1], b[1])):
        yield (low, index), (left, at)
        low, left = index + 1, at + 1


def _common(first: Sequence[str], second: Sequence[str], a: _Span, b: _Span) -> Iterator[_Span]:
    if (a[1] - a[0]) * (b[1] - b[0]) > _LARGEST:
        return
    matcher = SequenceMatcher(None, first[slice(*a)], second[slice(*b)], autojunk=False)
    for low, left, size in matcher.get_matching_blocks():
        yield from ((a[0] + low + step, b[0] + left + step) for step in range(size))
