"""Undo the encodings in which a text carries a credential: escapes, percent signs, entities, colors, and base64.

A search for credentials runs on the text as it is and on every decoded form of it, so that `hf\\u005f...` in JSON and
`hf%5F...` in a URL are found like the token itself. Forms may be nested: `%255F` is an escaped `%5F`.
"""

import binascii
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

Span = tuple[int, int]
Search = Callable[[str], Iterable[Span]]

# Encodings inside of each other that are undone. Real texts have two, such as base64 in a JSON string.
_DEPTH: Final = 4
_ESCAPE = re.compile(
    r"\x1b\[[0-9;]*m"  # a color: its final letter would hide the beginning of a word
    r"|%(?P<percent>[0-9A-Fa-f]{2})"
    r"|\\(?:u\{?(?P<u>[0-9A-Fa-f]{4})\}?|U(?P<U>[0-9A-Fa-f]{8})|x(?P<x>[0-9A-Fa-f]{2}))"
    r"|\\(?P<letter>[abefnrtv0\"'/\\])"
    r"|\\\r?\n[ \t]*"  # a line that YAML, Python or a shell joins with the next one
    r"|&\#(?:[xX](?P<hex>[0-9A-Fa-f]{1,6})|(?P<decimal>[0-9]{1,7}));?"
)
_FIRST_CHARACTERS: Final = ("\\", "%", "&", "\x1b")
_LETTERS: Final = {
    "a": "\a",
    "b": "\b",
    "e": "\x1b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
    "0": "\0",
    **{char: char for char in "\"'/\\"},
}
# Base64 of the shortest token, also over several lines as mail programs and PEM files break it.
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{20,}(?:\r?\n[ \t]*[A-Za-z0-9+/_-]{4,})*")
_HEX = re.compile(r"[0-9a-fA-F\s]+")
# Shorter texts in decoded bytes hold no token, and random bytes contain hardly any longer ones.
_ASCII = re.compile(rb"[\t\n\r\x1b\x20-\x7e]{12,}")
# The digits of URLs and file names as those of RFC 4648, without line breaks.
_STANDARD = str.maketrans("-_", "+/", " \t\r\n")


@dataclass(frozen=True, slots=True)
class _Unescaped:
    """A text without its escapes, and the place of each of its pieces in the original."""

    text: str
    # The offset of each piece in `text`, and its span in the original; an escape is a piece of its own.
    starts: tuple[int, ...]
    spans: tuple[Span, ...]

    def original(self, start: int, end: int) -> Span:
        """Return the span in the original from which the characters from `start` up to `end` come."""
        first, last = bisect_right(self.starts, start) - 1, bisect_right(self.starts, end - 1) - 1
        first_start, _ = self.spans[first]
        last_start, last_end = self.spans[last]
        begin = first_start + start - self.starts[first] if self._is_plain(first) else first_start
        stop = last_start + end - self.starts[last] if self._is_plain(last) else last_end
        return begin, stop

    def _is_plain(self, index: int) -> bool:
        """Return whether a piece is a part of the original without an escape."""
        start, end = self.spans[index]
        following = self.starts[index + 1] if index + 1 < len(self.starts) else len(self.text)
        return following - self.starts[index] == end - start


def find_in_every_form(text: str, search: Search, in_base64: Search, depth: int = _DEPTH) -> Iterator[Span]:
    """Yield the spans that a search finds in a text and in every decoded form of it, as spans of the text.

    Args:
        search: finds spans in a text.
        in_base64: a stricter search for decoded bytes, of which many are random.
        depth: the number of encodings inside of each other to undo.
    """
    yield from search(text)
    if not depth:
        return
    if unescaped := _unescaped(text):
        for start, end in find_in_every_form(unescaped.text, search, in_base64, depth - 1):
            yield unescaped.original(start, end)
    yield from _in_base64(text, in_base64, depth - 1)


def _unescaped(text: str) -> _Unescaped | None:
    """Return a text with every escape replaced by its character; None when it has none."""
    if not any(char in text for char in _FIRST_CHARACTERS):
        return None
    pieces: list[str] = []
    starts: list[int] = []
    spans: list[Span] = []
    length = last = 0
    for found in _ESCAPE.finditer(text):
        for piece, span in (
            (text[last : found.start()], (last, found.start())),
            (_character(found), found.span()),
        ):
            pieces.append(piece)
            starts.append(length)
            spans.append(span)
            length += len(piece)
        last = found.end()
    if not last:
        return None
    pieces.append(text[last:])
    return _Unescaped("".join(pieces), (*starts, length), (*spans, (last, len(text))))


def _character(found: re.Match[str]) -> str:
    # A color separates words, and a joined line does not.
    if found.lastgroup is None:
        return "\x1b" if found[0].startswith("\x1b") else ""
    if found.lastgroup == "letter":
        return _LETTERS[found["letter"]]
    code = int(found[found.lastgroup], 10 if found.lastgroup == "decimal" else 16)
    return chr(code) if code <= 0x10FFFF else " "


def _in_base64(text: str, search: Search, depth: int) -> Iterator[Span]:
    # Digests and paths are the most frequent words of this form. Base64 of a text has letters of both cases.
    words = (found for found in _BASE64.finditer(text) if not (found[0].islower() or found[0].isupper()))
    runs = [found for found in words if not _HEX.fullmatch(found[0])]
    decoded = [_decoded(found[0]) for found in runs]
    # One search for all: a listing has a hundred thousand such words, nearly always without a token in any of them.
    joined = "\n".join(decoded)
    if not joined.strip() or not any(True for _ in find_in_every_form(joined, search, search, depth)):
        return
    for found, form in zip(runs, decoded, strict=True):
        if any(True for _ in find_in_every_form(form, search, search, depth)):
            yield found.span()


def _decoded(run: str) -> str:
    """Return the ASCII texts in a run of base64, for each of the four digits at which the encoding may begin."""
    digits = run.translate(_STANDARD)
    texts: list[bytes] = []
    for start in range(4):
        length = len(digits) - start
        # A single digit at the end holds no whole byte.
        part = digits[start : len(digits) - (length % 4 == 1)]
        # Without NULs, text in UTF-16 reads like any other.
        texts += _ASCII.findall(binascii.a2b_base64(part + "=" * (-len(part) % 4)).translate(None, b"\0"))
    return b"\n".join(texts).decode("ascii")
