"""Bytes that are looked at in place: a file, a part of one, or memory, behind one method."""

from dataclasses import dataclass
from typing import BinaryIO, ClassVar, Protocol


class Blob(Protocol):
    """Bytes addressed by offset."""

    @property
    def size(self) -> int | None:
        """Number of bytes; None when only reading to the end would tell."""

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
    """An open stream, of which one thread reads parts."""

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
    """A part of another blob: the bytes of a stored member."""

    parent: Blob
    start: int
    size: int

    def read_at(self, offset: int, length: int) -> bytes:
        """Read from the parent, never past the part's end."""
        length = min(length, self.size - offset)
        return self.parent.read_at(self.start + offset, length) if length > 0 else b""


@dataclass(slots=True)
class Cursor:
    """Forward reading of a blob through a window, so that a byte costs no system call."""

    blob: Blob
    position: int = 0
    _window: bytes = b""
    _base: int = 0

    WINDOW: ClassVar[int] = 1 << 16

    def take(self, length: int) -> bytes:
        """Return the next `length` bytes (at most a window) and move past them; fewer only at the end."""
        start = self.position - self._base
        if not 0 <= start <= len(self._window) - length:
            self._refill(max(length, self.WINDOW))
            start = 0
        taken = self._window[start : start + length]
        self.position += len(taken)
        return taken

    def skip(self, length: int) -> bool:
        """Move past `length` bytes; return whether the blob holds them all."""
        end = self.position + length
        if length and not self._holds(end):
            return False
        self.position = end
        return True

    def line(self) -> bytes | None:
        """Return the start of the next line (at most a window) and move past its newline; None without one."""
        start = self.position
        while True:
            if not self._base <= self.position < self._base + len(self._window):
                self._refill(self.WINDOW)
            if not self._window:
                return None
            found = self._window.find(b"\n", self.position - self._base)
            if found >= 0:
                self.position = self._base + found + 1
                break
            self.position = self._base + len(self._window)
        length = min(self.position - 1 - start, self.WINDOW)
        inside = start - self._base
        return self._window[inside : inside + length] if inside >= 0 else self.blob.read_at(start, length)

    def _refill(self, length: int) -> None:
        self._window = self.blob.read_at(self.position, length)
        self._base = self.position

    def _holds(self, end: int) -> bool:
        if self.blob.size is not None:
            return end <= self.blob.size
        return bool(self.blob.read_at(end - 1, 1))
