"""The changes of one side since the base, item by item: kept, replaced or deleted, and insertions in between."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Side:
    """One side, compared with the base; an insertion is in the gap before the base item with its number."""

    starts: tuple[int, ...]
    """For each item of the base, the first index of what is in its place."""
    ends: tuple[int, ...]
    groups: Mapping[int, Span]
    """For each base item that changed, the base items that changed together with it."""
    length: int

    @classmethod
    def of(cls, base: int, length: int, found: Mapping[int, int]) -> "Side":
        """Return a side of `length` items, of which `found` gives those of the base that it kept."""
        starts, ends, groups = [0] * base, [0] * base, dict[int, Span]()
        first, start = 0, 0
        for item in (*sorted(found), base):
            end = found.get(item, length)
            # As many new items as old ones: each replaces one, so that an insertion between them has a place.
            pairs = end - start == item - first
            for number, old in enumerate(range(first, item)):
                starts[old] = start + number if pairs else end if number else start
                ends[old] = start + number + 1 if pairs else end
                groups[old] = (old, old + 1) if pairs else (first, item)
            if item < base:
                starts[item], ends[item] = end, end + 1
            first, start = item + 1, end + 1
        return cls(tuple(starts), tuple(ends), groups, length)

    def inserted(self, gap: int) -> Span:
        """Return the span that was inserted before a base item."""
        start = self.ends[gap - 1] if gap else 0
        return start, self.starts[gap] if gap < len(self.starts) else self.length

    def span(self, region: Span) -> Span:
        """Return the span in place of some base items, without the insertions before and after them."""
        return self.starts[region[0]], self.ends[region[1] - 1]

    def changed(self, region: Span) -> bool:
        """Return whether any of some base items changed."""
        return any(item in self.groups for item in range(*region))

    def within(self, region: Span) -> Iterator[Span]:
        """Yield the insertions between the first and the last of some base items."""
        for gap in range(region[0] + 1, region[1]):
            start, end = self.inserted(gap)
            if start < end:
                yield start, end


def regions(sides: Sequence[Side]) -> Iterator[Span]:
    """Yield the groups of base items that any side changed, in order, and joined where they overlap."""
    current: Span | None = None
    for first, end in sorted(set(chain.from_iterable(side.groups.values() for side in sides))):
        if current is not None and first < current[1]:
            current = current[0], max(current[1], end)
            continue
        if current is not None:
            yield current
        current = first, end
    if current is not None:
        yield current
