"""The three-way merge of a card: rendered now, as it was rendered for the last release, and as it is on the Hub."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import unified_diff
from typing import Final

from hublish.cards.merging.blocks import LINE_END, Blocks
from hublish.cards.merging.body import BodyConflict, add_sections, merge_body
from hublish.cards.merging.card_parts import CardParts, Outline, part_digest
from hublish.cards.merging.hunks import Span
from hublish.cards.merging.metadata import KeyConflict, MetadataMerge
from hublish.cards.merging.metadata_tree import Tree
from hublish.cards.merging.yaml_edits import NotEditableError, edited
from hublish.cards.merging.yaml_nodes import UnreadableError
from hublish.formats.front_matter import front_matter_fault
from hublish.schemas.documents.manifest_yaml import dump_yaml

ON_THE_HUB: Final = "README.md on the Hub"
RENDERED: Final = "README.md rendered now"


@dataclass(frozen=True, slots=True)
class Conflict:
    """A place that people and we changed differently, or that cannot be merged."""

    message: str
    line: int
    """The line of the card on the Hub."""
    path: str = ""
    """The key of the metadata; empty for text."""
    ours: str = ""
    theirs: str = ""

    @property
    def diff(self) -> str:
        """The two versions of the place, as a unified diff from the Hub's to ours."""
        lines = unified_diff(_split(self.theirs), _split(self.ours), ON_THE_HUB, RENDERED, n=1)
        return "".join(line if line.endswith("\n") else line + "\n" for line in lines)


@dataclass(frozen=True, slots=True)
class Merged:
    """A merged card."""

    text: str
    """With conflicts: the card on the Hub."""
    conflicts: tuple[Conflict, ...] = ()
    differing: tuple[Conflict, ...] = ()
    """Without a base: keys that stay as they are on the Hub, although ours have other values."""


def merge_cards(ours: str, theirs: str, base: Outline | None) -> Merged:
    """Merge a card with the one on the Hub.

    Nothing that a person wrote is lost: an edit of theirs stays, unless we changed the same key or block, which is a
    conflict. A README without front matter gets ours: a card is not found without it.

    Args:
        ours: the card rendered now.
        theirs: the card on the Hub.
        base: the outline of the card as it was rendered for the last release; None if there is no record. Then nothing
            of theirs is removed or changed: our new keys and sections are added.
    """
    merge = _CardMerge(CardParts.of(ours), CardParts.of(theirs), base)
    try:
        theirs_tree = merge.theirs.tree(ON_THE_HUB)
    except UnreadableError as error:
        message = f"the metadata of the card on the Hub cannot be read: {error.message}"
        return Merged(theirs, (Conflict(message, error.location.line),))
    fault = front_matter_fault(theirs) if merge.theirs.front is None else None
    if fault is not None:
        message = f"the metadata of the card on the Hub cannot be found: {fault.message}"
        return Merged(theirs, (Conflict(message, fault.line),))
    if LINE_END.sub("\n", ours) == LINE_END.sub("\n", theirs) or (base and merge.is_base(merge.ours, base)):
        return Merged(theirs)
    if base and merge.is_base(merge.theirs, base):
        return Merged(ours)
    return merge.run(theirs_tree, theirs)


@dataclass(frozen=True, slots=True)
class _CardMerge:
    ours: CardParts
    theirs: CardParts
    base: Outline | None

    @staticmethod
    def is_base(parts: CardParts, base: Outline) -> bool:
        """Return whether a card is the one that was rendered for the last release."""
        return not parts.mark and (part_digest(parts.front), part_digest(parts.body)) == (base.front, base.body)

    def run(self, tree: Tree, text: str) -> Merged:
        """Merge front matter and text, each on its own."""
        front, keys, differing = self._front(tree)
        body, places = self._body()
        conflicts = (*self._key_conflicts(keys), *map(self._text_conflict, places))
        kept = tuple(self._key_conflicts(differing))
        if conflicts:
            return Merged(text, conflicts, kept)
        if self.theirs.front is None:
            above = f"{self.ours.opening}{front}{self.ours.closing}" if self.ours.front is not None else ""
            lead = "\n" if above and body[:1] not in ("\r", "\n", "") else ""
            return Merged(self.theirs.mark + above + lead + body, (), kept)
        return Merged(self.theirs.mark + self.theirs.opening + front + self.theirs.closing + body, (), kept)

    def _front(self, theirs: Tree) -> tuple[str, Sequence[KeyConflict], Sequence[KeyConflict]]:
        """Return the merged front matter, its conflicts, and the keys that were kept without a base."""
        ours, their = self.ours.front, self.theirs.front
        if ours is None or their is None:
            return ours or their or "", (), ()
        base = self.base
        if base is not None and base.front == part_digest(ours):
            return their, (), ()
        if base is not None and base.front == part_digest(their):
            return _with_line_ends(ours, their), (), ()
        merge = MetadataMerge(None if base is None else base.keys)
        merged = merge.run(self.ours.tree(RENDERED), theirs)
        if merge.conflicts:
            return their, merge.conflicts, merge.differing
        try:
            return edited(their, theirs, merge.edits, merged), (), merge.differing
        except NotEditableError as error:
            mine = self.ours.tree(RENDERED).children
            lost = [KeyConflict((key,), mine.get(key), theirs.children.get(key)) for key in error.keys]
            return their, lost, merge.differing

    def _body(self) -> tuple[str, Sequence[BodyConflict]]:
        ours, theirs, base = self.ours.body, self.theirs.body, self.base
        if base is not None and base.body == part_digest(ours):
            return theirs, ()
        if base is not None and base.body == part_digest(theirs):
            return _with_line_ends(ours, theirs), ()
        if base is None or base.blocks is None:
            return add_sections(self.ours.blocks, self.theirs.blocks), ()
        return merge_body(base.blocks, self.ours.blocks, self.theirs.blocks)

    def _key_conflicts(self, keys: Sequence[KeyConflict]) -> Iterator[Conflict]:
        for each in keys:
            name = ".".join(each.path)
            ours, theirs = _dumped(each.ours, each.path), _dumped(each.theirs, each.path)
            node = each.theirs.node if each.theirs else None
            above = (self.theirs.front or "")[: node.start] if node else ""
            line = self.theirs.first_line + len(LINE_END.findall(above))
            there, here = "changed" if theirs else "removed", "changes" if ours else "removes"
            yield Conflict(f"'{name}' was {there} on the Hub, and this release {here} it", line, name, ours, theirs)

    def _text_conflict(self, place: BodyConflict) -> Conflict:
        blocks = self.theirs.blocks.blocks
        at = min(place.theirs[0], len(blocks) - 1)
        line = self.theirs.body_line + (blocks[at].line - 1 if blocks else 0)
        ours, theirs = _text(self.ours.blocks, place.ours), _text(self.theirs.blocks, place.theirs)
        there, here = "changed" if theirs else "removed", "changes" if ours else "removes"
        return Conflict(f"text that was {there} on the Hub, and that this release {here}", line, "", ours, theirs)


def _with_line_ends(text: str, like: str) -> str:
    return LINE_END.sub("\r\n", text) if "\r\n" in like else text


def _dumped(tree: Tree | None, path: Sequence[str]) -> str:
    return "" if tree is None else dump_yaml({path[-1]: tree.value})


def _text(blocks: Blocks, span: Span) -> str:
    text = "".join(block.text + block.gap for block in blocks.blocks[slice(*span)])
    return LINE_END.sub("\n", text).rstrip("\n") + "\n" if text else ""


def _split(text: str) -> list[str]:
    return text.splitlines(keepends=True)
