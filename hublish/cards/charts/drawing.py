"""A finished picture, its light and dark colors, the elements that it consists of, and the HTML that shows it.

Both versions have the same elements and differ in their style sheet alone. Each has a background of its own: the
theme of a website and that of the system may differ, and the picture must be readable in both.

A picture holds two layouts of the same data. The wide one is for pages, the narrow one for phones, where the text of
the wide one would be too small. Viewers choose by the width at which the picture is shown; one that ignores the
style sheet shows the wide layout.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from hublish.cards.charts.text_widths import drawable, fitted, width

WIDTH: Final = 640
"""The width of a picture in pixels, if the page has room for it."""
TITLE: Final = 50
"""The height of its title."""
_NARROW: Final = 360
_SWITCH: Final = 480
_FONTS: Final = "system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"

# Characters of a label and its tooltip: with more, the labels of a hostile release would make a picture large.
_LONGEST_LABEL: Final = 64
_TOOLTIP: Final = re.compile("<title>[^<]*</title>")
# Characters with a meaning in Markdown, which readers of links and of code look for within tags as well.
_MARKDOWN: Final = "[]()`*_{}|\\"
COLORS: Final = 6
"""The number of colors for series."""
# Text in each color has a contrast of at least 4.5 to the background, as WCAG 2 requires. Neighbors differ in
# lightness or hue for readers who do not see red and green apart.
_LIGHT: Final[Mapping[str, str]] = {
    "back": "#ffffff",
    "edge": "#e5e7eb",
    "grid": "#e5e7eb",
    "axis": "#9ca3af",
    "track": "#f3f4f6",
    "text": "#111827",
    "muted": "#4b5563",
    "series": "#1d4ed8 #c2410c #047857 #7e22ce #be123c #0e7490",
}
_DARK: Final[Mapping[str, str]] = {
    "back": "#0d1117",
    "edge": "#30363d",
    "grid": "#262c34",
    "axis": "#6b7280",
    "track": "#1b212a",
    "text": "#f3f4f6",
    "muted": "#a7b0bd",
    "series": "#60a5fa #fb923c #34d399 #c084fc #fb7185 #22d3ee",
}


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture, in a version for light pages and one for dark pages."""

    title: str
    alt: str
    """The data in words, for readers who do not see the picture."""
    light: str
    dark: str


@dataclass(frozen=True, slots=True)
class Frame:
    """The room for one layout of a picture."""

    width: float
    height: float
    font: float
    """The size of its text."""

    @property
    def edge(self) -> float:
        """The margin on the left and on the right."""
        return self.font * 1.2


def draw(title: str, alt: str, height: int, layout: Callable[[Frame], Iterable[str]]) -> Drawing:
    """Return a picture.

    Args:
        title: one line that names the picture, drawn above the rest of it.
        alt: the data in words.
        height: of the wide layout; the narrow one has the same proportions.
        layout: returns the elements below the title for a frame.
    """

    def elements(frame: Frame) -> str:
        y, most = 28 * (frame.height / height) + 2, frame.width - 2 * frame.edge
        return "\n".join([label(frame.edge, y, title, frame.font + 2, most=most, bold=True), *layout(frame)])

    scale = WIDTH / _NARROW
    wide = elements(Frame(WIDTH, height, 13))
    # A phone has no pointer that would open a tooltip.
    narrow = _TOOLTIP.sub("", elements(Frame(_NARROW, height / scale, 11.5)))
    name, alt = drawable(title), drawable(alt)
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{WIDTH}" height="{height}"'
        f' viewBox="0 0 {WIDTH} {height}">\n'
        f"<title>{escaped(name)}</title>\n<desc>{escaped(alt)}</desc>\n"
    )
    body = (
        f'\n<rect class="back" x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1}" rx="8"/>\n'
        f'<g class="wide">\n{wide}\n</g>\n'
        f'<g class="narrow" display="none" transform="scale({number(scale, 4)})">\n{narrow}\n</g>\n</svg>\n'
    )
    light, dark = (opening + _style(colors) + body for colors in (_LIGHT, _DARK))
    return Drawing(name, alt, light, dark)


