"""Find known kinds of tokens and private keys, without ever repeating one.

Every kind contains a run of at least `RUN` characters out of letters, digits, `_` and `-`, or the words "PRIVATE KEY".
Such runs are rare in prose, code and weights, and finding them takes no regular expression; the rules are matched only
around a run. So files are scanned at the speed of a disk.

Text files are scanned whole, in UTF-8, UTF-16 or any encoding that contains ASCII. Binary files are scanned whole up
to `EDGE` * 2 bytes, and larger ones in their first and last `EDGE` bytes: there are the headers of safetensors, the
keys of GGUF, tables of contents and metadata, and tensors contain no tokens.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from hublish.schemas.secrets.token_rules import BOUNDARY, RULES, Rule

EDGE: Final = 32 << 20
RUN: Final = 20
# Findings that are reported for one file.
FINDING_LIMIT: Final = 100

# Consecutive pieces share so many bytes, so that no match is lost between them; no match is longer.
_OVERLAP: Final = 4096
# The most that a match may begin before its run or literal.
_BEFORE: Final = 64
_TOKEN_CHARACTERS: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
# A translation table: every token character becomes `a`, every other one a NUL.
_RUNS: Final = bytes(0x61 if code in _TOKEN_CHARACTERS else 0 for code in range(256))
_LONG_RUN: Final = b"a" * RUN
_KEY_WORDS: Final = b"PRIVATE KEY"
# For each literal, the rules whose matches may contain it: only these are tried around it.
_PATTERNS = tuple((rule, re.compile(f"{BOUNDARY}{rule.pattern}".encode())) for rule in RULES)
_LITERALS = tuple({literal.encode() for rule in RULES for literal in rule.literals})
_PATTERNS_OF = {
    found: tuple(entry for entry in _PATTERNS if any(literal.encode() in found for literal in entry[0].literals))
    for found in _LITERALS
}


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
    scanner = SecretScanner(None)
    scanner.feed(text.encode("utf-8", "replace"))
    return tuple(scanner.found)


@dataclass(slots=True)
class SecretScanner:
    """Scans one file, which it receives in consecutive pieces.

    Args:
        size: of the file in bytes; None scans everything.
    """

    size: int | None
    found: list[Secret] = field(default_factory=list)
    binary: bool = False
    """Whether the first piece contains NULs and is not text in UTF-16; lines mean nothing then."""
    _wide: bool = False
    _offset: int = 0
    _tail: bytes = b""
    _lines: int = 1
    _spans: list[tuple[int, int]] = field(default_factory=list)

    def feed(self, piece: bytes) -> None:
        """Scan the next piece."""
        start, self._offset = self._offset, self._offset + len(piece)
        # The first piece decides how the rest is read.
        if not start:
            self._wide = _is_utf16(piece)
            self.binary = not self._wide and b"\0" in piece
        if self._skips(start) or len(self.found) >= FINDING_LIMIT:
            self._tail = b""
            return
        data = self._tail + (piece.translate(None, b"\0") if self._wide else piece)
        for rule, match in _matches(data):
            self._judge(rule, match, data)
        self._tail = data[-_OVERLAP:]
        self._lines += data.count(b"\n", 0, len(data) - len(self._tail))

    def _skips(self, start: int) -> bool:
        return self.binary and self.size is not None and start > EDGE and self._offset < self.size - EDGE

    def _judge(self, rule: Rule, match: re.Match[bytes], data: bytes) -> None:
        # Pieces overlap and so do rules, so a place can match more than once.
        position = self._offset - len(data) + match.start()
        if any(start <= position < end for start, end in self._spans) or not rule.genuine(match["body"].decode()):
            return
        self._spans.append((position, position + len(match[0])))
        line_start = data.rfind(b"\n", 0, match.start()) + 1
        column = len(data[line_start : match.start()].decode("utf-8", "replace")) + 1
        line = self._lines + data.count(b"\n", 0, match.start())
        self.found.append(Secret(rule.name, _redacted(rule, match[0]), line, column))


def _is_utf16(head: bytes) -> bool:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    sample = head[:4096]
    even, odd = sample[::2], sample[1::2]
    # ASCII in UTF-16 has a NUL as every other byte, and none between.
    return len(sample) > 7 and any(
        zeros.count(0) > 0.9 * len(zeros) and not letters.count(0) for zeros, letters in ((even, odd), (odd, even))
    )


def _matches(data: bytes) -> Iterator[tuple[Rule, re.Match[bytes]]]:
    for start, end in _windows(data):
        # Fifty searches for a literal are many times faster than one for an alternation of fifty.
        places = ((at, literal) for literal in _LITERALS for at in _positions(data, literal, start, end))
        for position, literal in sorted(places):
            for rule, pattern in _PATTERNS_OF[literal]:
                if match := _match_around(pattern, data, position):
                    yield rule, match


def _match_around(pattern: re.Pattern[bytes], data: bytes, position: int) -> re.Match[bytes] | None:
    """Return the match that contains the literal at `position`; a search would continue far beyond it."""
    for start in range(max(0, position - _BEFORE), position + 1):
        if (match := pattern.match(data, start, position + _OVERLAP)) and match.end() > position:
            return match
    return None


def _positions(data: bytes, literal: bytes, start: int, end: int) -> Iterator[int]:
    position = data.find(literal, start, end)
    while position >= 0:
        yield position
        position = data.find(literal, position + 1, end)


def _windows(data: bytes) -> list[tuple[int, int]]:
    """Return the ranges around runs and key headers, in order and without overlap."""
    headers = ((start, start + len(_KEY_WORDS)) for start in _positions(data, _KEY_WORDS, 0, len(data)))
    windows: list[tuple[int, int]] = []
    for start, end in sorted([*_long_runs(data), *headers]):
        begin = max(0, start - _BEFORE)
        if windows and begin <= windows[-1][1]:
            windows[-1] = (windows[-1][0], max(windows[-1][1], end))
        else:
            windows.append((begin, end))
    return windows


def _long_runs(data: bytes) -> Iterator[tuple[int, int]]:
    runs = data.translate(_RUNS)
    start = runs.find(_LONG_RUN)
    while start >= 0:
        end = runs.find(b"\0", start)
        end = len(runs) if end < 0 else end
        yield start, end
        start = runs.find(_LONG_RUN, end)


def _redacted(rule: Rule, match: bytes) -> str:
    prefix = next((literal for literal in rule.literals if match.startswith(literal.encode())), "")
    return f"{prefix}…({len(match)} characters)"
