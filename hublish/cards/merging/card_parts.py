"""A card in parts, and its outline: the short record of a rendered card that later merges need as their base."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from hublish.cards.merging.blocks import LINE_END, Blocks, digest
from hublish.cards.merging.hunks import marked
from hublish.cards.merging.metadata_tree import Tree, digests
from hublish.cards.merging.yaml_nodes import UnreadableError, read_nodes
from hublish.formats.front_matter import front_matter_span

BYTE_ORDER_MARK: Final = "\ufeff"
_VERSION: Final = "1"
_SEPARATOR: Final = "/"


@dataclass(frozen=True)
class CardParts:
    """A README, whose parts joined are the text again."""

    mark: str
    """A byte order mark, or nothing."""
    opening: str
    """Everything up to the dashes; empty without front matter."""
    front: str | None
    """The lines between the dashes; None without front matter."""
    closing: str
    body: str

    @classmethod
    def of(cls, card: str) -> "CardParts":
        """Divide a card."""
        text = card.removeprefix(BYTE_ORDER_MARK)
        mark = card[: len(card) - len(text)]
        span = front_matter_span(text)
        if span is None:
            return cls(mark, "", None, "", text)
        start, end, body = span
        return cls(mark, text[:start], text[start:end], text[end:body], text[body:])

    @property
    def text(self) -> str:
        """The text again."""
        return f"{self.mark}{self.opening}{self.front or ''}{self.closing}{self.body}"

    @property
    def first_line(self) -> int:
        """The line that the front matter begins on."""
        return 1 + _lines(self.opening)

    @property
    def body_line(self) -> int:
        """The line that the text below the front matter begins on."""
        return self.first_line + _lines(self.front or "") + _lines(self.closing)

    @cached_property
    def blocks(self) -> Blocks:
        """The text below the front matter as blocks."""
        return Blocks.of(self.body)

    def tree(self, source: str) -> Tree:
        """Return the metadata, with its places in the front matter.

        Raises:
            UnreadableError: the front matter is not a mapping.
        """
        root = read_nodes(self.front or "", source, self.first_line)
        return Tree.of(root.value, root)


# The digests are enough to know which blocks and keys are ours. The text itself would be many times as long, and may
# contain what a lock must not: a credential that the policy permits in a card.
@dataclass(frozen=True, slots=True)
class Outline:
    """The digests of a rendered card."""

    front: str
    """Of the whole front matter."""
    body: str
    """Of the whole text below it."""
    keys: frozenset[str] | None
    """Of each key of the metadata, and of each value; None if the record is too long to contain them."""
    blocks: tuple[str, ...] | None
    """Of each block of the text, in order; None as well."""

    @classmethod
    def of(cls, card: str | CardParts, declined: Collection[str] = (), left_out: Collection[int] = ()) -> "Outline":
        """Return the outline of a card.

        Args:
            card: the card, or its parts.
            declined: the digests of keys that are published with another value.
            left_out: the blocks that are not published.
        """
        parts = CardParts.of(card) if isinstance(card, str) else card
        try:
            keys = frozenset(digests(parts.tree("")))
        except UnreadableError:  # a card that is not ours: nothing in it can be recognized again
            keys = frozenset()
        blocks = marked(parts.blocks.tokens, left_out)
        return cls(part_digest(parts.front), part_digest(parts.body), keys.union(declined), blocks)

    @classmethod
    def read(cls, record: str) -> "Outline | None":
        """Return the outline of a record; None for one of another version, or a damaged one."""
        parts = [part.split() for part in record.split(_SEPARATOR)]
        if len(parts) not in (1, 3) or len(parts[0]) != 3 or parts[0][0] != _VERSION:
            return None
        _, front, body = parts[0]
        return cls(front, body, frozenset(parts[1]), tuple(parts[2])) if parts[1:] else cls(front, body, None, None)

    def record(self, limit: int | None = None) -> str:
        """Return the outline as one line; beyond `limit` characters, only the digests of the whole parts."""
        head = f"{_VERSION} {self.front} {self.body}"
        if self.keys is None or self.blocks is None:
            return head
        whole = f" {_SEPARATOR} ".join((head, _joined(sorted(self.keys)), _joined(self.blocks)))
        return head if limit is not None and len(whole) > limit else whole

    def is_same(self, card: "Outline") -> bool:
        """Return whether both are of the same card."""
        return (self.front, self.body) == (card.front, card.body)

    def similarity(self, card: "Outline") -> int:
        """Return how many keys and blocks of a card are in this outline."""
        same = 1_000_000 * ((self.front == card.front) + (self.body == card.body))
        known = len((self.keys or frozenset()) & (card.keys or frozenset()))
        return same + known + len(set(self.blocks or ()) & set(card.blocks or ()))


def part_digest(text: str | None) -> str:
    """Return the digest of a part of a card, whatever its line breaks."""
    return digest("none" if text is None else "=" + LINE_END.sub("\n", text))


def _joined(items: Iterable[str]) -> str:
    return " ".join(items)


def _lines(text: str) -> int:
    return len(LINE_END.findall(text))
