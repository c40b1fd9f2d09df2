"""Divide Markdown into units that people edit and move as a whole, and these into words.

A unit is a paragraph, or one line of anything else: a heading, a row of a table, an item of a list, a line of code.
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

_FENCE: Final = re.compile(r" {0,3}(```|~~~)")
# Lines that neither continue a paragraph nor are continued.
_BY_ITSELF: Final = re.compile(r"\s*(?:\||#{1,6}\s|[-*+]\s|\d+[.)]\s|>|<|---|===)")
# A word with the characters that join parts of names, numbers and dates; any other character is a word of its own.
_WORD: Final = re.compile(r"\w+(?:[.,:/+-]\w+)*|[^\w\s\\]")


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


def words(text: str) -> tuple[Word, ...]:
    """Return the words of a text; the backslashes that escape punctuation are left out."""
    return tuple(Word(found[0], found.start(), found.end()) for found in _WORD.finditer(text))


def _lines(text: str, start: int) -> Iterator[tuple[int, str]]:
    for line in text[start:].split("\n"):
        yield start, line.rstrip("\r")
        start += len(line) + 1
