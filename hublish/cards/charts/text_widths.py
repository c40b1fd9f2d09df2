"""The width of text in a sans-serif font, and text that is safe to draw and fits its place.

A viewer uses the font of its own system. The table therefore has the larger width of two fonts that bracket the
common ones, Arial and DejaVu Sans: text may take less room than reserved, but not more.
"""

import re
from typing import Final

# Hundredths of the font size, for the characters from U+0020 to U+007E.
_ASCII: Final = (
    *(32, 41, 46, 84, 64, 96, 78, 28, 39, 39, 50, 84, 32, 37, 32, 34),  # space to /
    *(64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 34, 34, 84, 84, 84, 56),  # 0 to ?
    *(102, 69, 69, 73, 77, 67, 62, 78, 76, 30, 50, 67, 56, 87, 75, 79),  # @ to O
    *(67, 79, 73, 67, 62, 74, 69, 99, 69, 67, 69, 39, 34, 39, 84, 56),  # P to _
    *(50, 62, 64, 56, 64, 62, 36, 64, 64, 28, 28, 58, 28, 98, 64, 62),  # ` to o
    *(64, 64, 42, 53, 40, 64, 60, 82, 60, 60, 53, 64, 34, 64, 84),  # p to ~
)
# The first character of each range, and the width from there to the next range. Scripts are wide rather than narrow
# here, because nothing else than too little room makes labels overlap.
_RANGES: Final = (
    *((0x7F, 85), (0x300, 0), (0x370, 85), (0x400, 105), (0x530, 85), (0x1100, 110), (0x1AB0, 0), (0x1B00, 110)),
    *((0x1DC0, 0), (0x1E00, 85), (0x2000, 102), (0x20D0, 0), (0x2100, 110), (0x2E3A, 310), (0x2E3C, 110)),
    *((0xA9C5, 400), (0xA9C6, 110), (0xFDFD, 1200), (0xFDFE, 110), (0xFE00, 0), (0xFE10, 110), (0xFE20, 0)),
    *((0xFE30, 110), (0x12000, 400), (0x12550, 110), (0x1F000, 140), (0x20000, 110), (0xE0100, 0)),
)
# The room for a text is often computed from its own width, with rounding.
_ROUNDING: Final = 0.01
_BOLD: Final = 1.2
_ELLIPSIS: Final = "…"
# Characters of a text for readers who do not see the picture.
_MOST: Final = 300

# Characters that XML forbids, and those that change the order of the text around them or have no width.
_UNDRAWABLE: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufeff\ufff0-\uffff\U000e0000-\U000e007f]"
)
_SPACE: Final = re.compile(r"[\s\x85\u2028\u2029]+")
# More marks on one letter than any language needs would cover the lines above and below.
_MARKS: Final = re.compile(
    "([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{2})"
    "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+"
)


def drawable(text: str, most: int = _MOST) -> str:
    """Return a text on one line, without characters that XML forbids or that disturb their surroundings.

    Args:
        text: any text.
        most: the most characters; a longer text ends with an ellipsis.
    """
    # Shortened first: the expressions below are for labels, and a label may be a megabyte of text.
    line = _SPACE.sub(" ", text[: 4 * most])
    plain = _MARKS.sub(r"\1", _UNDRAWABLE.sub("\ufffd", line)).strip()
    return plain if len(plain) <= most else plain[: most - 1] + _ELLIPSIS


def width(text: str, size: float, *, bold: bool = False) -> float:
    """Return the width that a text takes at most, in the unit of the font size."""
    hundredths = 0
    for character in text:
        code = ord(character)
        hundredths += _ASCII[code - 0x20] if 0x20 <= code < 0x7F else _other(code)
    return hundredths * size * (_BOLD if bold else 1.0) / 100


def fitted(text: str, size: float, most: float, *, bold: bool = False) -> str:
    """Return a text, or its beginning with an ellipsis if it is wider than `most`."""
    most += _ROUNDING
    if width(text, size, bold=bold) <= most:
        return text
    # The widest beginning: labels are short, so that looking at each length costs little.
    for length in range(len(text) - 1, 0, -1):
        shorter = text[:length].rstrip() + _ELLIPSIS
        if width(shorter, size, bold=bold) <= most:
            return shorter
    return _ELLIPSIS


def _other(code: int) -> int:
    found = 110
    for first, hundredths in _RANGES:
        if code < first:
            break
        found = hundredths
    return found
