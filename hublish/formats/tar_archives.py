"""Read tar archives strictly: old v7, ustar, GNU and pax.

Readers of tar differ in how they read numbers, whose sizes they follow, and where an archive ends. A member that one
reader skips is a pickle that another one loads. So this module refuses every header that `tarfile`, GNU tar and
libarchive do not understand alike, and continues after the end of an archive, as `tarfile` does with `ignore_zeros`.

`tarfile` itself is not used: it reads whole pax headers into memory, and seeks backwards in compressed archives.
"""

import re
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

from hublish.formats.blob import Blob, SliceBlob, StreamBlob

# The unit of a tar: a header takes one, and content is padded to a multiple (POSIX.1-1988, ustar).
_BLOCK: Final = 512
_PIECE: Final = 1 << 20
# Two for each member that the audit inspects at most.
_MAX_HEADERS: Final = 400_000
_SIGNATURE: Final = b"ustar"
# A number ends at a space or a NUL, and readers differ in what they make of the bytes after it.
_OCTAL: Final = re.compile(rb" *([0-7]*)[ \0]*")
_EMPTY: Final = re.compile(rb"[ \0]*")
# GNU's base 256, for sizes beyond 8 GiB and times before 1970; the other first bytes are not read by all.
_BINARY: Final = b"\x80\xff"
# The fields that tarfile parses: mode, uid, gid, mtime, and the two numbers of a device.
_OTHER_NUMBERS: Final = ((100, 108), (108, 116), (116, 124), (136, 148), (329, 337), (337, 345))
# The forms of a checksum that tarfile reads: octal digits as `int` accepts them, or GNU's base 256.
_CHECKSUM_BEGINS: Final = re.compile(rb"[0-7+\s\x80\xff]")
_CHECKSUM: Final = re.compile(rb"\s*\+?(?:0[oO]_?)?[0-7_]+\s*(?:\0.*)?|\x80\0{4}[\0\1]..|\xff{5}...", re.DOTALL)
_LARGEST: Final = 1 << 62

_REGULAR: Final = b"\x000\x37"
# Links, devices, folders and pipes: with a size, some readers skip content after them and others do not.
_EMPTY_TYPES: Final = b"123456"
_LONG_NAME: Final = b"LK"
_PAX: Final = b"xX"
_PAX_GLOBAL: Final = b"g"
_DESCRIPTIONS: Final = _LONG_NAME + _PAX + _PAX_GLOBAL
_SPARSE: Final = b"S"
# Content of a header that describes the next member.
_MAX_DESCRIPTION: Final = 1 << 20
# Such headers before one member: two long names and a pax header.
_MAX_DESCRIPTIONS: Final = 8
# A pax record is `LENGTH KEY=VALUE\n` (POSIX.1-2001, pax).
_RECORD_LENGTH: Final = re.compile(rb"([1-9]\d{0,6}) ")
# Keys that change where content begins or ends.
_SPARSE_KEYS: Final = (b"GNU.sparse.", b"SCHILY.realsize", b"SUN.holesdata")


@dataclass(frozen=True, slots=True)
class Member:
    """Bytes within a file, which are a file of their own."""

    name: str
    """Empty for the content of a compressed file."""
    blob: Blob


class UnreadableError(Exception):
    """A file whose content cannot be inspected; the message describes it, such as `a zip archive (it is cut short)`."""


def tar_members(blob: Blob, head: bytes) -> Iterator[Member] | None:
    """Yield every member that has content, to the end of the bytes."""
    start = 0 if any(head[:_BLOCK]) else _after_zeros(blob, 0)
    if start is None:
        return None
    if _is_header(blob.read_at(start, _BLOCK)):
        return _Archive(blob).members(start)
    headers = _later_headers(blob, start)
    return None if (first := next(headers, None)) is None else _members_at(blob, chain((first,), headers))


def _later_headers(blob: Blob, start: int) -> Iterator[int]:
    """Yield the offsets of headers after other bytes, which GNU tar skips, and `tarfile` does with `ignore_zeros`."""
    if isinstance(blob, SearchedBlob):
        yield from blob.headers[bisect_left(blob.headers, start) :]
        return
    base = start
    while piece := blob.read_at(base, _PIECE):
        yield from _headers_in(piece, base)
        base += len(piece)


def _headers_in(piece: bytes | memoryview, base: int) -> Iterator[int]:
    # The first byte of each checksum: most blocks are dismissed by it.
    for found in _CHECKSUM_BEGINS.finditer(bytes(piece[148::_BLOCK])):
        block = found.start() * _BLOCK
        if _CHECKSUM.fullmatch(piece, block + 148, block + 156) and _is_header(bytes(piece[block : block + _BLOCK])):
            yield base + block


