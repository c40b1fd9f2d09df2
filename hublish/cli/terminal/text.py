"""Text for a terminal: aligned columns, counts in words, and no byte that could command the terminal."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from hublish.cli.terminal.color import SGR

_GAP = "  "
_WIDEST = 60
"""A longer cell pushes its own row to the right instead of every row."""
_PIECES = re.compile(f"({SGR})")
_BIDI = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def plural(count: int, noun: str) -> str:
    """Return `1 file`, `2 files`, `5,000 files`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def columns(rows: Iterable[Sequence[str]], right: Iterable[int] = ()) -> list[str]:
    """Return the rows as lines of aligned columns; a column without any text takes no room.

    Args:
        rows: cells; every row has the same number of them.
        right: indices of the columns that hold numbers.
    """
    table = [tuple(row) for row in rows]
    to_right = frozenset(right)
    widths = [min(_WIDEST, max(map(width, column))) for column in zip(*table, strict=True)]
    filled = [index for index, size in enumerate(widths) if size]
    return [
        _GAP.join(_pad(row[index], widths[index], to_right=index in to_right) for index in filled).rstrip()
        for row in table
    ]


def width(text: str) -> int:
    """Return how many terminal cells `text` takes, colour not counted."""
    plain = _PIECES.sub("", text)
    return sum(_cells(char) for char in plain)


def harmless(text: str, *, colour: bool) -> str:
    """Return `text` with every control character spelled out, so that a file name cannot command the terminal.

    Args:
        text: one line.
        colour: whether our own colour sequences stay too.
    """
    if not colour:
        return _spell_out(text)
    return "".join(piece if _PIECES.fullmatch(piece) else _spell_out(piece) for piece in _PIECES.split(text))


def indented(lines: Iterable[str], by: str = _GAP) -> list[str]:
    """Return the lines moved to the right."""
    return [f"{by}{line}" if line else line for line in lines]


def _pad(cell: str, size: int, *, to_right: bool) -> str:
    space = " " * (size - width(cell))
    return space + cell if to_right else cell + space


def _cells(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):  # marks on the letter before, and what cannot be seen
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _spell_out(text: str) -> str:
    # Nearly every text is printable: one fast look spares it the walk.
    if text.isprintable():
        return text
    return "".join(char if _is_safe(char) else _escaped(char) for char in text)


def _is_safe(char: str) -> bool:
    return unicodedata.category(char) not in ("Cc", "Cs", "Zl", "Zp") and char not in _BIDI


def _escaped(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")
