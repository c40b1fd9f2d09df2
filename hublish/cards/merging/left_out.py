"""Blocks of ours that stay out of the published text: people deleted them, or had a text of their own from the start.

The outline of a card marks their tokens. Without the marks, each new version of such a block would look like a conflict
with the text in its place.
"""

from collections.abc import Collection, Iterable, Sequence
from itertools import chain

from hublish.cards.merging.alignment import matches
from hublish.cards.merging.blocks import Blocks
from hublish.cards.merging.hunks import Side

_MARK = "-"


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
