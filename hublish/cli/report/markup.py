"""Markdown as GitHub shows it in comments and job summaries: blocks that can be cut, and names that stay names.

A text from a repo, a file or a Hub must add nothing to a comment but its own characters: no markup, HTML or formula, no
mention of a person or a team, no reference to an issue or a commit, no link and no picture. GitHub finds mentions and
references in the finished HTML, where an escaped `@` is an `@` again: only an element between it and the name, or a
`<code>` around both, prevents them.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from hublish.cli.terminal.text import escaped
from hublish.schemas.secrets.masking import redact

LIMIT: Final = 65_536
"""The characters of a comment that GitHub accepts."""
# Characters for the line that counts the parts that are left out.
_RESERVE: Final = 400
# Shown as it is between backticks, also in a table.
_SIMPLE: Final = re.compile(r"[\w./:,=+()\[\]{}<>#@*~'\"!?%&^; -]*[\w./:,=+()\[\]{}<>#@*~'\"!?%&^;-]")
# What Markdown, formulas, emoji and addresses begin with, wherever it may be in a line.
_PUNCTUATION: Final = re.compile(r"[\\`*_\[\]<>#|~$&@]|:(?=[/\w+-])|(?<=www)\.", re.IGNORECASE)
# An element that shows nothing, and ends the text that GitHub searches for references.
_BREAK: Final = "<!-- -->"
# `@name`, `#1`, `GH-1`, `JIRA-1`, and possible ids of commits, of which six digits are too few.
_REFERENCE: Final = re.compile(r"&#64;|&#35;|\b[A-Za-z]{2,}-(?=\d)")
_COMMIT: Final = re.compile(r"\b[0-9a-f]{7,}\b", re.IGNORECASE)
_DIGITS: Final = re.compile(r"[0-9a-f]{6}(?=.)", re.IGNORECASE)
_FENCE: Final = re.compile(r"`{3,}")


@dataclass(frozen=True)
class Ink:
    """Writes texts of other origin into Markdown."""

    mask: Callable[[str], str] = redact
    """Hides credentials. They are searched for before anything is escaped, since an escaped one looks like none."""

    def text(self, value: str) -> str:
        """Return a text as plain text in one line."""
        plain = _PUNCTUATION.sub(_entity, self._plain(value))
        plain = _COMMIT.sub(lambda found: _DIGITS.sub(rf"\g<0>{_BREAK}", found[0]), plain)
        return _REFERENCE.sub(lambda found: f"{found[0]}{_BREAK}", plain)

    def code(self, value: str) -> str:
        """Return a name in the font of code."""
        plain = self._plain(value)
        return f"`{plain}`" if _SIMPLE.fullmatch(plain) else self.html(value)

    def html(self, value: str) -> str:
        """Return a name in the font of code, as HTML: the one line of a fold is not read as Markdown."""
        return f"<code>{self.text(value)}</code>" if value else ""

    def line(self, value: str) -> str:
        """Return a line for a fence, with its tabs."""
        return "\t".join(map(self._plain, value.split("\t")))

    def _plain(self, value: str) -> str:
        return escaped(self.mask(value), color=False)


@dataclass(frozen=True)
class Paragraph:
    """Markup that is shown whole or not at all."""

    markup: str


@dataclass(frozen=True)
class Items:
    """A list."""

    items: Sequence[str]
    noun: str = "item"


@dataclass(frozen=True)
class Table:
    """Rows of cells, each of which is markup."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    noun: str = "row"
    most: int | None = None
    """The rows that are shown at most."""


@dataclass(frozen=True)
class Fence:
    """Lines that are shown as they are."""

    lines: Sequence[str]
    language: str = ""
    noun: str = "line"


@dataclass(frozen=True)
class Fold:
    """Blocks that are shown on a click."""

    summary: str
    """HTML, without a line break."""
    blocks: Sequence["Block"]
    open: bool = False


Block = Paragraph | Items | Table | Fence | Fold


def render(blocks: Iterable[Block], limit: int = LIMIT, hint: str = "") -> str:
    """Return Markdown of at most `limit` characters.

    What does not fit is left out from the end of each block: rows, lines, then whole blocks. The last line counts them.

    Args:
        blocks: the most important first.
        limit: the most characters.
        hint: how to see everything, as markup.
    """
    page = _Page(limit - _RESERVE)
    for block in blocks:
        page.add(block)
    if page.left:
        counts = ", ".join(f"{count:,} {noun if count == 1 else _plural(noun)}" for noun, count in page.left.items())
        page.write(f"*Left out: {counts}.*{f' {hint}' if hint else ''}")
    return "".join(f"{piece}\n" for piece in page.pieces)


class _Page:
    """The pieces that fit, separated by empty lines, and the number of those that do not."""

    def __init__(self, room: int) -> None:
        self.pieces: list[str] = []
        self.left: Counter[str] = Counter()
        self._room = room

    def add(self, block: Block) -> None:
        """Add a block, as much of it as fits."""
        if isinstance(block, Paragraph):
            if not self._fits(block.markup):
                self.left["paragraph"] += 1
        elif isinstance(block, Items):
            self._cut([], [f"- {item}" for item in block.items], [], block.noun)
        elif isinstance(block, Table):
            self._table(block)
        elif isinstance(block, Fence):
            ticks = max((len(found) for line in block.lines for found in _FENCE.findall(line)), default=2) + 1
            fence = "`" * ticks
            self._cut([f"{fence}{block.language}"], block.lines, [fence], block.noun)
        else:
            self._fold(block)

    def write(self, text: str) -> None:
        """Add a paragraph for which there is room."""
        self.pieces += ["", text] if self.pieces else [text]

    def _fits(self, text: str) -> bool:
        size = len(text) + 2
        if size > self._room:
            return False
        self._room -= size
        self.write(text)
        return True

    def _table(self, table: Table) -> None:
        rows = table.rows[: table.most]
        if over := len(table.rows) - len(rows):
            self.left[table.noun] += over
        head = [_row(table.header), _row(["---"] * len(table.header))]
        self._cut(head, [_row(row) for row in rows], [], table.noun)

    def _cut(self, head: list[str], lines: Sequence[str], tail: list[str], noun: str) -> None:
        room = self._room - sum(len(line) + 1 for line in (*head, *tail)) - 2
        count = 0
        for line in lines:
            room -= len(line) + 1
            if room < 0:
                break
            count += 1
        if count and self._fits("\n".join([*head, *lines[:count], *tail])):
            self.left[noun] += len(lines) - count
        else:
            self.left[noun] += len(lines)
        self.left += Counter()  # without those that are zero

    def _fold(self, fold: Fold) -> None:
        start = f"<details{' open' if fold.open else ''}><summary>{fold.summary}</summary>"
        end = "</details>"
        before, size = len(self.pieces), len(start) + len(end) + 4
        if size > self._room:
            self.left["section"] += 1
            return
        self._room -= size
        self.write(start)
        for block in fold.blocks:
            self.add(block)
        # A fold of which nothing fits would promise something.
        if len(self.pieces) == before + (2 if before else 1):
            del self.pieces[before:]
            self._room += size
        else:
            self.write(end)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _entity(found: re.Match[str]) -> str:
    return f"&#{ord(found[0])};"


def _plural(noun: str) -> str:
    return f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
