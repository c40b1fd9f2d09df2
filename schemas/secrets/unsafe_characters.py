"""Characters that have no place in a document or a name: they hide, reorder or break the text around them."""

import re
import unicodedata

LINE_SEPARATORS = re.compile("[\x85\u2028\u2029]")
"""Line ends to YAML 1.1 and to some editors, but not to others: a key can hide behind one."""
CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")
"""Control characters other than tab, line feed, carriage return and U+0085."""
NAME_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
"""What a name may not hold: every control character and line separator."""
BIDI = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]")
"""Bidirectional controls: with them a name is shown as another (CVE-2021-42574)."""
SURROGATES = re.compile("[\ud800-\udfff]")
"""Halves of a UTF-16 pair: no Unicode text holds them alone."""
NOT_CHARACTERS = re.compile("[\ufeff\ufffe\uffff]")
"""A byte order mark inside the text, and what Unicode keeps for no character at all."""


_LINE_END = re.compile(r"[\r\n]|\Z")


def line_around(text: str, offset: int) -> tuple[int, int]:
    """Return the span of the line that holds a character, without its end."""
    start = max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1
    found = _LINE_END.search(text, offset)
    return start, found.start() if found else len(text)


def code_point(char: str) -> str:
    """Return a character's number as Unicode writes it: `U+0430`."""
    return f"U+{ord(char):04X}"


def describe(char: str) -> str:
    """Return number and name of a character: `U+0430 CYRILLIC SMALL LETTER A`."""
    return f"{code_point(char)} {unicodedata.name(char, '')}".rstrip()


def shown(char: str) -> str:
    """Return how a message names one character: in quotes when everybody sees which one it is."""
    if char == " ":
        return "a space"
    return f"'{char}'" if char.isascii() and char.isprintable() else describe(char)


def text_problem(text: str) -> tuple[int, str] | None:
    """Return the offset and the description of the first character that no document may hold, or None."""
    for pattern, kind in _IN_TEXT:
        if found := pattern.search(text):
            return found.start(), kind.format(code_point(found.group()))
    return None


_IN_TEXT = (
    (SURROGATES, "invalid Unicode: lone surrogate {}"),
    (CONTROLS, "control character {} not allowed"),
    (LINE_SEPARATORS, "line separator {} not allowed"),
    (NOT_CHARACTERS, "invisible character {} not allowed"),
)
