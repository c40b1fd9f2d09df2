"""Fit lines into the width of a terminal: names are shortened in the middle, and sentences are wrapped.

Every text is escaped before it is measured, since an escape takes more cells than the character that it shows.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from hublish.cli.terminal.text import cells, columns, escaped, width

_CUT: Final = "..."
_GAP: Final = 2
# A column with fewer cells shows nothing that a reader recognizes.
_LEAST: Final = 10


def middle(text: str, room: int) -> str:
    """Return a text of at most `room` cells: the middle of a longer one is left out, as its ends tell it apart."""
    if width(text) <= room:
        return text
    if room <= len(_CUT):
        return _CUT[:room]
    # The end of a path has its suffix, and often its number.
    tail = (room - len(_CUT)) // 2
    return f"{_beginning(text, room - len(_CUT) - tail)}{_CUT}{_end(text, tail)}"


def beginning(text: str, room: int) -> str:
    """Return a text of at most `room` cells: the end of a longer one is left out."""
    if width(text) <= room:
        return text
    return f"{_beginning(text, room - len(_CUT))}{_CUT}" if room > len(_CUT) else _CUT[:room]


def wrapped(text: str, room: int | None, indent: str = "") -> list[str]:
    """Return a text as lines of at most `room` cells, broken at spaces; every line but the first begins with `indent`.

    A word that is longer than a line is shortened in its middle: the terminal would break it anywhere.
    """
    whole = escaped(text, color=False)
    if room is None or width(whole) <= room:
        return [whole]
    words = whole.lstrip(" ").split(" ")
    lines, line = list[str](), whole[: len(whole) - len(whole.lstrip(" "))][: room // 2]
    # Whether the line has a word yet, besides its indentation.
    begun = False
    for word in words:
        piece = middle(word, max(_LEAST, room - width(indent)))
        if begun and width(line) + 1 + width(piece) > room:
            lines.append(line)
            line, begun = indent, False
        line = f"{line} {piece}" if begun else line + piece
        begun = True
    return [*lines, line]


def fitted_columns(rows: Iterable[Sequence[str]], room: int | None, right: Iterable[int] = ()) -> list[str]:
    """Return rows as lines of aligned columns, each of at most `room` cells.

    The first column is shortened in the middle, and the last one at its end; where that is not enough, columns are left
    out, the last ones first.

    Args:
        rows: rows of equal length.
        room: the cells of a line; None for any number.
        right: the indices of the columns that are aligned right.
    """
    table = [tuple(escaped(cell, color=False) for cell in row) for row in rows] if room is not None else list(rows)
    lines = columns(table, right)
    if room is None or not table or max(map(width, lines)) <= room:
        return lines
    while len(table[0]) > 1 and _left(table, room) < 2 * _LEAST:
        table = [row[:-1] for row in table]
    left = _left(table, room)
    if len(table[0]) == 1:
        return [middle(row[0], room) for row in table]
    first, last = (max(width(row[index]) for row in table) for index in (0, -1))
    # A short column leaves its room to the other one.
    last = min(last, max(left // 2, left - first))
    first = min(first, left - last)
    return columns([(middle(row[0], first), *row[1:-1], beginning(row[-1], last)) for row in table], right)


def _left(table: Sequence[Sequence[str]], room: int) -> int:
    """Return the cells that are left for the first and the last column."""
    between = [max(width(row[index]) for row in table) for index in range(1, len(table[0]) - 1)]
    # An empty column takes no room.
    return room - sum(size + _GAP for size in between if size) - (_GAP if len(table[0]) > 1 else 0)


def _beginning(text: str, room: int) -> str:
    used = 0
    for index, char in enumerate(text):
        used += cells(char)
        # A combining mark takes no cell, and stays with its letter.
        if used > room:
            return text[:index]
    return text


def _end(text: str, room: int) -> str:
    used, start = 0, len(text)
    for index in range(len(text) - 1, -1, -1):
        size = cells(text[index])
        used += size
        if used > room:
            break
        # Not at a combining mark, whose letter may not fit.
        if size:
            start = index
    return text[start:]
