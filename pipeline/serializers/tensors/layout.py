"""Elements in any memory layout, written in C order and little-endian, a block at a time."""

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from hublish.pipeline.serializers.tensors.dtypes import Dtype
from hublish.pipeline.serializers.tensors.errors import InvalidFileError
from hublish.pipeline.serializers.tensors.output import BLOCK_SIZE, Output

_BAND_SIZE = 64 << 20  # bytes of a column-major file that are turned at once


@dataclass(frozen=True, slots=True)
class InMemoryArray:
    """An array of any strides and byte order."""

    array: NDArray[Any]
    dtype: Dtype

    def write_to(self, output: Output) -> None:
        """Write the elements; a contiguous array is not copied."""
        for block in _blocks(self.array):
            output.write(np.ascontiguousarray(block, self.dtype.numpy).reshape(-1).view(np.uint8).data)


def _blocks(array: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """Cut an array along its leading axes into pieces of at most a block, in C order."""
    if array.nbytes <= BLOCK_SIZE or not array.ndim:
        yield array
    elif (rows := BLOCK_SIZE // array[0].nbytes) > 0:
        yield from (array[first : first + rows] for first in range(0, len(array), rows))
    else:
        for part in array:
            yield from _blocks(part)


def write_stream(stream: IO[bytes], length: int, stored: np.dtype[Any], dtype: Dtype, output: Output) -> None:
    """Write `length` bytes of C-order elements of type `stored` that can be read only once.

    Raises:
        InvalidFileError: when the stream ends early.
    """
    while length:
        # Streams that inflate may answer with less; an element is never cut in two by asking for whole ones.
        data = _read_exactly(stream, min(length, BLOCK_SIZE))
        length -= len(data)
        output.write(data if stored == dtype.numpy else np.frombuffer(data, stored).astype(dtype.numpy).tobytes())


def _read_exactly(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    if len(data) != size:
        msg = f"the data ends {size - len(data)} bytes early"
        raise InvalidFileError(msg)
    return data


def write_fortran(
    source: int, offset: int, shape: tuple[int, ...], stored: np.dtype[Any], dtype: Dtype, output: Output
) -> None:
    """Write elements that lie in column-major order in the open file `source` from `offset`.

    Takes a band of rows at a time, which is one run of bytes in every column. Memory: the band, or one row along
    the first axis where that is larger.
    """
    rows, columns = shape[0], math.prod(shape[1:])
    band = max(1, _BAND_SIZE // max(1, columns * stored.itemsize))
    for first in range(0, rows, band):
        count = min(band, rows - first)
        buffer = np.empty((columns, count), stored)
        for column, start in _runs(columns, rows, first, count):
            _read_into(source, buffer[column], offset + start * stored.itemsize)
        turned = buffer.reshape(*shape[:0:-1], count).transpose()
        InMemoryArray(turned, dtype).write_to(output)


def _runs(columns: int, rows: int, first: int, count: int) -> Iterator[tuple[int | slice, int]]:
    if count == rows:
        return iter([(slice(None), 0)])
    return ((column, column * rows + first) for column in range(columns))


def _read_into(source: int, target: NDArray[Any], offset: int) -> None:
    view = target.reshape(-1).view(np.uint8).data
    while view:
        done = os.preadv(source, [view], offset)
        if not done:
            msg = f"the data ends {len(view)} bytes early"
            raise InvalidFileError(msg)
        view, offset = view[done:], offset + done
