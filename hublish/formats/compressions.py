"""Detect the compressions of a file by its first bytes.

Some formats have no decompressor in the standard library or in a dependency (zstandard before Python 3.14 without its
package, 7z, rar, compress); they are detected all the same, so that a caller can reject them instead of taking them
for plain data. Bytes can be a stream of several formats: the headers of zlib and of LZMA alone are hardly any.
"""

import bz2
import lzma
import re
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from typing import Final, cast

from hublish.formats.blob import Blob, Decompressor, ExpandedBlob, Opener, ZlibStream, zlib_stream

# Bytes that the stream of a header that other data may have by chance can expand to without using the allowance of a
# file: a few kilobytes of zeros behind such a header expand to as many megabytes.
_DOUBT: Final = 64 << 20


@dataclass(frozen=True, slots=True)
class Compression:
    """A format that the bytes may be compressed with."""

    name: str
    opener: Opener | None
    """None without an available decompressor."""
    certain: bool = True
    """Whether other data does not begin like this: then a stream that cannot be read is damaged or crafted."""
    resumes: re.Pattern[bytes] = re.compile(rb"(?s:.)")
    """How a stream after the first one begins; other bytes there are ignored, as by common readers."""

    def content(self, blob: Blob) -> ExpandedBlob | None:
        """Return the content; None without a decompressor, or when no such stream begins here."""
        if self.opener is None:
            return None
        doubt = 0 if self.certain else _DOUBT
        padding = _lzma_zeros if self.opener is _LzmaOrXz else None
        found = ExpandedBlob(blob, self.opener, resumes=self.resumes, doubt=doubt, padding=padding)
        if padding and not self.certain and _is_constant(blob):
            return None
        # Text may begin with `x^` as well.
        return found if found.read_at(0, 1) or (self.certain and found.broken) else None


class _LzmaOrXz:
    """A decompressor of LZMA alone with any header, or of xz: `lzma.open` continues with either."""

    def __init__(self) -> None:
        self._stream: lzma.LZMADecompressor | None = None

    @property
    def eof(self) -> bool:
        return self._stream is not None and self._stream.eof

    @property
    def unused_data(self) -> bytes:
        return self._stream.unused_data if self._stream else b""

    def decompress(self, data: bytes, /, max_length: int = -1) -> bytes:
        if self._stream is None:
            if not data:
                return b""
            # The automatic choice rejects some headers of LZMA alone that a reader may accept.
            form = lzma.FORMAT_XZ if data.startswith(_XZ[:1]) else lzma.FORMAT_ALONE
            self._stream = lzma.LZMADecompressor(form)
        return self._stream.decompress(data, max_length)


def _gzip() -> Decompressor:
    return ZlibStream(zlib.MAX_WBITS | 16)


def _lz4() -> Decompressor:
    # Imported on use: hardly any file needs it.
    return cast(Decompressor, import_module("lz4.frame").LZ4FrameDecompressor())


def zstandard_opener() -> Opener | None:
    """Return the decompressor of one frame of zstandard; None if this Python has none."""
    for module in ("compression.zstd", "backports.zstd"):
        with suppress(ImportError):
            return cast(Opener, import_module(module).ZstdDecompressor)
    return None


_XZ: Final = b"\xfd7zXZ\x00"
_SKIPPABLE: Final = rb"[\x50-\x5f]\x2a\x4d\x18"
_BZIP2: Final = re.compile(rb"BZh[1-9](?:1AY&SY|\x17\x72\x45\x38\x50\x90)")
_READABLE: Final = (
    Compression("gzip", _gzip, resumes=re.compile(rb"\x1f\x8b\x08")),
    Compression("bzip2", bz2.BZ2Decompressor, resumes=_BZIP2),
    Compression("lz4", _lz4, resumes=re.compile(rb"\x04\x22\x4d\x18|" + _SKIPPABLE, re.DOTALL)),
)
ZSTANDARD: Final = re.compile(rb"\x28\xb5\x2f\xfd|" + _SKIPPABLE, re.DOTALL)
"""How a frame of zstandard begins."""
# Formats without a decompressor here.
_OTHERS: Final = (
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!\x1a\x07", "rar"),
    (b"\x1f\x9d", "compress"),
    (b"\x1f\x1e", "pack"),
    (b"\xff\x06\x00\x00sNaPpY", "snappy"),
    (b"LZIP\x01", "lzip"),
    (b"\x89LZO\x00\r\n\x1a\n", "lzop"),
    (b"MSCF\x00\x00\x00\x00", "cab"),
    (b"xar!\x00\x1c", "xar"),
    (b"\x02\x21\x4c\x18", "lz4's old format"),
)
# The most values of the properties byte of LZMA: 9 of lc, 5 of lp, 5 of pb.
_PROPERTIES: Final = 9 * 5 * 5
# The properties, the size of the dictionary, and that of the content.
_LZMA_HEADER: Final = 13
# So many zeros are an empty stream of LZMA alone, with the five bytes that begin the data.
_EMPTY_LZMA: Final = _LZMA_HEADER + 5
_PIECE: Final = 1 << 20
# The first bytes of all formats that have a signature.
_FIRST: Final = frozenset([*b"\x28\x1f\x04B\xfd", *range(0x50, 0x60), *(magic[0] for magic, _ in _OTHERS)])


def compressions_of(head: bytes) -> Iterator[Compression]:
    """Yield every compression that bytes with this head may have."""
    if head and head[0] in _FIRST:
        yield from _signed(head)
    # RFC 1950: deflate, a window of at most 32 KiB, and a check of both bytes.
    if len(head) > 1 and head[0] & 15 == 8 and head[0] >> 4 <= 7 and int.from_bytes(head[:2], "big") % 31 == 0:
        yield Compression("zlib", zlib_stream, certain=False)
    if _is_lzma(head):
        yield Compression("lzma", _LzmaOrXz, certain=False)


def _signed(head: bytes) -> Iterator[Compression]:
    if ZSTANDARD.match(head):
        yield Compression("zstandard", zstandard_opener(), resumes=ZSTANDARD)
    yield from (found for found in _READABLE if found.resumes.match(head))
    if head.startswith(_XZ):
        yield Compression("xz", _LzmaOrXz)
    yield from (Compression(name, None) for magic, name in _OTHERS if head.startswith(magic))


def _is_lzma(head: bytes) -> bool:
    """Whether a header of LZMA alone may begin here: the properties, two sizes, and data, which begins with a zero.

    The sizes may have any value: liblzma compares that of the content only when it detects the format by itself.
    """
    return len(head) > _LZMA_HEADER and head[0] < _PROPERTIES and not head[_LZMA_HEADER]


def _lzma_zeros(number: int, following: bytes) -> int:
    """Return how many of the zeros before a stream belong to it: xz is padded, LZMA alone has streams of zeros."""
    return 0 if following.startswith(_XZ) else number % _EMPTY_LZMA


def _is_constant(blob: Blob) -> bool:
    """Whether only zeros follow a header of LZMA alone: they expand to gigabytes of zeros."""
    offset = _LZMA_HEADER
    while piece := blob.read_at(offset, _PIECE):
        if piece.strip(b"\0"):
            return False
        offset += len(piece)
    return True
