"""Find the boxes of the texts in a picture, measured with the published metrics of Helvetica.

The table of `text_widths.py` is not used: the test would repeat its mistakes.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Final
from xml.etree import ElementTree

# Adobe Font Metrics of Helvetica for U+0020 to U+007E, in thousandths.
_HELVETICA: Final = """
278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278
556 556 556 556 556 556 556 556 556 556 278 278 584 584 584 556
1015 667 667 722 722 667 611 778 722 278 500 667 556 833 722 778
667 778 722 667 611 722 667 944 667 667 611 278 278 278 469 556
333 556 556 500 556 556 278 556 556 222 222 500 222 833 556 556
556 556 333 500 278 556 500 722 500 500 500 334 260 334 584
"""
_WIDTHS: Final = [int(width) for width in _HELVETICA.split()]
# Other common fonts are up to a tenth wider on average, and their bold text another tenth.
_WIDER: Final = 1.1
_SVG: Final = "{http://www.w3.org/2000/svg}"


@dataclass(frozen=True)
class Box:
    """Where a text is drawn."""

    text: str
    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: "Box") -> bool:
        across = self.left < other.right and other.left < self.right
        return across and self.top < other.bottom and other.top < self.bottom


def helvetica(text: str, size: float, *, bold: bool = False) -> float:
    """Return the width of a text."""
    widths = (_WIDTHS[ord(each) - 32] if " " <= each <= "~" else _other(each) for each in text)
    return sum(widths) * size / 1000 * (_WIDER if bold else 1.0)


def _other(character: str) -> int:
    if re.match("[\u0300-\u036f\ufe0f]", character):
        return 0
    return 1000 if character >= "\u1100" else 600


def layouts(svg: str) -> Iterator[tuple[float, float, list[Box]]]:
    """Yield the width and height of the wide and of the narrow layout, and the boxes of their texts."""
    root = ElementTree.fromstring(svg)
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    for group in root.findall(f"{_SVG}g"):
        scale = float(re.sub(r"[^\d.]", "", group.get("transform", "1")))
        yield width / scale, height / scale, [_box(text) for text in group.iter(f"{_SVG}text")]


def _box(element: ElementTree.Element) -> Box:
    shown, size = element.text or "", float(element.attrib["font-size"])
    x, y = float(element.attrib["x"]), float(element.attrib["y"])
    width = helvetica(shown, size, bold="bold" in element.get("class", "")) * _WIDER
    left = x - width * {"start": 0, "middle": 0.5, "end": 1}[element.get("text-anchor", "start")]
    return Box(shown, left, y - 0.74 * size, left + width, y + 0.21 * size)


def faults(svg: str) -> list[str]:
    """Return the texts that overlap, and those that leave the picture."""
    found = []
    for width, height, boxes in layouts(svg):
        found += [f"{a.text!r} and {b.text!r}" for a, b in combinations(boxes, 2) if a.overlaps(b)]
        found += [
            f"{box.text!r} leaves the picture"
            for box in boxes
            if box.left < 0 or box.top < 0 or box.right > width or box.bottom > height
        ]
    return found
