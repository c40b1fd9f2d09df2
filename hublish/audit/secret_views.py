"""Decode text that is written in another form: escapes in strings, URLs and HTML, and base64.

Only the surroundings of an escape, and only base64 of ASCII text are decoded, so that files of neither cost little.
"""

import binascii
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

from hublish.audit.secret_search import Range

# Escapes of printable ASCII and of line breaks: of JSON, JavaScript, Python and C, of URLs, and of HTML and XML. A
# string within a string doubles the backslash.
_HEX: Final = rb"(?:[2-7][0-9A-Fa-f]|0[9AaDd])"
_SHORT_HEX: Final = rb"(?:[2-7][0-9A-Fa-f]|[9AaDd])"
_ESCAPES: Final = (
    rb"\\\\{0,3}(?:u00(?P<u>" + _HEX + rb")|x(?P<x>" + _HEX + rb")|u\{0{0,4}(?P<b>" + _SHORT_HEX + rb")\}"
    rb"|U000000(?P<l>" + _HEX + rb")|(?P<slash>/))",
    rb"%(?P<p>" + _HEX + rb")",
    rb"&(?:#[xX]0{0,4}(?P<h>" + _SHORT_HEX + rb")|#0{0,4}(?P<d>9|1[03]|[3-9][0-9]|1[01][0-9]|12[0-6])"
    rb"|(?P<name>amp|quot|apos|lt|gt));",
)
_ESCAPE: Final = re.compile(b"|".join(_ESCAPES))
# One after the other, because a search for a fixed first character is ten times faster than for one of three.
_SEARCHES: Final = tuple(map(re.compile, _ESCAPES))
_ESCAPE_BEGINS: Final = (b"\\", b"%", b"&")
_NAMED: Final = {b"amp": b"&", b"quot": b'"', b"apos": b"'", b"lt": b"<", b"gt": b">"}
# The most that a credential continues before or after an escape within it.
_AROUND: Final = 512

# Four characters of base64 for three of ASCII: the highest bit of each is zero, and the first is printable or a break.
# Other text hardly ever consists of them six times in a row. Lines are wrapped after 64 or 76 characters, so a break is
# between two such groups.
_LINE: Final = 80
_FIRST: Final = rb"[CDI-Za-f]"
_SECOND: Final = rb"[A-HQ-Xg-nw-z0-3]"
_THIRD: Final = rb"[ABEFIJMNQRUVYZcdghklopstwx014589]"
_GROUP: Final = _FIRST + _SECOND + _THIRD + rb"[A-Za-z0-9+/_-]"
# For each byte, a bit for each of the first three classes of a group; the fourth is any letter of the alphabet.
_GROUP_CLASSES: Final = bytes(
    sum(1 << bit for bit, members in enumerate((_FIRST, _SECOND, _THIRD)) if re.match(members, bytes([code])))
    for code in range(256)
)
_BREAK: Final = rb"(?:(?:\\[nr])+|\r?\n[ \t]{0,32})?"
# The first groups are written out: the search then skips to the characters with which one begins.
_ENCODED: Final = re.compile(
    _GROUP + _GROUP + rb"(?:" + _BREAK + _GROUP + rb"){4,}+(?:" + _BREAK + rb"[A-Za-z0-9+/_-]{1,4})?"
)
_BEFORE: Final = re.compile(rb"((?:[A-Za-z0-9+/_-]{4}){1,2})" + _BREAK + rb"\Z")
_GAPS: Final = re.compile(rb"\\[nr]|[^A-Za-z0-9+/_-]++")
_STANDARD: Final = bytes.maketrans(b"-_", b"+/")


class View(NamedTuple):
    """Text that was decoded, and for an offset in it the offset of its origin."""

    text: bytes
    origin: Callable[[int], int]


def views(data: bytes, texts: Iterable[Range], runs: Iterable[Range]) -> Iterator[View]:
    """Yield the decoded text of every range with escapes, and of base64 in the long runs."""
    for start, end in texts:
        yield from _unescaped(data, start, end)
    for start, end in runs:
        # The last line of wrapped base64 may be short.
        for found in _encoded(data, start, end + _LINE):
            yield from _from_base64(data, found)


def _encoded(data: bytes, start: int, end: int) -> Iterator[re.Match[bytes]]:
    """Yield what `_ENCODED.finditer` does, in a quarter of the time.

    Every second character of hexadecimal digits may begin a group. Where two groups follow each other, all bytes at
    once are compared: as one long number, in which each byte has a bit for each class that its character is in.
    """
    classes = data[start:end].translate(_GROUP_CLASSES)
    number = int.from_bytes(classes, "little")
    groups = number & (number >> 9) & (number >> 18) & int.from_bytes(b"\1" * len(classes), "little")
    pairs = (groups & (groups >> 32)).to_bytes(len(classes), "little")
    position = pairs.find(1)
    while position >= 0:
        found = _ENCODED.match(data, start + position, end)
        if found:
            yield found
        position = pairs.find(1, found.end() - start if found else position + 1)


def _unescaped(data: bytes, start: int, end: int) -> Iterator[View]:
    """Yield the surroundings of escapes, those of near ones together."""
    if not any(data.find(first, start, end) >= 0 for first in _ESCAPE_BEGINS):
        return
    places = sorted(found.span() for search in _SEARCHES for found in search.finditer(data, start, end))
    first = last = -1
    for begin, finish in places:
        if first >= 0 and begin > last + 2 * _AROUND:
            yield _view(data, max(start, first - _AROUND), min(end, last + _AROUND))
            first = -1
        first = begin if first < 0 else first
        last = finish
    if first >= 0:
        yield _view(data, max(start, first - _AROUND), min(end, last + _AROUND))


def _view(data: bytes, start: int, end: int) -> View:
    piece = data[start:end]

    def origin(offset: int) -> int:
        # Each escape is one byte of the text; only a finding asks for its origin, and there are few.
        shift = 0
        for found in _ESCAPE.finditer(piece):
            if found.start() - shift >= offset:
                break
            shift += len(found[0]) - 1
        return start + offset + shift

    return View(_ESCAPE.sub(_character, piece), origin)


def _character(found: re.Match[bytes]) -> bytes:
    kind, value = found.lastgroup, found[found.lastgroup or 0]
    if kind == "name":
        return _NAMED[value]
    if kind == "slash":
        return value
    return bytes([int(value, 10 if kind == "d" else 16)])


def _from_base64(data: bytes, found: re.Match[bytes]) -> Iterator[View]:
    """Yield the decoded text, and once more with the characters before it."""
    letters = _GAPS.sub(b"", found[0])
    yield View(_decoded(letters), lambda _: found.start())
    # The text may begin within a group whose first byte is not ASCII, or in the last group of the line before.
    if before := _BEFORE.search(data, max(0, found.start() - _LINE), found.start()):
        yield View(_decoded(before[1] + letters), lambda _: found.start())


def _decoded(letters: bytes) -> bytes:
    # One character in the last group is not a whole byte.
    letters = letters[: len(letters) - (len(letters) % 4 == 1)].translate(_STANDARD)
    return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))
