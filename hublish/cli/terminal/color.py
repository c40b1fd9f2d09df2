"""Colour, when somebody looks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TextIO

_CODES = {"bold": 1, "dim": 2, "red": 31, "green": 32, "yellow": 33, "cyan": 36}
SGR = "|".join(rf"\x1b\[{code}m" for code in (0, *_CODES.values()))
"""A pattern of every escape sequence that is ever written."""


@dataclass(frozen=True, slots=True)
class Paint:
    """Wraps text in colour, or returns it as it is."""

    on: bool = False

    def __call__(self, colour: str, text: str) -> str:
        """Return `text` in a colour: bold, dim, red, green, yellow or cyan."""
        return f"\x1b[{_CODES[colour]}m{text}\x1b[0m" if self.on and text else text


def paint_for(stream: TextIO, environ: Mapping[str, str]) -> Paint:
    """Return colour for a terminal, unless NO_COLOR (no-color.org) or a dumb terminal asks for none."""
    return Paint(stream.isatty() and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb")
