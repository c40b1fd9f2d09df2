"""Merge two texts that come from one: each block that a person wrote stays, and ours replace only our own."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, pairwise
from typing import Final

from hublish.cards.merging.alignment import Common
from hublish.cards.merging.blocks import HEADING_MARK, LINE_END, Block, Blocks
from hublish.cards.merging.hunks import Side, Span, regions, still_left_out

_SAME_LIST: Final = {"row": ("table", "row"), "item": ("item",)}
_HEADING_MARKS: Final = re.compile(r"\A[ #]+|[ #]+\Z|[\r\n].*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Placed:
    """A block of the result, by its index in each text that contains it."""

    ours: int | None = None
    theirs: int | None = None


@dataclass(frozen=True, slots=True)
class BodyConflict:
    """A place that both sides changed differently: two spans of blocks, one of which may be empty."""

    ours: Span
    theirs: Span


@dataclass(slots=True)
class _Merge:
    """One merge: the blocks so far, and the places that a person has to decide."""

    common: Common
    ours: Blocks
    theirs: Blocks
    placed: list[Placed] = field(default_factory=list)
    conflicts: list[BodyConflict] = field(default_factory=list)
    dropped: set[int] = field(default_factory=set)
    """Blocks of ours that people deleted, or whose section they deleted."""

    def run(self) -> None:
        """Go through the base, item by item."""
        size = len(self.common.tokens)
        ours = Side.of(size, len(self.ours.tokens), self.common.ours)
        theirs = Side.of(size, len(self.theirs.tokens), self.common.theirs)
        item = 0
        for region in (*regions((ours, theirs)), (size, size)):
            for kept in range(item, region[0]):
                self._insert(ours, theirs, kept)
                self.placed.append(Placed(ours.starts[kept], theirs.starts[kept]))
            self._insert(ours, theirs, region[0])
            if region[0] < size:
                self._replace(ours, theirs, region)
            item = region[1]

    def _insert(self, ours: Side, theirs: Side, gap: int) -> None:
        mine, other = ours.inserted(gap), theirs.inserted(gap)
        alone = mine[0] == mine[1] or other[0] == other[1]
        # Below a block that both added, there are two versions of one section.
        twice = not alone and gap - 1 in self.common.agreed
        if self._is_orphan(mine, self.ours, theirs, gap):
            self.dropped.update(range(*mine))
            self._take(None, other)
        elif twice or self._is_orphan(other, self.theirs, ours, gap):
            self._conflict(mine, other)
        elif not alone and _is_heading(self.theirs, other[0]) and not _is_heading(self.ours, mine[0]):
            # Ours continues the section above, which a heading would end.
            self._take(mine, other)
        else:
            self._take(None, other)
            self._take(mine, None)

    def _is_orphan(self, inserted: Span, blocks: Blocks, other: Side, gap: int) -> bool:
        """Return whether text was added to the end of a section that the other side deleted."""
        if inserted[0] == inserted[1] or gap - 1 not in other.groups or _is_heading(blocks, inserted[0]):
            return False
        below = self.common.tokens[gap : gap + 1]
        if below and gap not in other.groups and not _has_heading(below):
            return False  # only the heading is gone
        group = other.groups[gap - 1]
        left = (self.ours if blocks is self.theirs else self.theirs).tokens[slice(*other.span(group))]
        return _has_heading(self.common.tokens[slice(*group)]) and not _has_heading(left)

    def _replace(self, ours: Side, theirs: Side, region: Span) -> None:
        mine, other = ours.span(region), theirs.span(region)
        by_us, by_them = ours.changed(region), theirs.changed(region)
        if by_us and by_them:
            if self.ours.tokens[slice(*mine)] == self.theirs.tokens[slice(*other)]:
                self.placed += map(Placed, range(*mine), range(*other))
            elif other[0] == other[1]:
                # They deleted the block: that we have a new version of it does not bring it back.
                self.dropped.update(range(*mine))
            else:
                self._conflict(mine, other)
            return
        # One side changed blocks, and the other may have added some between them.
        added = [*(theirs if by_us else ours).within(region)]
        tokens = (
            *self.common.tokens[slice(*region)],
            *self.ours.tokens[slice(*mine)],
            *self.theirs.tokens[slice(*other)],
        )
        if by_them and other[0] == other[1]:
            self.dropped.update(range(*mine))
            if _has_heading(tokens):
                self.dropped.update(chain.from_iterable(range(*span) for span in added))
                return
        elif added and _has_heading(tokens):
            self._conflict(mine, other)
            return
        self._take(mine if by_us else None, None if by_us else other)
        for span in added:
            self._take(None if by_us else span, span if by_us else None)

    def _take(self, ours: Span | None, theirs: Span | None) -> None:
        self.placed += (Placed(ours=index) for index in range(*(ours or (0, 0))))
        self.placed += (Placed(theirs=index) for index in range(*(theirs or (0, 0))))

    def _conflict(self, mine: Span, other: Span) -> None:
        self.conflicts.append(BodyConflict(mine, other))
        self._take(None, other)


@dataclass(frozen=True, slots=True)
class MergedBody:
    """The merged text."""

    text: str
    """With their blocks where it conflicts."""
    conflicts: tuple[BodyConflict, ...] = ()
    dropped: frozenset[int] = frozenset()
    """The blocks of ours that are left out because people deleted them, or never had them."""


def merge_body(base: Sequence[str], ours: Blocks, theirs: Blocks) -> MergedBody:
    """Merge two texts.

    Args:
        base: the tokens of our last version, those with a mark were left out of the published text.
        ours: our text now.
        theirs: the published text, with the edits of people since.
    """
    kept, left_out = still_left_out(base, ours, theirs)
    places = [index for index in range(len(ours.blocks)) if index not in left_out]
    some = Blocks(ours.lead, tuple(ours.blocks[index] for index in places))
    merge = _Merge(Common.of(kept, some.tokens, theirs.tokens), some, theirs)
    merge.run()
    alone = set(_rows_without_table(merge.placed, some, theirs))
    # A row of theirs whose table we removed is text that a person wrote.
    conflicts = [BodyConflict((0, 0), (row.theirs, row.theirs + 1)) for row in alone if row.theirs is not None]
    placed = [place for place in merge.placed if place not in alone or place.theirs is not None]
    dropped = merge.dropped | {row.ours for row in alone if row.ours is not None}
    return MergedBody(
        joined(placed, some, theirs),
        tuple(replace(each, ours=_in_whole(each.ours, places)) for each in (*merge.conflicts, *conflicts)),
        frozenset({*left_out, *(places[index] for index in dropped)}),
    )


def _in_whole(span: Span, places: Sequence[int]) -> Span:
    return (places[span[0]], places[span[1] - 1] + 1) if span[0] < span[1] else (0, 0)


def add_sections(ours: Blocks, theirs: Blocks) -> MergedBody:
    """Return their text with the sections of ours whose heading it lacks: without a base, nothing else is known."""
    every = range(len(ours.blocks))
    if not theirs.blocks:
        return MergedBody(joined([Placed(ours=index) for index in every], ours, theirs))
    ends = dict(_sections(theirs))
    added: dict[int, list[int]] = {}
    place = len(theirs.blocks)
    names = [name for name, _ in _sections(theirs)]
    for start, end, name in _spans(ours):
        if name in names:
            place = ends[name]
        elif not _is_title(ours.blocks[start]):
            added.setdefault(place, []).extend(range(start, end))
    placed = []
    for index in range(len(theirs.blocks) + 1):
        placed += [Placed(ours=own) for own in added.get(index, ())]
        placed += [Placed(theirs=index)] if index < len(theirs.blocks) else []
    known = {*theirs.tokens, *(ours.tokens[place.ours] for place in placed if place.ours is not None)}
    return MergedBody(
        joined(placed, ours, theirs), (), frozenset(each for each in every if ours.tokens[each] not in known)
    )


def joined(placed: Sequence[Placed], ours: Blocks, theirs: Blocks) -> str:
    """Return the text of blocks from both sides, with the blank lines that the side with both neighbors has."""
    line_end = _line_end(theirs)
    pieces = [theirs.lead if theirs.blocks or not placed else ours.lead]
    for number, place in enumerate(placed):
        below = placed[number + 1] if number + 1 < len(placed) else Placed(len(ours.blocks), len(theirs.blocks))
        block = _block(place, ours, theirs)
        text = block.text if place.theirs is not None else LINE_END.sub(line_end, block.text)
        pieces += [text, _gap(place, below, ours, theirs, line_end)]
    return "".join(pieces)


def _gap(place: Placed, below: Placed, ours: Blocks, theirs: Blocks, line_end: str) -> str:
    if place.theirs is not None and below.theirs == place.theirs + 1:
        return theirs.blocks[place.theirs].gap
    if place.ours is not None and below.ours == place.ours + 1:
        return LINE_END.sub(line_end, ours.blocks[place.ours].gap)
    if below.ours == len(ours.blocks) and below.theirs == len(theirs.blocks):
        return line_end
    upper, lower = _block(place, ours, theirs), _block(below, ours, theirs)
    if upper.kind in _SAME_LIST.get(lower.kind, ()) and (lower.kind == "row" or upper.gap.count("\n") < 2):
        return line_end
    # Their blank lines stay, and are at least one.
    gap = upper.gap if place.theirs is not None else ""
    return gap + line_end * max(0, 2 - len(LINE_END.findall(gap)))


def _block(place: Placed, ours: Blocks, theirs: Blocks) -> Block:
    if place.theirs is not None:
        return theirs.blocks[place.theirs]
    assert place.ours is not None
    return ours.blocks[place.ours]


def _line_end(blocks: Blocks) -> str:
    """Return the line break of most lines."""
    gaps = "".join(block.gap for block in blocks.blocks)
    windows = gaps.count("\r\n")
    return "\r\n" if windows > gaps.count("\n") - windows else "\n"


def _rows_without_table(placed: Sequence[Placed], ours: Blocks, theirs: Blocks) -> Iterator[Placed]:
    """Yield the table rows whose table the other side deleted: alone, they would be a paragraph of bars."""
    above = ""
    for place in placed:
        kind = _block(place, ours, theirs).kind
        if kind == "row" and above not in _SAME_LIST["row"]:
            yield place
        above = kind


def _is_heading(blocks: Blocks, index: int) -> bool:
    return index < len(blocks.blocks) and blocks.blocks[index].kind == "heading"


def _has_heading(tokens: Sequence[str]) -> bool:
    return any(token.startswith(HEADING_MARK) for token in tokens)


def _is_title(block: Block) -> bool:
    return block.kind != "heading" or block.text.lstrip().startswith("# ") or "=" in block.text.rpartition("\n")[2][:1]


def _spans(blocks: Blocks) -> Iterator[tuple[int, int, str]]:
    """Yield the span of each section, with the name of its heading."""
    heads = [index for index, block in enumerate(blocks.blocks) if block.kind == "heading"]
    for start, end in pairwise((*heads, len(blocks.blocks))):
        yield start, end, _HEADING_MARKS.sub("", blocks.blocks[start].text).casefold()


def _sections(blocks: Blocks) -> Iterator[tuple[str, int]]:
    return ((name, end) for _, end, name in _spans(blocks))