@dataclass(frozen=True, slots=True)
class SearchedBlob(StreamBlob):
    """A stream in which a `HeaderSearch` has found the offsets of all headers."""

    headers: Sequence[int]


@dataclass(slots=True)
class HeaderSearch:
    """Finds headers in a file that is read for other reasons too: it receives the pieces, each of whole blocks."""

    _found: "array[int]" = field(default_factory=lambda: array("Q"))
    _offset: int = 0

    def feed(self, piece: bytes | memoryview) -> None:
        """Search the next piece."""
        if len(self._found) <= _MAX_HEADERS:
            self._found.extend(_headers_in(piece, self._offset))
        self._offset += len(piece)

    def result(self, blob: StreamBlob) -> StreamBlob:
        """Return the file with its headers; unchanged when it has too many to remember."""
        known = len(self._found) <= _MAX_HEADERS
        return SearchedBlob(blob.stream, blob.size, self._found) if known else blob


def _members_at(blob: Blob, headers: Iterator[int]) -> Iterator[Member]:
    """Yield the content after each header. Where the bytes are no archive to most readers, nothing else is required."""
    for position in headers:
        header = blob.read_at(position, _BLOCK)
        try:
            size = _number(header[124:136])
        except UnreadableError:
            # One block in millions of a shared library has a fitting checksum by chance; readers skip it, too.
            if header.startswith(_SIGNATURE, 257) or _has_number(header[124:136]):
                raise
            continue
        content = SliceBlob(blob, position + _BLOCK, size)
        kind = header[156:157]
        if kind == _SPARSE or (kind in _PAX + _PAX_GLOBAL and _has_sizes(content)):
            raise _unreadable("a member behind other bytes has two sizes")
        if size > 0:
            yield Member("a member", content)


def _has_sizes(content: SliceBlob) -> bool:
    """Whether a pax header may change where the content of a member begins or ends."""
    keys = (b"size", *_SPARSE_KEYS)
    return content.size > _MAX_DESCRIPTION or any(key in content.read_at(0, content.size) for key in keys)


@dataclass(slots=True)
class _Description:
    """The headers before a member that describe it."""

    count: int = 0
    kinds: bytes = b""
    name: bytes | None = None
    size: int | None = None


