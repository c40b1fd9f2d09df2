"""The standard streams of a run: any of them may be closed, full, or unable to encode a character.

All output passes through `MaskedStream`, the output of other libraries as well, so that no credential is shown. Data
are masked before they become JSON, since a mask in JSON could break it.
"""

import io
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import partial
from typing import Any, TextIO, cast

from hublish.base.own_credentials import own_credentials

# The width of a stream that is not a terminal: a line of a log reads well up to here.
_WIDTH = 100
# A shorter one may be equal to a key of a document.
_LONG_SECRET = 12
_LINE_END = re.compile(r".*[\n\r]", re.DOTALL)
_WORD_END = re.compile(r".*\s", re.DOTALL)
_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")


class MaskedStream(io.TextIOBase):
    """A stream that shows no credential, whoever writes to it.

    It holds back an unfinished line, and an unfinished word when it is flushed: a token may arrive in two pieces, each
    of which looks harmless.

    Args:
        stream: receives the masked text.
        secrets: the credentials of this run, in addition to everything that looks like one; longest first.
    """

    def __init__(self, stream: TextIO, secrets: tuple[str, ...] = ()) -> None:
        super().__init__()
        self.secrets = secrets
        self._stream = stream
        self._held = ""

    # Such as `encoding` and `buffer`. `TextIOBase` has an `encoding` of its own, which is None.
    def __getattribute__(self, name: str) -> Any:
        if name in ("encoding", "errors", "newlines"):
            return getattr(self._stream, name)
        return super().__getattribute__(name)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def isatty(self) -> bool:
        """Return whether it is a terminal."""
        return self._stream.isatty()

    def fileno(self) -> int:
        """Return the descriptor of the stream."""
        return self._stream.fileno()

    def writable(self) -> bool:
        """Return True."""
        return True

    def write(self, text: str) -> int:
        """Write the finished lines of a text, masked."""
        self._held += text
        self._release(_LINE_END)
        return len(text)

    def flush(self) -> None:
        """Write the finished words, masked, and flush."""
        self._release(_WORD_END)
        self._stream.flush()

    def finish(self) -> None:
        """Write everything that is held back, masked, and flush."""
        held, self._held = self._held, ""
        self._stream.write(self.masked(held))
        self._stream.flush()

    def write_unmasked(self, text: str) -> None:
        """Write a text that holds no credential, or one that is shown on purpose, and flush."""
        self.finish()
        self._stream.write(text)
        self._stream.flush()

    def masked(self, document: Any) -> Any:
        """Return plain data with every text in it masked, keys as well."""
        from hublish.schemas.documents.json_stream import masked

        return masked(document, self._masked, partial(self._masked, short=False))

    def _masked(self, text: str, *, short: bool = True) -> str:
        # Compiling the rules for secrets takes longer than a start without any output that could hold one.
        if not text.strip():
            return text
        from hublish.schemas.secrets.masking import redact

        # A short secret may be equal to one of the keys that programs read.
        return redact(text, self.secrets if short else [each for each in self.secrets if len(each) >= _LONG_SECRET])

    def _release(self, finished: re.Pattern[str]) -> None:
        if found := finished.match(self._held):
            self._held = self._held[found.end() :]
            self._stream.write(self._masked(found[0]))


@dataclass(frozen=True)
class Terminal:
    """The standard streams and the environment of one run; what is written to the streams is masked."""

    stdin: TextIO
    stdout: TextIO
    stderr: TextIO
    environ: Mapping[str, str]
    # The credentials of this run.
    secrets: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("stdout", "stderr"):
            object.__setattr__(self, name, MaskedStream(getattr(self, name), self.secrets))

    @contextmanager
    def as_standard_streams(self) -> Iterator[None]:
        """Make other libraries write to these streams: their warnings and logs may quote a token as well."""
        with redirect_stdout(self.stdout), redirect_stderr(self.stderr):
            try:
                yield
            finally:
                for stream in (self.stdout, self.stderr):
                    write_text(stream, "")

    @property
    def interactive(self) -> bool:
        """Whether a person can read a question and answer it."""
        return self.stdin.isatty() and self.stderr.isatty()

    def ask(self, question: str) -> bool:
        """Ask a yes-or-no question on stderr. Any answer but yes means no."""
        write_text(self.stderr, f"{question} [y/N] ")
        return self.stdin.readline().strip().lower() in ("y", "yes")

    def ask_for(self, name: str, question: str) -> bool:
        """Ask on stderr for a name to be typed, and return whether it was: unlike a yes, it is not typed by habit."""
        write_text(self.stderr, f"{question} Type {name} to go on: ")
        return self.stdin.readline().strip() == name


def standard_terminal(tokens: Iterable[str] = ()) -> Terminal:
    """Return the terminal of this process. Tokens from the command line are masked like those in the environment."""
    # Python sets a stream to None when it was closed before the start (`<&-`): reads are empty, writes are dropped.
    stdin = sys.stdin or io.TextIOWrapper(io.BytesIO())
    stdout, stderr = sys.stdout or io.StringIO(), sys.stderr or io.StringIO()
    for stream in (stdout, stderr):
        # A character that the stream cannot encode becomes an escape, not an exception.
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="backslashreplace")
    return Terminal(stdin, stdout, stderr, os.environ, own_credentials(os.environ, *tokens))


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


def write_json(stream: TextIO, document: Any, *, indent: int | None = 2, unmasked: bool = False) -> None:
    """Write plain data as JSON, with every character that the stream's encoding lacks as a JSON escape.

    Args:
        stream: the stream.
        document: plain data, in which a list may be `Rows`.
        indent: spaces for each level; None writes one line.
        unmasked: the data hold no credential, or one that is shown on purpose.
    """
    from hublish.schemas.documents.json_stream import JsonWriter, in_chunks

    if not unmasked:
        document = _as_masked(stream).masked(document)
    for text in in_chunks(JsonWriter(indent).pieces(document)):
        write_text(stream, _encodable(text, stream.encoding or "utf-8"), unmasked=True)  # a StringIO has no encoding
    write_text(stream, "\n", unmasked=True)


def _encodable(text: str, encoding: str) -> str:
    """Return JSON with every character that the encoding lacks as an escape."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        # The stream's own escapes (backslashreplace) would not be valid JSON.
        return _NOT_ASCII.sub(lambda found: json.dumps(found[0])[1:-1], text)
    return text


def write_text(stream: TextIO, text: str, *, unmasked: bool = False) -> None:
    """Write text and flush; drop it when the reader has left.

    The work goes on: whether a release is published must not depend on who reads the output.

    Args:
        stream: the stream.
        text: masked when it is written, and unchanged otherwise.
        unmasked: the text holds no credential, or one that is shown on purpose.

    Raises:
        OSError: when the text cannot be written for another reason, such as a full disk.
    """
    masked = _as_masked(stream)
    try:
        if unmasked:
            masked.write_unmasked(text)
        else:
            masked.write(text)
            masked.finish()
    except OSError as error:
        # At exit the interpreter flushes its buffers, and reports when that fails: send it to the null device, so that
        # the error is reported once.
        with open(os.devnull, "wb") as null:
            os.dup2(null.fileno(), stream.fileno())
        if not isinstance(error, BrokenPipeError):
            raise


def _as_masked(stream: TextIO) -> MaskedStream:
    return cast("MaskedStream", stream) if isinstance(stream, MaskedStream) else MaskedStream(stream)
