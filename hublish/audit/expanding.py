"""Compressed bytes as a blob: expanded as far as they are read, and never beyond a bound.

The formats are told by their first bytes. Those that neither the standard library nor a dependency expands
(zstandard before Python 3.14 without its package, 7z, rar, compress) are named, so that they can be refused
instead of passing unseen.
"""

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib import import_module
from typing import Final, Protocol

from hublish.audit.blob import Blob

FLOOR: Final = 1 << 30
"""What may be expanded of one stream whatever its compressed size, in bytes."""
RATIO: Final = 20
"""Above the floor, how many times the compressed size may be expanded."""
_PIECE = 1 << 16
_BACK = 1 << 17


class TooLargeError(Exception):
    """A stream expands beyond the bound: a bomb, or nothing that can be looked into."""


class Decompressor(Protocol):
    """What bz2, lzma, lz4 and zstandard agree on; zlib and gzip are wrapped to fit."""

    @property
    def eof(self) -> bool:
        """Whether the stream has ended."""

    @property
    def unused_data(self) -> bytes:
        """What follows the end of the stream."""

    def decompress(self, data: bytes, /, max_length: int = -1) -> bytes:
        """Expand `data`, or what was held back, up to `max_length` bytes."""


class _Zlib:
    """`zlib.decompressobj` with the shape of `bz2.BZ2Decompressor`; `window` is zlib's `wbits`."""

    def __init__(self, window: int) -> None:
        self._stream = zlib.decompressobj(window)

    @property
    def eof(self) -> bool:
        return self._stream.eof

    @property
    def unused_data(self) -> bytes:
        return self._stream.unused_data

    def decompress(self, data: bytes, /, max_length: int = -1) -> bytes:
        return self._stream.decompress(self._stream.unconsumed_tail + data, max(max_length, 0))


Opener = Callable[[], Decompressor]


def raw_deflate() -> Decompressor:
    """Open the headerless deflate of zip members."""
    return _Zlib(-zlib.MAX_WBITS)


def _lz4() -> Decompressor:
    opened: Decompressor = import_module("lz4.frame").LZ4FrameDecompressor()
    return opened


def _zstandard_opener() -> Opener | None:
    for module, name in (("compression.zstd", "ZstdDecompressor"), ("backports.zstd", "ZstdDecompressor")):
        try:
            opener: Opener = getattr(import_module(module), name)
        except ImportError:
            continue
        return opener
    return None


_MAGICS: Final[tuple[tuple[bytes, str, Opener | None], ...]] = (
    (b"\x1f\x8b\x08", "gzip", lambda: _Zlib(zlib.MAX_WBITS | 16)),
    (b"BZh", "bzip2", bz2.BZ2Decompressor),
    (b"\xfd7zXZ\x00", "xz", lzma.LZMADecompressor),
    (b"\x5d\x00\x00", "lzma", lambda: lzma.LZMADecompressor(lzma.FORMAT_ALONE)),
    (b"\x04\x22\x4d\x18", "lz4", _lz4),
    (b"x\x01", "zlib", lambda: _Zlib(zlib.MAX_WBITS)),
    (b"x\x5e", "zlib", lambda: _Zlib(zlib.MAX_WBITS)),
    (b"x\x9c", "zlib", lambda: _Zlib(zlib.MAX_WBITS)),
    (b"x\xda", "zlib", lambda: _Zlib(zlib.MAX_WBITS)),
    (b"7z\xbc\xaf\x27\x1c", "7z", None),
    (b"Rar!\x1a\x07", "rar", None),
    (b"\x1f\x9d", "compress", None),
    (b"ZF0x", "joblib's old ZFile", None),
)
_ZSTANDARD = b"\x28\xb5\x2f\xfd"


def compression_of(head: bytes) -> tuple[str, Opener | None] | None:
    """Return the name of the compression and how to open it; None as the opener when nothing here can."""
    if head.startswith(_ZSTANDARD):
        return "zstandard", _zstandard_opener()
    for magic, name, opener in _MAGICS:
        if head.startswith(magic):
            return name, opener
    return None


def expands(blob: Blob, opener: Opener) -> bool:
    """Whether the bytes are what their first few promise: text may begin with `BZh` or `x^` too."""
    return bool(ExpandedBlob(blob, opener).read_at(0, 1))


@dataclass(slots=True)
class ExpandedBlob:
    """The content of a compressed blob. Reading backwards beyond a small window begins anew."""

    parent: Blob
    opener: Opener
    size: int | None = None
    """As a container's directory promises it; None when nothing does."""
    _pieces: Iterator[bytes] = field(default_factory=lambda: iter(()))
    _window: bytearray = field(default_factory=bytearray)
    _base: int = -1

    def read_at(self, offset: int, length: int) -> bytes:
        """Expand up to `offset + length` and return the piece.

        Raises:
            TooLargeError: when that lies beyond the bound.
        """
        if not 0 <= self._base <= offset:
            self._pieces, self._window, self._base = self._expand(), bytearray(), 0
        while self._base + len(self._window) < offset + length:
            piece = next(self._pieces, None)
            if piece is None:
                break
            self._window += piece
            surplus = min(offset, self._base + len(self._window) - _BACK) - self._base
            if surplus > _BACK:
                del self._window[:surplus]
                self._base += surplus
        start = offset - self._base
        return bytes(self._window[start : start + length])

    def _expand(self) -> Iterator[bytes]:
        """Yield what the stream expands to; a stream that breaks off ends, as it does for a loader."""
        consumed = expanded = 0
        decompressor, data = self.opener(), b""
        while True:
            try:
                piece = decompressor.decompress(data, max_length=_PIECE)
            except Exception:  # each library has its own errors for a stream that breaks off
                return
            expanded += len(piece)
            if expanded > max(FLOOR, RATIO * consumed):
                raise TooLargeError
            if piece:
                yield piece
            data = b""
            if decompressor.eof:
                # gzip, bzip2 and xz files may hold several streams in a row.
                decompressor, data = self.opener(), decompressor.unused_data
            if not piece and not data:
                data = self.parent.read_at(consumed, _PIECE)
                consumed += len(data)
                if not data:
                    return
