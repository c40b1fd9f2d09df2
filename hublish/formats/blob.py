"""Bytes addressed by offset: in memory, in an open stream, as a part of other bytes, or expanded as they are read."""

import io
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import chain
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
# Bytes by which the beginning of a compressed stream is recognized.
_LONGEST_MAGIC: Final = 16


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

    def read_into(self, offset: int, buffer: memoryview) -> int:
        """Read into the beginning of a buffer, and return the number of bytes: fewer than fit only at the end."""
        length = min(len(buffer), self.size - offset)
        if length <= 0:
            return 0
        self.stream.seek(offset)
        return cast("io.BufferedIOBase", self.stream).readinto(buffer[:length])


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


class Decompressor(Protocol):
    """The interface of the decompressors of bz2, lzma, lz4 and zstandard; that of zlib is adapted to it."""

    @property
    def eof(self) -> bool:
        """Whether the stream has ended."""

    @property
    def unused_data(self) -> bytes | None:
        """The bytes after the end of the stream."""

    def decompress(self, data: bytes, /, max_length: int = -1) -> bytes:
        """Return at most `max_length` bytes of the content; call it with no data for the rest."""


class ZlibStream:
    """`zlib.decompressobj` with the interface of `bz2.BZ2Decompressor`; `window` is zlib's `wbits`."""

    def __init__(self, window: int) -> None:
        self._stream = zlib.decompressobj(window)

    @property
    def eof(self) -> bool:
        """Whether the stream has ended."""
        return self._stream.eof

    @property
    def unused_data(self) -> bytes:
        """The bytes after the end of the stream."""
        return self._stream.unused_data

    def decompress(self, data: bytes, /, max_length: int = -1) -> bytes:
        """Return at most `max_length` bytes of the content."""
        # zlib hands back the input it held back, and takes 0 for "no limit".
        return self._stream.decompress(self._stream.unconsumed_tail + data, max(max_length, 0))


Opener = Callable[[], Decompressor]


def raw_deflate() -> Decompressor:
    """Return a decompressor for the headerless deflate of zip members."""
    return ZlibStream(-zlib.MAX_WBITS)


def zlib_stream() -> Decompressor:
    """Return a decompressor for zlib's own format (RFC 1950)."""
    return ZlibStream(zlib.MAX_WBITS)


@dataclass(slots=True)
class ExpandedBlob:
    """The content of a compressed blob, expanded as far as it is read."""

    parent: Blob
    opener: Opener
    size: int | None = None
    allowance: Allowance | None = None
    """Shared with other streams; None without a common bound."""
    resumes: re.Pattern[bytes] = re.compile(rb"(?s:.)")
    """How a stream after the first one begins; with other bytes there, the content ends."""
    doubt: int = 0
    """Bytes of content up to which it may be that of other data by chance, and does not use the allowance."""
    padding: Callable[[int, bytes], int] | None = None
    """Returns how many of a number of zeros belong to the bytes after them; None when zeros only separate streams."""
    broken: bool = False
    """Whether a stream could not be expanded to its end; known when all is read."""
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
        expanded = 0
        decompressor = self.opener()
        data, consumed = self._next_stream(b"", 0) if self.padding else (b"", 0)
        # Where the stream begins, in the file and in the content, and where the last bytes that it received begin.
        stream, before, received = consumed - len(data), 0, consumed - len(data)
        while True:
            try:
                piece = decompressor.decompress(data, max_length=_PIECE)
            except MemoryError:
                # For a dictionary of 4 GiB, which a reader with more memory has room for.
                raise TooLargeError from None
            except Exception:  # each library has its own errors for a stream that breaks off
                self.broken = True
                for piece in self._up_to_the_error(stream, range(received, consumed), expanded - before):
                    expanded += len(piece)
                    self._bound(expanded, len(piece), consumed)
                    yield piece
                return
            expanded += len(piece)
            self._bound(expanded, len(piece), consumed)
            if piece:
                yield piece
            data = b""
            if decompressor.eof:
                # Files may consist of several streams in a row, with padding between them.
                data, consumed = self._next_stream(decompressor.unused_data or b"", consumed)
                if not self.resumes.match(data):
                    return
                decompressor = self.opener()
                stream, before, received = consumed - len(data), expanded, consumed - len(data)
            elif not piece:
                data = self.parent.read_at(consumed, _PIECE)
                received, consumed = consumed, consumed + len(data)
                if not data:
                    return

    def _up_to_the_error(self, stream: int, last: range, known: int) -> Iterator[bytes]:
        """Yield the content before an error, of which a reader that takes fewer bytes at a time receives more.

        Args:
            stream: where the stream begins.
            last: the offsets of the bytes that have the error.
            known: bytes of content that the stream has given already.
        """
        decompressor = self.opener()
        blocks = ((offset, min(_PIECE, last.start - offset)) for offset in range(stream, last.start, _PIECE))
        for offset, length in chain(blocks, ((offset, 1) for offset in last)):
            data = self.parent.read_at(offset, length)
            while True:
                try:
                    piece = decompressor.decompress(data, max_length=_PIECE)
                except Exception:
                    return
                if not piece:
                    break
                if known < len(piece):
                    yield piece[max(known, 0) :]
                known, data = known - len(piece), b""

    def _bound(self, expanded: int, length: int, consumed: int) -> None:
        if expanded > max(FLOOR, RATIO * consumed):
            raise TooLargeError
        if self.allowance and expanded > self.doubt:
            self.allowance.take(length)

    def _next_stream(self, data: bytes, consumed: int) -> tuple[bytes, int]:
        """Return the bytes after the padding, and the number of bytes read so far."""
        begin = consumed - len(data)
        data = data.lstrip(b"\0")
        while len(data) < _LONGEST_MAGIC and (more := self.parent.read_at(consumed, _PIECE)):
            consumed += len(more)
            data = (data + more).lstrip(b"\0")
        if data and self.padding:
            data = bytes(self.padding(consumed - len(data) - begin, data)) + data
        return data, consumed


class SpooledBlob:
    """A copy of a blob, as far as it was read: going back in a compressed stream expands it again from its start."""

    def __init__(self, parent: Blob) -> None:
        import tempfile

        self._parent = parent
        self._copy = tempfile.SpooledTemporaryFile(_SPOOLED)  # noqa: SIM115 - closed by `close`
        self._copied = 0
        self._size = parent.size

    @property
    def size(self) -> int | None:
        """Number of bytes; None until reading to the end has revealed it."""
        return self._size

    def read_at(self, offset: int, length: int) -> bytes:
        """Copy up to `offset + length` and return the piece."""
        self._copy.seek(self._copied)
        while self._copied < offset + length:
            if not (piece := self._parent.read_at(self._copied, _PIECE)):
                self._size = self._copied
                break
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
