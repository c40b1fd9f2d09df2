"""Bytes addressed by offset: in memory, in an open stream, as a part of other bytes, or expanded as they are read.

Compressed formats are detected by their first bytes. Some have no decompressor in the standard library or in a
dependency (zstandard before Python 3.14 without its package, 7z, rar, compress); they are detected all the same, so
that a caller can reject them instead of taking them for plain data.
"""

import bz2
import io
import lzma
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from importlib import import_module
from typing import BinaryIO, Final, Protocol, cast

# Every stream may expand to so many bytes.
FLOOR: Final = 1 << 30
# Above the floor, the most times that a stream may expand its compressed size.
RATIO: Final = 20
_PIECE: Final = 1 << 16
# Bytes of a copy that are kept in memory; more go to a temporary file.
_SPOOLED: Final = 64 << 20
# Readers step back by less than this; reading further back expands the stream again from its start.
_BACK: Final = 1 << 17


class Blob(Protocol):
    """Bytes addressed by offset."""

    @property
    def size(self) -> int | None:
        """Number of bytes; None when only reading to the end reveals it."""

    def read_at(self, offset: int, length: int) -> bytes:
        """Return up to `length` bytes from `offset`: fewer only at the end."""


@dataclass(frozen=True, slots=True)
class MemoryBlob:
    """Bytes in memory."""

    data: bytes

    @property
    def size(self) -> int:
        """Number of bytes."""
        return len(self.data)

    def read_at(self, offset: int, length: int) -> bytes:
        """Return a slice."""
        return self.data[offset : offset + length]


@dataclass(frozen=True, slots=True)
class StreamBlob:
    """An open seekable stream, for one thread at a time."""

    stream: BinaryIO
    size: int

    def read_at(self, offset: int, length: int) -> bytes:
        """Read from the stream, within the size it was opened with."""
        length = min(length, self.size - offset)
        if length <= 0:
            return b""
        self.stream.seek(offset)
        return self.stream.read(length)


@dataclass(frozen=True, slots=True)
class SliceBlob:
    """A part of another blob, such as a stored member of an archive."""

    parent: Blob
    start: int
    size: int

    def read_at(self, offset: int, length: int) -> bytes:
        """Read from the parent, never past the part's end."""
        length = min(length, self.size - offset)
        return self.parent.read_at(self.start + offset, length) if length > 0 else b""


@dataclass(frozen=True, slots=True)
class TailBlob:
    """All bytes of another blob from an offset on."""

    parent: Blob
    start: int

    @property
    def size(self) -> int | None:
        """Number of bytes; None when that of the parent is unknown."""
        return None if self.parent.size is None else max(0, self.parent.size - self.start)

    def read_at(self, offset: int, length: int) -> bytes:
        """Read from the parent."""
        return self.parent.read_at(self.start + offset, length)


class BlobFile(io.RawIOBase):
    """A blob as a seekable binary file, for libraries that read files."""

    def __init__(self, blob: Blob) -> None:
        super().__init__()
        self._blob = blob
        self._position = 0
        self._size = measured(blob)

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a position; an OSError when it is negative, as for files, which zipfile relies on."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise OSError("negative position")
        self._position = base + offset
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typeshed's Buffer is 3.12's
        """Read into a buffer, and return the number of bytes read."""
        data = self._blob.read_at(self._position, len(buffer))
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)


def measured(blob: Blob) -> int:
    """Return the number of bytes, reading to the end when necessary."""
    if blob.size is not None:
        return blob.size
    size = 0
    while piece := blob.read_at(size, 1 << 20):
        size += len(piece)
    return size


# ------------------------------------------------------------------------------------------- compressed bytes


class TooLargeError(Exception):
    """A stream expands beyond the bound."""


@dataclass(slots=True)
class Allowance:
    """The bytes that all streams of one file may still expand to; reading back expands them again."""

    left: int

    def take(self, length: int) -> None:
        """Use some of it.

        Raises:
            TooLargeError: when nothing is left.
        """
        self.left -= length
        if self.left < 0:
            raise TooLargeError


class _Decompressor(Protocol):
    """The interface of the decompressors of bz2, lzma, lz4 and zstandard; that of zlib is adapted to it."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, /, max_length: int = -1) -> bytes: ...


class _Zlib:
    """`zlib.decompressobj` with the interface of `bz2.BZ2Decompressor`; `window` is zlib's `wbits`."""

    def __init__(self, window: int) -> None:
        self._stream = zlib.decompressobj(window)

    @property
    def eof(self) -> bool:
        return self._stream.eof

    @property
    def unused_data(self) -> bytes:
        return self._stream.unused_data

    def decompress(self, data: bytes, /, max_length: int = -1) -> bytes:
        # zlib hands back the input it held back, and takes 0 for "no limit".
        return self._stream.decompress(self._stream.unconsumed_tail + data, max(max_length, 0))


Opener = Callable[[], _Decompressor]


def raw_deflate() -> _Decompressor:
    """Return a decompressor for the headerless deflate of zip members."""
    return _Zlib(-zlib.MAX_WBITS)


def zlib_stream() -> _Decompressor:
    """Return a decompressor for zlib's own format (RFC 1950)."""
    return _Zlib(zlib.MAX_WBITS)


def _zstandard_opener() -> Opener | None:
    for module in ("compression.zstd", "backports.zstd"):
        with suppress(ImportError):
            return cast(Opener, import_module(module).ZstdDecompressor)
    return None


