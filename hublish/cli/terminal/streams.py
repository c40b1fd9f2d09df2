"""Writing to streams whose reader may leave at any moment, and whose encoding may lack a character."""

import os
from collections.abc import Iterable, Mapping
from typing import TextIO

_WIDTH = 100
"""Of a stream that is no terminal: what reads comfortably in a log."""


def width_of(stream: TextIO, environ: Mapping[str, str]) -> int:
    """Return how many cells a line of a stream has: COLUMNS, the terminal's own width, or a usual one."""
    asked = environ.get("COLUMNS", "")
    if asked.isdecimal() and int(asked):
        return int(asked)
    try:
        return os.get_terminal_size(stream.fileno()).columns or _WIDTH
    except (OSError, ValueError):  # not a terminal, or no file at all
        return _WIDTH


def write_lines(stream: TextIO, lines: Iterable[str]) -> None:
    """Write whole lines and flush; when the reader has left (`| head`) the rest is dropped in silence.

    The work goes on: what is shown has no say in whether a release is published.
    """
    write_text(stream, "".join(f"{line}\n" for line in lines))


def write_text(stream: TextIO, text: str) -> None:
    """Write text as it is and flush; when the reader has left it is dropped in silence.

    Raises:
        OSError: when the text cannot be written for another reason, such as a full disk.
    """
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        _abandon(stream)
    except OSError:
        _abandon(stream)
        raise


def spell_out_what_cannot_be_encoded(stream: TextIO) -> None:
    """Make a character the stream's encoding lacks appear as an escape rather than as an error."""
    if reconfigure := getattr(stream, "reconfigure", None):
        reconfigure(errors="backslashreplace")


def _abandon(stream: TextIO) -> None:
    # Without this the interpreter tries to flush the rest as it ends, and complains that it cannot.
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), stream.fileno())
