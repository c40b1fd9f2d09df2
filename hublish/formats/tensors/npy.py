"""numpy's .npy: one array after a small header. Nothing in it is ever unpickled or evaluated.

The format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html.
"""

import ast
import io
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from hublish.base.content import Identity
from hublish.formats.input_files import InvalidFileError, named, opened, unchanged
from hublish.formats.tensors.dtypes import Dtype, dtype_of
from hublish.formats.tensors.tensor import MAX_DIMENSIONS, Content, Sink, Tensor
from hublish.formats.tensors.tensor_data import FileRange, write_column_major, write_stream

_MAGIC = b"\x93NUMPY"
_MAX_HEADER_SIZE = 10_000  # numpy's own limit for files it does not trust
_LENGTH_SIZES = {1: 2, 2: 4, 3: 4}  # bytes of the length field, by major version
_KEYS = {"descr", "fortran_order", "shape"}
_PLAIN_TYPES = frozenset({"b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "c8"})


@dataclass(frozen=True, slots=True)
class NpyHeader:
    """What an array is, and where its elements begin."""

    stored: np.dtype[Any]
    """The type in the file, big-endian perhaps."""
    dtype: Dtype
    shape: tuple[int, ...]
    fortran: bool
    """Whether the elements lie in column-major order, and that makes a difference."""
    size: int
    """Bytes before the elements."""

    @property
    def nbytes(self) -> int:
        """Bytes of the elements."""
        return self.dtype.nbytes(math.prod(self.shape))


def read_npy_header(stream: IO[bytes], total: int) -> NpyHeader:
    """Read the header of an array.

    Args:
        stream: at the beginning of the array.
        total: bytes of the array with its header.

    Raises:
        InvalidFileError: when it is no array, one that safetensors cannot hold, or not `total` bytes long.
    """
    text, size = _header_text(stream)
    fields = _literal(text)
    shape = _shape(fields["shape"])
    stored, dtype = _types(fields["descr"])
    header = NpyHeader(stored, dtype, shape, fields["fortran_order"] is True and len(shape) > 1, size)
    if header.nbytes != total - size:
        msg = f"an array of {list(shape)} {dtype.name} takes {header.nbytes} bytes, {total - size} are there"
        raise InvalidFileError(msg, hint="the file is cut short, or holds more than one array")
    return header


def open_npy(path: Path) -> Tensor:
    """Describe the array of a .npy file as a tensor named after the file.

    Raises:
        InvalidFileError: as `read_npy_header`.
    """
    with named(path), opened(path) as (descriptor, identity), os.fdopen(descriptor, "rb", closefd=False) as stream:
        header = read_npy_header(stream, identity.size)
    return Tensor(path.stem, header.dtype, header.shape, _content(path, identity, header))


def _content(path: Path, identity: Identity, header: NpyHeader) -> Content:
    if header.stored == header.dtype.numpy and not header.fortran:
        return FileRange(path, identity, header.size, header.nbytes)
    return _NpyFile(path, identity, header)


@dataclass(frozen=True, slots=True)
class _NpyFile:
    """An array whose bytes have to be turned or swapped."""

    path: Path
    identity: Identity
    header: NpyHeader

    def write_to(self, output: Sink) -> None:
        """Write the elements in C order."""
        header = self.header
        with unchanged(self.path, self.identity) as descriptor:
            if header.fortran:
                write_column_major(descriptor, header.size, header.shape, header.stored, header.dtype, output)
                return
            with os.fdopen(descriptor, "rb", closefd=False) as stream:
                stream.seek(header.size, io.SEEK_SET)
                write_stream(stream, header.nbytes, header.stored, header.dtype, output)


def _header_text(stream: IO[bytes]) -> tuple[str, int]:
    start = stream.read(len(_MAGIC) + 2)
    length_size = _LENGTH_SIZES.get(start[-2]) if len(start) == len(_MAGIC) + 2 else None
    if not start.startswith(_MAGIC) or length_size is None:
        msg = "not a .npy array: it does not begin as numpy writes them"
        raise InvalidFileError(msg)
    length = int.from_bytes(stream.read(length_size), "little")
    if length > _MAX_HEADER_SIZE:
        msg = f"an array header of {length} bytes; the limit is {_MAX_HEADER_SIZE}"
        raise InvalidFileError(msg)
    header = stream.read(length)
    if len(header) < length:
        msg = "the array header is cut short"
        raise InvalidFileError(msg)
    return header.decode("latin-1"), len(start) + length_size + length


def _literal(text: str) -> dict[str, Any]:
    try:
        fields = ast.literal_eval(text.strip())
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        fields = None
    if not isinstance(fields, dict) or fields.keys() != _KEYS or not isinstance(fields["fortran_order"], bool):
        msg = "the array header is not the dictionary numpy writes"
        raise InvalidFileError(msg)
    return fields


def _shape(shape: object) -> tuple[int, ...]:
    if not isinstance(shape, tuple) or not all(type(length) is int and 0 <= length < 2**63 for length in shape):
        msg = "the array's shape is not a tuple of whole numbers"
        raise InvalidFileError(msg)
    if len(shape) > MAX_DIMENSIONS:
        msg = f"the array has {len(shape)} dimensions; the limit is {MAX_DIMENSIONS}"
        raise InvalidFileError(msg)
    return shape


def _types(descr: object) -> tuple[np.dtype[Any], Dtype]:
    if isinstance(descr, list):
        msg = "a structured array has no place in safetensors"
        raise InvalidFileError(msg, hint="save each field as an array of its own")
    text = descr if isinstance(descr, str) else ascii(descr)
    if text.lstrip("|<>=").startswith("O"):
        msg = "an array of Python objects carries a pickle, which is never read"
        raise InvalidFileError(msg, hint="save it with a numeric dtype")
    # Only names from the list reach numpy, whose own parser of types takes far more than files need.
    if text[:1] not in ("|", "<", ">", "=") or text[1:] not in _PLAIN_TYPES:
        msg = f"safetensors has no place for elements of numpy type {ascii(text)[:40]}"
        hint = "numpy writes bfloat16 and float8 as nameless bytes; save them as safetensors" if "V" in text else ""
        raise InvalidFileError(msg, hint=hint)
    stored = np.dtype(text)
    dtype = dtype_of(stored)
    assert dtype is not None  # every plain type has one
    return stored, dtype
