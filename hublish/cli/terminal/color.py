"""The colors and the width of a terminal."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TextIO

from hublish.cli.terminal.streams import width_of

_CODES = {"bold": 1, "dim": 2, "red": 31, "green": 32, "yellow": 33, "cyan": 36}
# Matches every escape sequence that we write ourselves ("select graphic rendition"), and no other.
SGR = "|".join(rf"\x1b\[{code}m" for code in (0, *_CODES.values()))


@dataclass(frozen=True, slots=True)
class Paint:
    """Wraps text in a color, or returns it unchanged; and knows the width of its stream."""

    on: bool = False
    # Cells in a line; None for a stream that is not a terminal, whose lines have any length.
    width: int | None = None

    def __call__(self, color: str, text: str) -> str:
        """Return `text` in a color: bold, dim, red, green, yellow or cyan."""
        return f"\x1b[{_CODES[color]}m{text}\x1b[0m" if self.on and text else text


def paint_for(stream: TextIO, environ: Mapping[str, str]) -> Paint:
    """Return colors for a terminal, unless NO_COLOR (no-color.org) or TERM=dumb turns them off."""
    # no-color.org: an empty NO_COLOR counts as unset.
    terminal = stream.isatty()
    on = terminal and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"
    return Paint(on, width_of(stream, environ) if terminal else None)
