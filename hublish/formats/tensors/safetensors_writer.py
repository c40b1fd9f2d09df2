"""Write safetensors files whole or not at all, byte for byte as the safetensors library writes them.

The library's own writer holds every tensor in memory at once; this one streams them.
"""

import errno
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Final

from hublish.base import durable
from hublish.formats.input_files import InvalidFileError
from hublish.formats.tensors.safetensors_file import read_safetensors
from hublish.formats.tensors.safetensors_header import render_header
from hublish.formats.tensors.tensor import BLOCK_SIZE, Tensor

# Bytes that the kernel copies between two progress reports.
_RANGE_SIZE: Final = 64 << 20
# Results of copy_file_range across file systems, on old kernels and on special files: copy through memory instead.
_NO_RANGE_COPY: Final = frozenset({errno.EXDEV, errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP, errno.EBADF, errno.EPERM})


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A file with its header rendered and its data still at the source."""

    header: bytes
    tensors: tuple[Tensor, ...]
    """In the order of their bytes."""

    @classmethod
    def of(cls, tensors: Iterable[Tensor], metadata: Mapping[str, str]) -> "PlannedFile":
        """Sort the tensors and render their header.

        Raises:
            InvalidFileError: when the header would be too long.
        """
        # Wide elements first, so that all of them are aligned, then by name, as the library does. Python compares
        # code points and the library UTF-8 bytes; both give the same order.
        ordered = tuple(sorted(tensors, key=lambda tensor: (-tensor.dtype.rank, tensor.name)))
        return cls(render_header(ordered, metadata), ordered)

    @property
    def size(self) -> int:
        """Bytes of the whole file."""
        return len(self.header) + sum(tensor.nbytes for tensor in self.tensors)


def write_planned(target: Path, planned: PlannedFile, advance: Callable[[int], None]) -> None:
    """Write a file, and open it with the safetensors library before it gets its name.

    Args:
        target: the file to create or replace.
        planned: its header and tensors.
        advance: called with the size of every block written, in bytes.

    Raises:
        InvalidFileError: when a source yields more or fewer bytes than it described, or the library rejects the file.
        SourceChangedError: when a source changed.
    """
    with replacing(target) as file:
        output = Output(file.fileno(), advance)
        output.write(planned.header)
        for tensor in planned.tensors:
            before = output.written
            tensor.content.write_to(output)
            if output.written - before != tensor.nbytes:
                msg = f"tensor {tensor.name!r} yielded {output.written - before} bytes, not {tensor.nbytes}"
                raise InvalidFileError(msg)
        # The header alone is parsed, so this takes milliseconds for any size.
        read_safetensors(Path(os.fsdecode(file.name)), target.name)


@contextmanager
def replacing(target: Path) -> Iterator[FileIO]:
    """Open a file that takes the name `target` once all its bytes are on disk; an error removes it."""
    # A fixed name: one process writes to a workspace, and a killed one leaves a file that the next one replaces.
    temporary = target.with_name(f".{target.name}.partial")
    try:
        with open(temporary, "wb", buffering=0) as file:
            yield file
        durable.settle(temporary, target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


class Output:
    """A sink that writes an open file from its beginning to its end.

    Args:
        descriptor: the file, opened for writing; the caller closes it.
        advance: called with the size of every block written, in bytes.
    """

    def __init__(self, descriptor: int, advance: Callable[[int], None]) -> None:
        self._descriptor = descriptor
        self._advance = advance
        self._kernel_copies = True
        self.written = 0

    def write(self, data: bytes | memoryview) -> None:
        """Append `data`, a flat buffer of bytes."""
        view = memoryview(data)
        # A write may be partial, for example when a signal arrives or the disk is nearly full.
        while view:
            done = os.write(self._descriptor, view[:BLOCK_SIZE])
            self._count(done)
            view = view[done:]

    def copy(self, source: int, offset: int, length: int) -> int:
        """Append `length` bytes of the open file `source` from `offset`; return the number of bytes found there.

        Where it can, the kernel copies them without passing them through this process.
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
                # A full disk, for example, would fail the other way as well.
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


def _copy_range(source: int, target: int, length: int, offset: int) -> int:
    if sys.platform != "linux":
        raise OSError(errno.ENOSYS, "copy_file_range")
    return os.copy_file_range(source, target, length, offset_src=offset)
