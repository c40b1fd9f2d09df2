"""The file being written: blocks from memory, ranges from other files, and a count of both."""

import errno
import os
import sys
from collections.abc import Callable
from typing import Protocol

BLOCK_SIZE = 256 << 10
"""Bytes that go through memory at a time; larger blocks leave the processor's cache and take twice the time."""
_RANGE_SIZE = 64 << 20  # bytes the kernel copies between two reports of progress

# What copy_file_range answers across file systems, on old kernels and on special ones: copy by hand then.
_NO_RANGE_COPY = frozenset({errno.EXDEV, errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP, errno.EBADF, errno.EPERM})


class Sink(Protocol):
    """What the bytes of a tensor are written to."""

    def write(self, data: bytes | memoryview) -> None:
        """Append `data`, which is a flat run of bytes."""

    def copy(self, source: int, offset: int, length: int) -> int:
        """Append `length` bytes of the open file `source` from `offset`; return how many there were."""


class Output:
    """An open file that is written once, from its beginning to its end.

    Args:
        descriptor: the file, opened for writing; stays the caller's to close.
        advance: told the bytes of every block.
    """

    def __init__(self, descriptor: int, advance: Callable[[int], None]) -> None:
        self._descriptor = descriptor
        self._advance = advance
        self._kernel_copies = sys.platform == "linux"
        self.written = 0

    def write(self, data: bytes | memoryview) -> None:
        """Append `data`, which is a flat run of bytes."""
        view = memoryview(data)
        while view:
            done = os.write(self._descriptor, view[:BLOCK_SIZE])
            self._count(done)
            view = view[done:]

    def copy(self, source: int, offset: int, length: int) -> int:
        """Append `length` bytes of the open file `source` from `offset`; return how many there were.

        The kernel copies them where it can, so that they never pass through this process.
        """
        start = self.written
        while (done := self.written - start) < length:
            if not self._copy_some(source, offset + done, length - done):
                break
        return self.written - start

    def _copy_some(self, source: int, offset: int, length: int) -> int:
        if self._kernel_copies:
            try:
                return self._count(_copy_range(source, self._descriptor, min(length, _RANGE_SIZE), offset))
            except OSError as error:
                if error.errno not in _NO_RANGE_COPY:
                    raise
                self._kernel_copies = False
        data = os.pread(source, min(length, BLOCK_SIZE), offset)
        self.write(data)
        return len(data)

    def _count(self, amount: int) -> int:
        self.written += amount
        self._advance(amount)
        return amount


if sys.platform == "linux":

    def _copy_range(source: int, target: int, length: int, offset: int) -> int:
        return os.copy_file_range(source, target, length, offset_src=offset)

else:

    def _copy_range(source: int, target: int, length: int, offset: int) -> int:  # noqa: ARG001 - the same shape
        raise OSError(errno.ENOSYS, "copy_file_range")
