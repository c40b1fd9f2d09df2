"""The standard streams of a run: any of them may be closed, full, or unable to encode a character."""

import io
import json
import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TextIO

# The width of a stream that is not a terminal: a line of a log reads well up to here.
_WIDTH = 100
# The variables from which huggingface_hub reads credentials.
TOKEN_VARIABLES = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_OIDC_ID_TOKEN")
# A shorter value is not a secret, and masking it would hide ordinary words.
_SHORTEST_SECRET = 4


@dataclass(frozen=True)
class Terminal:
    """The standard streams and the environment of one run."""

    stdin: TextIO
    stdout: TextIO
    stderr: TextIO
    environ: Mapping[str, str]
    # Masked wherever errors and warnings are written.
    secrets: tuple[str, ...] = ()

    @property
    def interactive(self) -> bool:
        """Whether a person can read a question and answer it."""
        return self.stdin.isatty() and self.stderr.isatty()

    def ask(self, question: str) -> bool:
        """Ask a yes-or-no question on stderr. Any answer but yes means no."""
        write_text(self.stderr, f"{question} [y/N] ")
        return self.stdin.readline().strip().lower() in ("y", "yes")


def standard_terminal(token: str | None = None) -> Terminal:
    """Return the terminal of this process. A token from the command line is masked like those in the environment."""
    # Python sets a stream to None when it was closed before the start (`<&-`): reads are empty, writes are dropped.
    stdin = sys.stdin or io.TextIOWrapper(io.BytesIO())
    stdout, stderr = sys.stdout or io.StringIO(), sys.stderr or io.StringIO()
    for stream in (stdout, stderr):
        # A character that the stream cannot encode becomes an escape, not an exception.
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="backslashreplace")
    return Terminal(stdin, stdout, stderr, os.environ, secrets_in(os.environ, token))


def secrets_in(environ: Mapping[str, str], *given: str | None) -> tuple[str, ...]:
    """Return the credentials of this process, longest first: one may contain another."""
    values = {*given, *(environ.get(name) for name in TOKEN_VARIABLES)}
    return tuple(sorted((each for each in values if each and len(each) >= _SHORTEST_SECRET), key=len, reverse=True))


def width_of(stream: TextIO, environ: Mapping[str, str]) -> int:
    """Return the number of cells in a line: COLUMNS, the terminal's own width, or a default."""
    columns = environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns):
        return int(columns)
    try:
        return os.get_terminal_size(stream.fileno()).columns or _WIDTH
    except (OSError, ValueError):  # not a terminal, or not a file
        return _WIDTH


def write_lines(stream: TextIO, lines: Iterable[str]) -> None:
    """Write whole lines and flush; drop them when the reader has left (`| head`)."""
    write_text(stream, "".join(f"{line}\n" for line in lines))


def write_json(stream: TextIO, document: Any) -> None:
    """Write plain data as JSON, with every character that the stream's encoding lacks as a JSON escape."""
    text = json.dumps(document, indent=2, ensure_ascii=False)
    try:
        # A StringIO has no encoding.
        text.encode(stream.encoding or "utf-8")
    except UnicodeEncodeError:
        # The stream's own escapes (backslashreplace) would not be valid JSON.
        text = json.dumps(document, indent=2)
    write_text(stream, text + "\n")


def write_text(stream: TextIO, text: str) -> None:
    """Write text unchanged and flush; drop it when the reader has left.

    The work goes on: whether a release is published must not depend on who reads the output.

    Raises:
        OSError: when the text cannot be written for another reason, such as a full disk.
    """
    try:
        stream.write(text)
        stream.flush()
    except OSError as error:
        # At exit the interpreter flushes its buffers, and reports when that fails: send it to the null device, so that
        # the error is reported once.
        with open(os.devnull, "wb") as null:
            os.dup2(null.fileno(), stream.fileno())
        if not isinstance(error, BrokenPipeError):
            raise
