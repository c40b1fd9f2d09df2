"""Lines of a document with carets under what is meant, safe for any terminal and no wider than it.

In the manner of rustc:

       |
    12 |   artefacts:
       |   ^^^^^^^^^
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import takewhile

from hublish.cli.terminal.color import Paint
from hublish.cli.terminal.text import width
from hublish.schemas.diagnose.problems import Location
from hublish.schemas.secrets.masking import mask

_TAB = "    "
_CUT = "..."
_LEAST_DIGITS = 2
"""Room for a line number, so that the excerpts of a short file stand in one column."""
_LEAST_WIDTH = 20
_MOST_CHARACTERS = 4
"""For each cell of the width: a line may hold any number of combining marks, which take none."""
_LONGEST_SECRET = 4096
"""Characters around what is shown in which one may begin or end."""


@dataclass(frozen=True, slots=True)
class Page:
    """What excerpts are shown on."""

    paint: Paint
    width: int = 100
    """Terminal cells in a line."""
    encoding: str = "utf-8"
    secrets: tuple[str, ...] = ()
    """What is masked beside everything that looks like a credential."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A place to underline, and a word about it."""

    place: Location
    colour: str = "red"
    sign: str = "^"
    label: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """The part of a line around a mark that fits, as it is shown."""

    before: str
    marked: str
    after: str

    @property
    def text(self) -> str:
        """The line."""
        return f"{self.before}{self.marked}{self.after}".rstrip()

    def underline(self, sign: str) -> tuple[str, str]:
        """Return what stands left of the carets, and the carets; a place between two characters gets one."""
        return " " * width(self.before), sign * max(1, width(self.marked))


def gutter(places: Iterable[Location]) -> int:
    """Return how many cells the line numbers of these places take."""
    return max([_LEAST_DIGITS, *(len(str(place.line)) for place in places)])


def excerpt(marks: Iterable[Mark], page: Page, size: int) -> list[str]:
    """Return the lines that hold the marks, in their order in the document; a mark without a text has none.

    Args:
        marks: places in one document.
        page: what they are shown on.
        size: cells that line numbers take.
    """
    shown = sorted((mark for mark in marks if mark.place.text is not None), key=lambda mark: mark.place)
    bar = page.paint("cyan", "|")
    return [f"{' ' * size} {bar}", *_numbered(shown, size, bar, page)] if shown else []


def _numbered(marks: list[Mark], size: int, bar: str, page: Page) -> Iterator[str]:
    room = max(_LEAST_WIDTH, page.width - size - len(" | "))
    last = (0, "")
    for mark in marks:
        line, number = fitted(mark.place, room, page), mark.place.line
        if last[0] and number > last[0] + 1:
            yield page.paint("cyan", _CUT)
        if (number, line.text) != last:
            yield f"{page.paint('cyan', f'{number:>{size}}')} {bar} {line.text}".rstrip()
        space, carets = line.underline(mark.sign)
        yield f"{' ' * size} {bar} {space}{page.paint(mark.colour, f'{carets} {mark.label}'.rstrip())}"
        last = (number, line.text)


def fitted(place: Location, room: int, page: Page) -> Line:
    """Return the part of a place's line that fits, with everything spelled out that a terminal would not show.

    Args:
        place: a place that has a text.
        room: cells; at least 20.
        page: its encoding and its secrets are heeded.
    """
    whole = place.text or ""
    start, end = _span(place, len(whole))
    reach = _MOST_CHARACTERS * room
    first, last = max(0, start - reach), start + reach
    around = max(0, first - _LONGEST_SECRET)
    text = mask(whole[around : last + _LONGEST_SECRET], page.secrets)[first - around : last - around]
    before = [_spelled(char, page.encoding) for char in text[: start - first]]
    marked = [_spelled(char, page.encoding, tab="\\t") for char in text[start - first : end - first]]
    after = [_spelled(char, page.encoding) for char in text[end - first :]]
    return _cut(before, marked, after, room)


def _span(place: Location, length: int) -> tuple[int, int]:
    start = min(place.column - 1, length)
    if place.end_line is None or place.end_column is None:
        return start, start
    end = place.end_column - 1 if place.end_line == place.line else length
    return start, max(start, min(end, length))


def _cut(before: list[str], marked: list[str], after: list[str], room: int) -> Line:
    """Leave out what does not fit: first what follows, then what is before, then the end of what is marked."""
    if _cells(before) + min(_cells(marked), room // 2) > room - len(_CUT):
        kept = _fitting(reversed(before), room // 3 - len(_CUT))
        before = [_CUT, *reversed(kept)]
    left = room - _cells(before)
    if _cells(marked) + _cells(after) <= left:
        return Line("".join(before), "".join(marked), "".join(after))
    kept = _fitting([*marked, *after], left - len(_CUT))
    return Line("".join(before), "".join(kept[: len(marked)]), "".join([*kept[len(marked) :], _CUT]))


def _fitting(pieces: Iterable[str], room: int) -> list[str]:
    """Return the pieces from the front that fit into so many cells."""
    taken = 0

    def fits(piece: str) -> bool:
        nonlocal taken
        taken += width(piece)
        return taken <= room

    return list(takewhile(fits, pieces))


def _cells(pieces: Iterable[str]) -> int:
    return sum(map(width, pieces))


def _spelled(char: str, encoding: str, tab: str = _TAB) -> str:
    """Return a character as a terminal can show it: a tab as spaces, what is invisible or has no code as an escape."""
    if char == "\t":
        return tab
    if char.isascii() and char.isprintable():
        return char
    try:
        char.encode(encoding)
    except UnicodeEncodeError:
        return _escaped(char)
    return char if char.isprintable() else _escaped(char)


def _escaped(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")
