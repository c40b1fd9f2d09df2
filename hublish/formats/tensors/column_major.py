"""Files whose elements lie in column-major (Fortran) order, turned a band of rows at a time."""

import math
import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hublish.formats.tensors.dtypes import Dtype
from hublish.formats.tensors.errors import InvalidFileError
from hublish.formats.tensors.layout import InMemoryArray
from hublish.formats.tensors.output import BLOCK_SIZE, Sink

BAND_SIZE = 64 << 20
"""Bytes that are turned at once."""
# A read costs about as much as copying this many bytes: shorter columns are read whole, many at once.
_LONG_COLUMN = 8 << 10


def write_column_major(
    source: int, offset: int, shape: tuple[int, ...], stored: np.dtype[Any], dtype: Dtype, output: Sink
) -> None:
    """Write the elements of type `stored` that lie in the open file `source` from `offset`.

    Memory: twice a band, or twice one row along the first axis where that is larger.

    Args:
        source: a descriptor that can be read at any place.
        offset: of the first element.
        shape: with two dimensions at least.
        stored: the type in the file.
        dtype: the type that is written.
        output: where to.

    Raises:
        InvalidFileError: when the file ends early.
    """
    rows, columns = shape[0], math.prod(shape[1:])
    band = max(1, BAND_SIZE // max(1, columns * stored.itemsize))
    for first in range(0, rows, band):
        buffer = np.empty((columns, min(band, rows - first)), stored)
        _read_band(source, offset, buffer, rows, first)
        turned = buffer.reshape(*shape[:0:-1], buffer.shape[1]).transpose()
        InMemoryArray(turned, dtype).write_to(output)


def _read_band(source: int, offset: int, buffer: NDArray[Any], rows: int, first: int) -> None:
    """Fill `buffer`, of shape (columns, some), with those rows from `first` of every column."""
    columns, count = buffer.shape
    size = rows * buffer.itemsize
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
    while view:
        done = os.preadv(source, [view], offset)
        if not done:
            msg = f"the data ends {len(view)} bytes early"
            raise InvalidFileError(msg)
        view, offset = view[done:], offset + done
