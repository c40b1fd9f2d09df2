"""The bytes of tensors, from memory, files and streams, written in C order and little-endian, a block at a time."""

import math
import mmap
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
from numpy.typing import NDArray

from hublish.base.content import Identity
from hublish.formats.input_files import InvalidFileError, changed, unchanged
from hublish.formats.tensors.dtypes import DTYPES, Dtype
from hublish.formats.tensors.tensor import BLOCK_SIZE, Sink

# Bytes of a column-major array that are transposed at once: every band reads a part of each column again.
BAND_SIZE = 64 << 20
# A system call costs about as much as copying this many bytes, so shorter columns are read whole, many at once.
_LONG_COLUMN: Final = 8 << 10


@dataclass(frozen=True, slots=True)
class InMemoryArray:
    """An array of any strides and byte order."""

    array: NDArray[Any]
    dtype: Dtype

    def write_to(self, output: Sink) -> None:
        """Write the elements; a contiguous array is not copied."""
        for block in _blocks(self.array):
            output.write(_flat(block, self.dtype))


@dataclass(frozen=True, slots=True)
class FileRange:
    """A range of a file whose bytes already are in C order and little-endian."""

    path: Path
    identity: Identity
    offset: int
    length: int

    def write_to(self, output: Sink) -> None:
        """Copy the range."""
        with unchanged(self.path, self.identity) as descriptor:
            if output.copy(descriptor, self.offset, self.length) != self.length:
                raise changed(self.path)


@dataclass(frozen=True, slots=True)
class StridedRange:
    """Elements of a file at regular distances, which may be zero.

    The file is mapped while it is read, so the kernel can reclaim its pages.
    """

    path: Path
    identity: Identity
    offset: int
    """Of the first element, in bytes."""
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    """From one element to the next along each axis, in bytes."""
    dtype: Dtype
    """A type that numpy has."""
    big_endian: bool = False

    def write_to(self, output: Sink) -> None:
        """Write the elements in C order, little-endian."""
        if 0 in self.shape:
            return
        # ml_dtypes' bfloat16 has no byte order in numpy, so its bytes are swapped as those of an integer.
        carrier = DTYPES["U16"] if self.big_endian and self.dtype.name == "BF16" else self.dtype
        assert carrier.numpy is not None
        stored = carrier.numpy.newbyteorder(">") if self.big_endian else carrier.numpy
        with unchanged(self.path, self.identity) as descriptor:
            # `offset` need not be aligned: numpy copes with unaligned elements.
            mapping = mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ)
            array: NDArray[np.generic] = np.ndarray(self.shape, stored, mapping, self.offset, self.strides)
            InMemoryArray(array, carrier).write_to(output)


def write_stream(stream: IO[bytes], length: int, stored: np.dtype[Any], dtype: Dtype, output: Sink) -> None:
    """Write `length` bytes of C-order elements of type `stored` from a stream that can be read only once.

    Raises:
        InvalidFileError: when the stream ends early.
    """
    while length:
        size = min(length, BLOCK_SIZE)
        data = stream.read(size)
        if len(data) != size:
            raise _cut_short(size - len(data))
        length -= size
        output.write(data if stored == dtype.numpy else _flat(np.frombuffer(data, stored), dtype))


def write_column_major(
    source: int, offset: int, shape: tuple[int, ...], stored: np.dtype[Any], dtype: Dtype, output: Sink
) -> None:
    """Write the elements of a column-major (Fortran-order) array in the open file `source`.

    Memory: twice a band, or twice one row along the first axis where that is larger.

    Args:
        source: a descriptor that supports reading at any offset.
        offset: of the first element, in bytes.
        shape: with at least two dimensions.
        stored: the type in the file.
        dtype: the type that is written.
        output: receives the elements.

    Raises:
        InvalidFileError: when the file ends early.
    """
    rows, columns = shape[0], math.prod(shape[1:])
    band = max(1, BAND_SIZE // max(1, columns * stored.itemsize))
    for first in range(0, rows, band):
        buffer = np.empty((columns, min(band, rows - first)), stored)
        _read_band(source, offset, buffer, rows, first)
        # Column-major bytes are the C-order bytes of the reversed shape.
        InMemoryArray(buffer.reshape(*shape[:0:-1], buffer.shape[1]).transpose(), dtype).write_to(output)


def _blocks(array: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """Split an array along its leading axes into pieces of at most one block, in C order."""
    # A whole array that is not contiguous would be copied at once.
    if array.nbytes <= BLOCK_SIZE or not array.ndim:
        yield array
    elif (rows := BLOCK_SIZE // array[0].nbytes) > 0:
        yield from (array[first : first + rows] for first in range(0, len(array), rows))
    else:
        for part in array:
            yield from _blocks(part)


def _flat(array: NDArray[Any], dtype: Dtype) -> memoryview:
    """Return the elements' bytes in C order and little-endian; a view when they already are."""
    return np.ascontiguousarray(array, dtype.numpy).reshape(-1).view(np.uint8).data


def _read_band(source: int, offset: int, buffer: NDArray[Any], rows: int, first: int) -> None:
    """Fill `buffer`, of shape (columns, count), with `count` rows of every column, starting at row `first`."""
    columns, count = buffer.shape
    size = rows * buffer.itemsize
    # One band: the columns are consecutive in the file.
    if count == rows:
        _read_into(source, buffer, offset)
    elif size > _LONG_COLUMN:
        for column in range(columns):
            _read_into(source, buffer[column], offset + column * size + first * buffer.itemsize)
    else:
        many = BLOCK_SIZE // size
        for column in range(0, columns, many):
            whole = np.empty((min(many, columns - column), rows), buffer.dtype)
            _read_into(source, whole, offset + column * size)
            buffer[column : column + many] = whole[:, first : first + count]


def _read_into(source: int, target: NDArray[Any], offset: int) -> None:
    view = target.reshape(-1).view(np.uint8).data
    # A read may return less than requested, at most 2 GB on Linux.
    while view:
        done = os.preadv(source, [view], offset)
        if not done:
            raise _cut_short(len(view))
        view, offset = view[done:], offset + done


def _cut_short(missing: int) -> InvalidFileError:
    return InvalidFileError(f"the data ends {missing} bytes early")
