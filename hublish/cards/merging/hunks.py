"""The changes of one side since the base, item by item: kept, replaced or deleted, and insertions in between.

Some blocks of ours stay out of the published text: people deleted them, or had a text of their own from the start. The
outline of a card marks their tokens. Without the marks, each new version of such a block would look like a conflict.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from hublish.cards.merging.alignment import matches
from hublish.cards.merging.blocks import Blocks

Span = tuple[int, int]
_MARK = "-"


@dataclass(frozen=True, slots=True)
class Side:
    """One side, compared with the base; an insertion is in the gap before the base item with its number."""

    starts: tuple[int, ...]
    """For each item of the base, the first index of the items in its place."""
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


def marked(tokens: Sequence[str], left_out: Collection[int]) -> tuple[str, ...]:
    """Return the tokens of a text, with a mark on those that were left out."""
    return tuple(_MARK + token if index in left_out else token for index, token in enumerate(tokens))


def marks(tokens: Sequence[str]) -> frozenset[int]:
    """Return the tokens that have a mark."""
    return frozenset(index for index, token in enumerate(tokens) if token.startswith(_MARK))


def still_left_out(base: Sequence[str], ours: Blocks, theirs: Blocks) -> tuple[tuple[str, ...], frozenset[int]]:
    """Return the base without the blocks that were left out, and the blocks of ours that are left out again.

    Args:
        base: the tokens of our last version, with marks.
        ours: our text now.
        theirs: the published text; a block that it contains by now is not left out.
    """
    there = set(theirs.tokens)
    plain = tuple(token.removeprefix(_MARK) for token in base)
    gone = {index for index, token in enumerate(base) if token.startswith(_MARK) and plain[index] not in there}
    if not gone:
        return plain, frozenset()
    side = Side.of(len(base), len(ours.tokens), matches(plain, ours.tokens))
    # A new version of a block is in its place; with blocks that are published, it is not known which is which.
    groups = {item: side.groups.get(item, (item, item + 1)) for item in gone}
    spans = (side.span(group) for group in groups.values() if gone.issuperset(range(*group)))
    left_out = set(_ranges(spans))
    added = set(_ranges(side.inserted(gap) for gap in range(len(base) + 1)))
    for index in sorted(added):
        # It continues the section of the block above it.
        if index - 1 in left_out and ours.blocks[index].kind != "heading":
            left_out.add(index)
    return tuple(token for index, token in enumerate(plain) if index not in gone), frozenset(left_out)


def _ranges(spans: Iterable[tuple[int, int]]) -> Iterable[int]:
    return chain.from_iterable(range(*span) for span in spans)
