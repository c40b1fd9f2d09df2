"""The characters that documents and names must not contain: they hide, reorder or break the text around them."""

import re
import unicodedata

# YAML 1.1 and some editors treat these as line ends, and others do not: a key can hide after one.
LINE_SEPARATORS = re.compile("[\x85\u2028\u2029]")
# Control characters other than tab, line feed, carriage return and U+0085.
CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")
# All control characters and line separators, which names must not contain.
NAME_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
# Bidirectional controls make a name look like another one (CVE-2021-42574, "Trojan Source").
BIDI = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]")
# Halves of a UTF-16 pair, which are not valid on their own. `os.fsdecode` uses them for bytes that are not UTF-8.
SURROGATES = re.compile("[\ud800-\udfff]")
# A byte order mark inside of a text, and the code points that Unicode reserves as noncharacters.
NOT_CHARACTERS = re.compile("[\ufeff\ufffe\uffff]")


_LINE_END = re.compile(r"[\r\n]|\Z")


def line_around(text: str, offset: int) -> tuple[int, int]:
    """Return the span of the line around a character, without its line end."""
    start = max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1
    # `str.splitlines` would also split at U+2028 and others, and would copy the whole text.
    found = _LINE_END.search(text, offset)
    return start, found.start() if found else len(text)


def code_point(char: str) -> str:
    """Return the code point of a character: `U+0430`."""
    return f"U+{ord(char):04X}"


def describe(char: str) -> str:
    """Return the code point and name of a character: `U+0430 CYRILLIC SMALL LETTER A`."""
    return f"{code_point(char)} {unicodedata.name(char, '')}".rstrip()


def quoted_or_described(char: str) -> str:
    """Return a character for a message: in quotes if it is printable ASCII, described otherwise."""
    if char == " ":
        return "a space"
    return f"'{char}'" if char.isascii() and char.isprintable() else describe(char)


def text_problem(text: str) -> tuple[int, str] | None:
    """Return the offset and the description of the first forbidden character of a document, or None."""
    for pattern, kind in _FORBIDDEN:
        if found := pattern.search(text):
            return found.start(), kind.format(code_point(found.group()))
    return None


_FORBIDDEN = (
    (SURROGATES, "invalid Unicode: lone surrogate {}"),
    (CONTROLS, "control character {} not allowed"),
    (LINE_SEPARATORS, "line separator {} not allowed"),
    (NOT_CHARACTERS, "invisible character {} not allowed"),
)
