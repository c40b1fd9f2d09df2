"""The three-way merge of a card: rendered now, as it was rendered for the last release, and as it is on the Hub."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import unified_diff
from typing import Final

from hublish.cards.merging.blocks import LINE_END, Blocks
from hublish.cards.merging.body import BodyConflict, MergedBody, add_sections, merge_body
from hublish.cards.merging.card_parts import CardParts, Outline, part_digest
from hublish.cards.merging.hunks import Span, marks
from hublish.cards.merging.metadata import KeyConflict, MetadataMerge
from hublish.cards.merging.metadata_tree import Tree, digests
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
    outline: Outline | None = field(default=None, compare=False, repr=False)
    """The record of our card, with the keys and blocks of it that are not published; None with conflicts."""


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
    if base and merge.is_base(merge.ours, base):
        return Merged(theirs, outline=base if base.blocks is not None else Outline.of(merge.ours))
    if LINE_END.sub("\n", ours) == LINE_END.sub("\n", theirs):
        return Merged(theirs, outline=Outline.of(merge.ours))
    if base and merge.is_base(merge.theirs, base):
        return Merged(ours, outline=Outline.of(merge.ours))
    return merge.run(theirs_tree, theirs)


def kept_card(ours: str, theirs: str) -> Merged:
    """Return the card on the Hub unchanged, with a record of the keys and blocks of ours that it does not have.

    They are decided: the next merge does not ask for them again.
    """
    merge = _CardMerge(CardParts.of(ours), CardParts.of(theirs), None)
    there = set(merge.theirs.blocks.tokens)
    missing = {index for index, token in enumerate(merge.ours.blocks.tokens) if token not in there}
    try:
        keys = MetadataMerge(None)
        keys.run(merge.ours.tree(RENDERED), merge.theirs.tree(ON_THE_HUB))
    except UnreadableError:
        return Merged(theirs)
    return Merged(theirs, outline=Outline.of(merge.ours, keys.declined, missing))


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
        front, keys = self._front(tree)
        body = self._body()
        conflicts = (*self._key_conflicts(keys.conflicts), *map(self._text_conflict, body.conflicts))
        kept = tuple(self._key_conflicts(keys.differing))
        if conflicts:
            return Merged(text, conflicts, kept)
        outline = Outline.of(self.ours, keys.declined, body.dropped)
        opening, closing = self.theirs.mark + self.theirs.opening, self.theirs.closing
        if self.theirs.front is None and self.ours.front is not None:
            # Without their byte order mark, behind which readers do not find metadata.
            opening, closing = self.ours.opening, self.ours.closing
            closing += "" if body.text[:1] in ("\r", "\n", "") else "\n"
        return Merged(f"{opening}{front}{closing}{body.text}", (), kept, outline)

    def _front(self, theirs: Tree) -> tuple[str, MetadataMerge]:
        """Return the merged front matter, and how it was merged."""
        ours, their, base = self.ours.front, self.theirs.front, self.base
        merge = MetadataMerge(None if base is None else base.keys)
        if ours is None or their is None:
            return ours or their or "", merge
        tree = self.ours.tree(RENDERED)
        if base is not None and base.front == part_digest(ours):
            # The base has digests of nothing else but of these keys, and of those that are published with other values.
            merge.declined.update((base.keys or frozenset()) - frozenset(digests(tree)))
            return their, merge
        if base is not None and base.front == part_digest(their):
            return _with_line_ends(ours, their), merge
        merged = merge.run(tree, theirs)
        if merge.conflicts:
            return their, merge
        try:
            return edited(their, theirs, merge.edits, merged), merge
        except NotEditableError as error:
            children = tree.children, theirs.children
            merge.conflicts += (KeyConflict((key,), *(each.get(key) for each in children)) for key in error.keys)
            return their, merge

    def _body(self) -> MergedBody:
        ours, theirs, base = self.ours.body, self.theirs.body, self.base
        if base is not None and base.body == part_digest(ours):
            return MergedBody(theirs, dropped=marks(base.blocks or ()))
        if base is not None and base.body == part_digest(theirs):
            return MergedBody(_with_line_ends(ours, theirs))
        if base is None or base.blocks is None:
            return add_sections(self.ours.blocks, self.theirs.blocks)
        return merge_body(base.blocks, self.ours.blocks, self.theirs.blocks)

    def _key_conflicts(self, keys: Sequence[KeyConflict]) -> Iterator[Conflict]:
        for each in keys:
            name = ".".join(each.path)
            ours, theirs = _dumped(each.ours, each.path), _dumped(each.theirs, each.path)
            node = each.theirs.node if each.theirs else None
            above = (self.theirs.front or "")[: node.start] if node else ""
            line = self.theirs.first_line + len(LINE_END.findall(above))
            here = "changes" if ours else "removes"
            yield Conflict(f"'{name}' was changed on the Hub, and this release {here} it", line, name, ours, theirs)

    def _text_conflict(self, place: BodyConflict) -> Conflict:
        blocks = self.theirs.blocks.blocks
        at = min(place.theirs[0], len(blocks) - 1)
        line = self.theirs.body_line + (blocks[at].line - 1 if blocks else 0)
        ours, theirs = _text(self.ours.blocks, place.ours), _text(self.theirs.blocks, place.theirs)
        here = "changes" if ours else "removes"
        return Conflict(f"text that was changed on the Hub, and that this release {here}", line, "", ours, theirs)


def _with_line_ends(text: str, like: str) -> str:
    return LINE_END.sub("\r\n", text) if "\r\n" in like else text


def _dumped(tree: Tree | None, path: Sequence[str]) -> str:
    return "" if tree is None else dump_yaml({path[-1]: tree.value})


def _text(blocks: Blocks, span: Span) -> str:
    text = "".join(block.text + block.gap for block in blocks.blocks[slice(*span)])
    return LINE_END.sub("\n", text).rstrip("\n") + "\n" if text else ""


def _split(text: str) -> list[str]:
    return text.splitlines(keepends=True)