_MAGICS: Final[tuple[tuple[bytes, str, Opener | None], ...]] = (
    (b"\x1f\x8b\x08", "gzip", lambda: _Zlib(zlib.MAX_WBITS | 16)),
    (b"BZh", "bzip2", bz2.BZ2Decompressor),
    (b"\xfd7zXZ\x00", "xz", lzma.LZMADecompressor),
    # The properties byte of the defaults (lc=3, lp=0, pb=2), and the low bytes of a dictionary size.
    (b"\x5d\x00\x00", "lzma", lambda: lzma.LZMADecompressor(lzma.FORMAT_ALONE)),
    # Imported on use: hardly any file needs it.
    (b"\x04\x22\x4d\x18", "lz4", lambda: import_module("lz4.frame").LZ4FrameDecompressor()),
    # The four levels of zlib with its usual window of 32 KiB (RFC 1950); joblib writes these.
    *((magic, "zlib", zlib_stream) for magic in (b"x\x01", b"x\x5e", b"x\x9c", b"x\xda")),
    (b"7z\xbc\xaf\x27\x1c", "7z", None),
    (b"Rar!\x1a\x07", "rar", None),
    (b"\x1f\x9d", "compress", None),
    (b"LZIP\x01", "lzip", None),
    (b"\x89LZO\x00\r\n\x1a\n", "lzop", None),
    (b"MSCF\x00\x00\x00\x00", "cab", None),
    (b"xar!\x00\x1c", "xar", None),
    (b"ZF0x", "joblib's old ZFile", None),
)
_ZSTANDARD: Final = b"\x28\xb5\x2f\xfd"


def compression_of(head: bytes) -> tuple[str, Opener | None] | None:
    """Return the name of the compression and its opener, None without an available decompressor."""
    if head.startswith(_ZSTANDARD):
        return "zstandard", _zstandard_opener()
    for magic, name, opener in _MAGICS:
        if head.startswith(magic):
            return name, opener
    return None


def expands(blob: Blob, opener: Opener) -> bool:
    """Whether the bytes expand: text may begin with `BZh` or `x^` as well."""
    return bool(ExpandedBlob(blob, opener).read_at(0, 1))


@dataclass(slots=True)
class ExpandedBlob:
    """The content of a compressed blob, expanded as far as it is read."""

    parent: Blob
    opener: Opener
    size: int | None = None
    allowance: Allowance | None = None
    """Shared with other streams; None without a common bound."""
    _pieces: Iterator[bytes] = field(default_factory=lambda: iter(()))
    _window: bytearray = field(default_factory=bytearray)
    _base: int = -1

    def read_at(self, offset: int, length: int) -> bytes:
        """Expand up to `offset + length` and return the piece.

        Raises:
            TooLargeError: when the stream expands beyond the bound.
        """
        # A position before the window can only be reached from the start.
        if not 0 <= self._base <= offset:
            self._pieces, self._window, self._base = self._expand(), bytearray(), 0
        while self._base + len(self._window) < offset + length:
            if (piece := next(self._pieces, None)) is None:
                break
            self._window += piece
            # Only the end of the window is kept: so memory stays constant.
            surplus = min(offset, self._base + len(self._window) - _BACK) - self._base
            if surplus > _BACK:
                del self._window[:surplus]
                self._base += surplus
        start = offset - self._base
        return bytes(self._window[start : start + length])

    def _expand(self) -> Iterator[bytes]:
        """Yield the expanded pieces; a stream that breaks off ends there, as it does for a loader."""
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
            if self.allowance:
                self.allowance.take(len(piece))
            if piece:
                yield piece
            data = b""
            if decompressor.eof:
                # gzip, bzip2 and xz files may consist of several streams in a row.
                decompressor, data = self.opener(), decompressor.unused_data
            if not piece and not data:
                data = self.parent.read_at(consumed, _PIECE)
                consumed += len(data)
                if not data:
                    return


class SpooledBlob:
    """A copy of a blob, as far as it was read: going back in a compressed stream expands it again from its start."""

    def __init__(self, parent: Blob) -> None:
        self._parent = parent
        self._copy = tempfile.SpooledTemporaryFile(_SPOOLED)  # noqa: SIM115 - closed by `close`
        self._copied = 0

    @property
    def size(self) -> int | None:
        """Number of bytes; None when only reading to the end reveals it."""
        return self._parent.size

    def read_at(self, offset: int, length: int) -> bytes:
        """Copy up to `offset + length` and return the piece."""
        self._copy.seek(self._copied)
        while self._copied < offset + length and (piece := self._parent.read_at(self._copied, _PIECE)):
            self._copied += self._copy.write(piece)
        # A pickle may skip farther than a file can seek.
        if offset >= self._copied:
            return b""
        self._copy.seek(offset)
        return self._copy.read(length)

    def close(self) -> None:
        """Delete the copy."""
        self._copy.close()


@contextmanager
def random_access(blob: Blob) -> Iterator[Blob]:
    """Yield the same bytes with cheap access at any offset; a copy if they are compressed."""
    root = blob
    while isinstance(root, SliceBlob | TailBlob):
        root = root.parent
    if not isinstance(root, ExpandedBlob):
        yield blob
        return
    with closing(SpooledBlob(blob)) as copy:
        yield copy
