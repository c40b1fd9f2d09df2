"""Text for a terminal: aligned columns, counts in words, and escapes for characters that would control it."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Self

from hublish.base.visible_text import visible
from hublish.cli.terminal.color import SGR
from hublish.schemas.documents import sizes

plural = sizes.plural

_GAP = "  "
# A cell longer than this pushes its own row to the right instead of widening the column.
_WIDEST = 60
_PIECES = re.compile(f"({SGR})")


class StepLine(str):
    """A line with a command to run next. Formats for programs find it by its type, which no text can imitate."""

    step: str

    @classmethod
    def of(cls, label: str, step: str) -> Self:
        """Return the step after its label."""
        line = cls(f"{label} {step}")
        line.step = step
        return line


def columns(rows: Iterable[Sequence[str]], right: Iterable[int] = ()) -> list[str]:
    """Return rows of equal length as lines; the columns at the indices in `right` are aligned right."""
    # The widths need all rows, and `rows` may be an iterator. An empty column takes no room.
    table = [tuple(row) for row in rows]
    to_right = frozenset(right)
    widths = [min(_WIDEST, max(map(width, column))) for column in zip(*table, strict=True)]
    filled = [index for index, size in enumerate(widths) if size]
    return [
        _GAP.join(_pad(row[index], widths[index], to_right=index in to_right) for index in filled).rstrip()
        for row in table
    ]


def width(text: str) -> int:
    """Return how many terminal cells `text` takes, colors not counted."""
    # Nearly every text is one: this check avoids a walk over its characters.
    if text.isascii() and text.isprintable():
        return len(text)
    return sum(map(cells, _PIECES.sub("", text)))


def escaped(text: str, *, color: bool) -> str:
    """Return one line with every control character escaped, except in the colors of our own if `color` is true."""
    # Otherwise a file name could control the terminal.
    if not color:
        return visible(text)
    return "".join(piece if _PIECES.fullmatch(piece) else visible(piece) for piece in _PIECES.split(text))


def indented(lines: Iterable[str], by: str = _GAP) -> list[str]:
    """Return the lines moved to the right; empty ones stay empty."""
    return [f"{by}{line}" if line else line for line in lines]


def _pad(cell: str, size: int, *, to_right: bool) -> str:
    space = " " * (size - width(cell))
    return space + cell if to_right else cell + space


def cells(char: str) -> int:
    """Return how many terminal cells a character takes."""
    # Combining marks share the cell of the letter before them; format characters are invisible.
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    # East Asian wide and full-width characters take two cells.
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
