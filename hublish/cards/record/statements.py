"""Find the statements of a rendered card: the units of its text that show facts.

A unit is what people edit and move as a whole: a paragraph, or one line of anything else, such as a heading, a row of a
table, an item of a list, or a line of code.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from hublish.schemas.documents.card_record import Stated, StatedInText, Statement

_FENCE: Final = re.compile(r" {0,3}(```|~~~)")
# Lines that neither continue a paragraph nor are continued.
_BY_ITSELF: Final = re.compile(r"\s*(?:\||#{1,6}\s|[-*+]\s|\d+[.)]\s|>|<|---|===)")
# A word with the characters that join parts of names, numbers and dates; any other character is a word of its own.
_WORD: Final = re.compile(r"\w+(?:[.,:/+-]\w+)*|[^\w\s\\]")
# Characters of a statement before and after its facts, in a paragraph that is longer.
_AROUND: Final = 400
_MOST_STATEMENTS: Final = 2_000

# A number without its unit is another number.
_UNIT: Final = re.compile(
    r"[ \u00a0]?(?:%|(?:[KMGTB]i?B?|k|kB|bytes|thousand|million|billion|trillion|ms|s|min|h|d)\b)"
)

Printed = tuple[int, int, tuple[str, ...]]
"""The place of a printed value, and the names of the values that it was computed from."""


class Word(NamedTuple):
    """A word and its place in the text."""

    text: str
    start: int
    end: int


class Unit(NamedTuple):
    """A part of a text, and its place."""

    start: int
    end: int


def units(text: str, start: int = 0) -> Iterator[Unit]:
    """Yield the units of a text from an offset on."""
    begin = end = -1
    fence = ""
    for line_start, line in _lines(text, start):
        line_end = line_start + len(line)
        opening = _FENCE.match(line)
        alone = bool(fence or opening or _BY_ITSELF.match(line))
        if begin >= 0 and (alone or not line.strip()):
            yield Unit(begin, end)
            begin = -1
        if alone and line.strip():
            yield Unit(line_start, line_end)
        elif line.strip():
            begin, end = (line_start if begin < 0 else begin), line_end
        if opening:
            fence = "" if fence == opening[1] else fence or opening[1]
    if begin >= 0:
        yield Unit(begin, end)


def code_lines(text: str, start: int = 0) -> Iterator[Unit]:
    """Yield the lines inside of fenced code blocks, from an offset on."""
    fence = ""
    for line_start, line in _lines(text, start):
        opening = _FENCE.match(line)
        if opening and fence in ("", opening[1]):
            fence = "" if fence else opening[1]
        elif fence and line.strip():
            yield Unit(line_start, line_start + len(line))


def words(text: str) -> tuple[Word, ...]:
    """Return the words of a text; the backslashes that escape punctuation are left out."""
    return tuple(Word(found[0], found.start(), found.end()) for found in _WORD.finditer(text))


def _lines(text: str, start: int) -> Iterator[tuple[int, str]]:
    for line in text[start:].split("\n"):
        yield start, line.rstrip("\r")
        start += len(line) + 1


def find_statements(text: str, start: int, printed: Iterable[Printed], facts: Mapping[str, Stated]) -> list[Statement]:
    """Return the statements of a card, in the order of the text.

    Args:
        text: the card.
        start: the offset of the text below the front matter.
        printed: the places of printed values.
        facts: the fact of each name that is recorded.
    """
    parts = list(units(text, start))
    starts = [part.start for part in parts]
    inside: dict[Unit, list[Printed]] = {}
    for span in _innermost(sorted(printed)):
        index = bisect_right(starts, span[0]) - 1
        if index >= 0 and span[1] <= parts[index].end and any(name in facts for name in span[2]):
            inside.setdefault(parts[index], []).append(span)
    found = (_statement(text, part, spans, facts) for part, spans in sorted(inside.items()))
    return [statement for statement, _ in zip(found, range(_MOST_STATEMENTS), strict=False)]


def _innermost(spans: list[Printed]) -> Iterator[Printed]:
    """Yield the places that contain no other one: the elements of a printed list, and not the list."""
    for index, span in enumerate(spans):
        later = spans[index + 1 : index + 2]
        if not later or later[0][0] >= span[1] or (later[0][:2] == span[:2]):
            yield span


def _statement(text: str, part: Unit, spans: list[Printed], facts: Mapping[str, Stated]) -> Statement:
    first = max(part.start, spans[0][0] - _AROUND)
    last = min(part.end, spans[-1][1] + _AROUND)
    stated = tuple(
        StatedInText(**dict(facts[name]), start=start - first, end=_with_unit(text, end, last) - first)
        for start, end, names in dict.fromkeys(spans)
        for name in names
        if name in facts
    )
    return Statement(text=text[first:last], facts=stated)


def _with_unit(text: str, end: int, last: int) -> int:
    unit = _UNIT.match(text, end, last) if text[end - 1].isdigit() else None
    return unit.end() if unit else end