@dataclass(slots=True)
class _Archive:
    blob: Blob
    described: _Description = field(default_factory=_Description)

    def members(self, start: int) -> Iterator[Member]:
        position: int | None = start
        headers = 0
        while position is not None:
            header = self.blob.read_at(position, _BLOCK)
            if not any(header):
                self._check_complete()
                # One block of zeros ends an archive for some readers, two for others; more members may follow.
                position = _after_zeros(self.blob, position)
                continue
            headers += 1
            if headers > _MAX_HEADERS:
                raise _unreadable(f"it has more than {_MAX_HEADERS} headers")
            _check_header(header)
            size = self._size(header)
            content = SliceBlob(self.blob, position + _BLOCK, size)
            if (kind := header[156:157]) in _DESCRIPTIONS:
                self._describe(kind, content)
            else:
                if size:
                    yield Member(self._name(header).decode("utf-8", "replace"), content)
                self.described = _Description()
            # Afterwards, because going back in a compressed archive expands it again.
            if size and not self.blob.read_at(position + _BLOCK + size - 1, 1):
                raise _unreadable("it is cut short")
            position += _BLOCK + -(-size // _BLOCK) * _BLOCK

    def _check_complete(self) -> None:
        # A global header needs no member: git writes one for an empty tree.
        if self.described.kinds.strip(_PAX_GLOBAL):
            raise _unreadable("it is cut short")

    def _size(self, header: bytes) -> int:
        """Return the size of the content, on which all readers agree."""
        size, kind, wide = _number(header[124:136]), header[156:157], self.described.size
        if kind == _SPARSE:
            raise _unreadable("a member has holes")
        if wide is not None:
            # A writer of a pax size leaves zero in the header, or as much of it as fits.
            if kind in _DESCRIPTIONS or size not in (0, wide):
                raise _unreadable("a member has two sizes")
            size = wide
        if size and (kind in _EMPTY_TYPES or (kind in _REGULAR and self._name(header).endswith(b"/"))):
            raise _unreadable("a link or folder has content")
        return size

    def _name(self, header: bytes) -> bytes:
        return header[:100].partition(b"\0")[0] if self.described.name is None else self.described.name

    def _describe(self, kind: bytes, content: SliceBlob) -> None:
        described = self.described
        described.count += 1
        if content.size > _MAX_DESCRIPTION or described.count > _MAX_DESCRIPTIONS:
            raise _unreadable("a member has too long a description")
        if kind != _PAX_GLOBAL and kind in described.kinds:
            raise _unreadable("a member is described twice")
        described.kinds += kind
        data = content.read_at(0, content.size)
        if kind in _LONG_NAME:
            if kind == b"L":
                described.name = data.partition(b"\0")[0]
            return
        records = dict(_records(data))
        if b"size" in records:
            # tarfile applies a size of a global header to the members, but not to the places after them.
            if kind == _PAX_GLOBAL or not re.fullmatch(rb"\d{1,18}", records[b"size"]):
                raise _unreadable("a pax header has an ambiguous size")
            described.size = int(records[b"size"])
        if kind in _PAX and b"path" in records:
            described.name = records[b"path"]


def _records(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the records of a pax header, which must fill it."""
    position, seen = 0, set[bytes]()
    while position < len(data):
        length = _RECORD_LENGTH.match(data, position)
        end = position + int(length[1]) if length else 0
        if length is None or end <= length.end() or end > len(data) or data[end - 1 : end] != b"\n":
            raise _unreadable("a pax header is damaged")
        key, separator, value = data[length.end() : end - 1].partition(b"=")
        if not separator or not key or key in seen or b"\n" in key:
            raise _unreadable("a pax header is damaged")
        if key.startswith(_SPARSE_KEYS):
            raise _unreadable("a member has holes")
        seen.add(key)
        yield key, value
        position = end


def _is_header(block: bytes) -> bool:
    """Whether a reader takes a block for a header: by its signature, or by its checksum, because v7 has none."""
    if len(block) < _BLOCK or block.startswith(_SIGNATURE, 257):
        return len(block) == _BLOCK
    # An empty checksum is zero to tarfile.
    if block[148] and not _CHECKSUM_BEGINS.match(block, 148):
        return False
    try:
        # As liberal as tarfile, so that a header that it reads is never taken for other data.
        checksum = _lenient_number(block[148:156])
    except ValueError:
        return False
    return checksum in _checksums(block)


def _check_header(block: bytes) -> None:
    if len(block) < _BLOCK:
        raise _unreadable("it is cut short")
    if _number(block[148:156]) not in _checksums(block):
        raise _unreadable("a header is damaged")
    for begin, end in _OTHER_NUMBERS:
        if block[begin] != _BINARY[1]:
            _number(block[begin:end])


def _checksums(block: bytes) -> tuple[int, int]:
    """Return the sums of the bytes of a header, unsigned and, as some old writers computed it, signed."""
    # The sum counts its own field as spaces.
    counted = block[:148] + b" " * 8 + block[156:]
    unsigned = sum(counted)
    return unsigned, unsigned - 256 * sum(byte > 127 for byte in counted)


def _number(raw: bytes) -> int:
    if raw[:1] == b"\x80":
        number = int.from_bytes(raw[1:], "big")
    elif found := _OCTAL.fullmatch(raw):
        number = int(found[1] or b"0", 8)
    else:
        raise _unreadable("a header has a number that readers understand differently")
    if number > _LARGEST:
        raise _unreadable("a header has an impossible number")
    return number


def _lenient_number(raw: bytes) -> int:
    if raw[:1] and raw[0] in _BINARY:
        number = int.from_bytes(raw[1:], "big")
        return number if raw[0] == _BINARY[0] else number - 256 ** (len(raw) - 1)
    return int(raw.partition(b"\0")[0].decode("ascii").strip() or "0", 8)


def _has_number(raw: bytes) -> bool:
    """Whether some reader finds a number in a field; GNU tar once wrote base 64 after a sign."""
    try:
        return raw[:1] in (b"+", b"-") or _lenient_number(raw) > 0
    except ValueError:
        return False


def _after_zeros(blob: Blob, position: int) -> int | None:
    """Return the first block from `position` on that has another byte than zero."""
    while piece := blob.read_at(position, _PIECE):
        rest = piece.lstrip(b"\0")
        if rest:
            return position + (len(piece) - len(rest)) // _BLOCK * _BLOCK
        position += len(piece)
    return None


def _unreadable(reason: str) -> UnreadableError:
    return UnreadableError(f"a tar archive ({reason})")