def picture_element(alt: str, light: str, dark: str) -> str:
    """Return a `<picture>` that follows the color scheme of its reader.

    Its lines are one HTML block of Markdown: it begins with a tag alone on a line, and has no blank line.

    Args:
        alt: the data in words.
        light: the address of the version for light pages, which every other reader gets as well.
        dark: the address of the version for dark pages.
    """
    text = escaped(alt)
    for character in _MARKDOWN:
        text = text.replace(character, f"&#{ord(character)};")
    return (
        "<picture>\n"
        f'  <source media="(prefers-color-scheme: dark)" srcset="{escaped(dark)}">\n'
        f'  <img alt="{text}" src="{escaped(light)}">\n'
        "</picture>"
    )


def number(value: float, digits: int = 1) -> str:
    """Return a coordinate with at most `digits` decimal places, in as few characters as possible."""
    text = f"{value:.{digits}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def escaped(text: str) -> str:
    """Return text for an XML element or attribute."""
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        text = text.replace(character, entity)
    return text


def label(
    x: float,
    y: float,
    text: str,
    size: float,
    *,
    most: float = 1e9,
    ending: str = "",
    anchor: str = "start",
    style: str = "",
    bold: bool = False,
) -> str:
    """Return an element with one line of text, shortened to the width `most`; its whole text is then a tooltip.

    Args:
        x: the position of the anchor.
        y: the position of the baseline.
        text: any text.
        size: the font size.
        most: the width that the text may take, with its ending.
        ending: more text, which is never shortened.
        anchor: `start`, `middle` or `end`, the part of the text that is at `x`.
        style: classes of the style sheet.
        bold: whether the text is emphasized.
    """
    whole = drawable(text, _LONGEST_LABEL)
    shown = fitted(whole, size, most - width(ending, size, bold=bold), bold=bold)
    tooltip = f"<title>{escaped(whole)}</title>" if shown != whole else ""
    classes = " ".join(part for part in (style, "bold" if bold else "") if part)
    attributes = f'x="{number(x)}" y="{number(y)}" font-size="{number(size)}"'
    if classes:
        attributes += f' class="{classes}"'
    if anchor != "start":
        attributes += f' text-anchor="{anchor}"'
    return f"<text {attributes}>{escaped(shown + ending)}{tooltip}</text>"


def line(x1: float, y1: float, x2: float, y2: float, style: str) -> str:
    """Return an element with a straight line."""
    return f'<path class="{style}" d="M{number(x1)} {number(y1)}L{number(x2)} {number(y2)}"/>'


def dot(x: float, y: float, radius: float, style: str) -> str:
    """Return an element with a filled circle."""
    return f'<circle class="{style}" cx="{number(x)}" cy="{number(y)}" r="{number(radius)}"/>'


def bar(x: float, y: float, wide: float, high: float, style: str, radius: float = 2) -> str:
    """Return an element with a filled rectangle."""
    rounding = f' rx="{number(min(radius, wide / 2, high / 2))}"' if radius else ""
    place = f'x="{number(x)}" y="{number(y)}" width="{number(wide)}" height="{number(high)}"'
    return f'<rect class="{style}" {place}{rounding}/>'


def _style(colors: Mapping[str, str]) -> str:
    series = "".join(
        f".line{index}{{stroke:{color}}}.fill{index}{{fill:{color}}}"
        for index, color in enumerate(colors["series"].split())
    )
    return (
        "<style>\n"
        f"text{{font-family:{_FONTS};fill:{colors['text']}}}\n"
        f".muted{{fill:{colors['muted']}}}.bold{{font-weight:600}}\n"
        f".back{{fill:{colors['back']};stroke:{colors['edge']}}}.track{{fill:{colors['track']}}}\n"
        f".grid{{stroke:{colors['grid']}}}.axis{{stroke:{colors['axis']}}}.whisker{{stroke:{colors['text']}}}\n"
        f".curve{{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}}\n"
        f".faint{{fill:none;stroke-width:1;stroke-linejoin:round;stroke-opacity:.35}}\n"
        f"{series}\n"
        f"@media (max-width:{_SWITCH}px){{.wide{{display:none}}.narrow{{display:inline}}}}\n"
        "</style>"
    )
