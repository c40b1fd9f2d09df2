"""Find known kinds of tokens and private keys, without ever repeating one.

Text is scanned in UTF-8, UTF-16 or any encoding that contains ASCII, and once more where it is decoded from escapes or
base64. Files are scanned whole, except for ranges that their format declares to be the numbers of tensors.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from hublish.audit.secret_search import LONGEST, Range, run_ranges, search, text_ranges
from hublish.audit.secret_views import views
from hublish.schemas.secrets.rule import Rule

# Findings that are reported for one file.
FINDING_LIMIT: Final = 100
# Bytes of a file after which importing numpy saves time.
_VECTORIZED: Final = 32 << 20
# Base64 of a string with escapes, in a string with escapes.
_LEVELS: Final = 4


@dataclass(frozen=True, slots=True)
class Secret:
    """A finding: its kind and its place, never its text."""

    rule: str
    shown: str
    """The part that may be revealed: `hf_…(37 characters)`."""
    line: int
    """Counted from 1."""
    column: int
    """In characters, counted from 1."""


def secrets_in_text(text: str) -> tuple[Secret, ...]:
    """Scan a single string: a commit message, a file name, a field of the card."""
    scanner = SecretScanner()
    scanner.feed(text.encode("utf-8", "replace"))
    return tuple(scanner.found)


@dataclass(slots=True)
class SecretScanner:
    """Scans one file, which it receives in consecutive pieces.

    Args:
        skipped: the offsets `(start, end)` of bytes that contain no text, in order.
    """

    skipped: tuple[Range, ...] = ()
    found: list[Secret] = field(default_factory=list)
    binary: bool = False
    """Whether the first piece contains NULs and is not text in UTF-16; lines mean nothing then."""
    _wide: bool = False
    _offset: int = 0
    _tail: bytes = b""
    _lines: int = 1
    _spans: list[Range] = field(default_factory=list)

    def skips(self, length: int) -> bool:
        """Return whether the next `length` bytes need no scan; `feed` must receive them all the same."""
        start, end = self._offset, self._offset + length
        return len(self.found) >= FINDING_LIMIT or any(first <= start and end <= last for first, last in self.skipped)

    def feed(self, buffer: bytes | memoryview) -> None:
        """Scan the next piece, which the caller may overwrite afterwards."""
        start, skips = self._offset, self.skips(len(buffer))
        self._offset += len(buffer)
        if start and skips:
            self._tail = b""
            return
        piece = bytes(buffer)
        # The first piece decides how the rest is read.
        if not start:
            self._wide = _is_utf16(piece)
            self.binary = not self._wide and b"\0" in piece
        if skips:
            return
        data = self._tail + (piece.translate(None, b"\0") if self._wide else piece)
        texts = text_ranges(data, vectorized=self._offset > _VECTORIZED)
        for rule, begin, end, text in _findings(data, texts, _LEVELS):
            self._report(rule, begin, end, text, data)
            if len(self.found) >= FINDING_LIMIT:
                break
        self._tail = data[-LONGEST:]
        if not self.binary:
            self._lines += data.count(b"\n", 0, len(data) - len(self._tail))

    def _report(self, rule: Rule, begin: int, end: int, text: bytes, data: bytes) -> None:
        # Pieces overlap and so do rules, so a place can match more than once.
        position = self._offset - len(data) + begin
        if any(first <= position < last for first, last in self._spans):
            return
        # Decoded text has the place where its base64 begins, so the span may be empty.
        self._spans.append((position, self._offset - len(data) + max(end, begin + 1)))
        line_start = data.rfind(b"\n", 0, begin) + 1
        column = len(data[line_start:begin].decode("utf-8", "replace")) + 1
        line = self._lines + data.count(b"\n", 0, begin)
        self.found.append(Secret(rule.name, _redacted(rule, text), line, column))


def _findings(data: bytes, texts: list[Range], levels: int) -> Iterator[tuple[Rule, int, int, bytes]]:
    """Yield the rule, the start, the end and the text of each credential, decoded as often as `levels` permits."""
    runs = run_ranges(data, texts)
    # In the order of the bytes; of two rules that match at one place, the first one counts.
    for found in sorted(search(data, texts, runs), key=lambda found: found.start):
        yield found.rule, found.start, found.end, data[found.start : found.end]
    for view in views(data, texts, runs) if levels else ():
        for rule, begin, end, text in _findings(view.text, text_ranges(view.text), levels - 1):
            yield rule, view.origin(begin), view.origin(end), text


def _is_utf16(head: bytes) -> bool:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    sample = head[:4096]
    if b"\0" not in sample:
        return False
    even, odd = sample[::2], sample[1::2]
    # ASCII in UTF-16 has a NUL as every other byte, and none between.
    return len(sample) > 7 and any(
        zeros.count(0) > 0.9 * len(zeros) and not letters.count(0) for zeros, letters in ((even, odd), (odd, even))
    )


def _redacted(rule: Rule, match: bytes) -> str:
    prefix = next((literal for literal in rule.literals if match.startswith(literal.encode())), "")
    return f"{prefix}…({len(match)} characters)"
