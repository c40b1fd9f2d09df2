"""Elements in any memory layout, written in C order and little-endian, a block at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from hublish.formats.tensors.dtypes import Dtype
from hublish.formats.tensors.errors import InvalidFileError
from hublish.formats.tensors.output import BLOCK_SIZE, Sink


@dataclass(frozen=True, slots=True)
class InMemoryArray:
    """An array of any strides and byte order."""

    array: NDArray[Any]
    dtype: Dtype

    def write_to(self, output: Sink) -> None:
        """Write the elements; a contiguous array is not copied."""
        for block in _blocks(self.array):
            output.write(_flat(block, self.dtype))


def _flat(array: NDArray[Any], dtype: Dtype) -> memoryview:
    """Return the elements' bytes in C order and little-endian; a view where they lie so already."""
    return np.ascontiguousarray(array, dtype.numpy).reshape(-1).view(np.uint8).data


def _blocks(array: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """Cut an array along its leading axes into pieces of at most a block, in C order."""
    if array.nbytes <= BLOCK_SIZE or not array.ndim:
        yield array
    elif (rows := BLOCK_SIZE // array[0].nbytes) > 0:
        yield from (array[first : first + rows] for first in range(0, len(array), rows))
    else:
        for part in array:
            yield from _blocks(part)


def write_stream(stream: IO[bytes], length: int, stored: np.dtype[Any], dtype: Dtype, output: Sink) -> None:
    """Write `length` bytes of C-order elements of type `stored` that can be read only once.

    Raises:
        InvalidFileError: when the stream ends early.
    """
    while length:
        data = _read_exactly(stream, min(length, BLOCK_SIZE))
        length -= len(data)
        output.write(data if stored == dtype.numpy else _flat(np.frombuffer(data, stored), dtype))


def _read_exactly(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    if len(data) != size:
        msg = f"the data ends {size - len(data)} bytes early"
        raise InvalidFileError(msg)
    return data
