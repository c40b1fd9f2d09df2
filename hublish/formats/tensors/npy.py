"""numpy's files: `.npy`, one array after a small header, and `.npz`, a zip of them. Nothing is ever unpickled.

The format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html.
"""

import io
import math
import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
from numpy.lib import format as numpy_format

from hublish.base.content import Identity
from hublish.formats.input_files import InvalidFileError, named, opened, unchanged
from hublish.formats.tensors.dtypes import Dtype, dtype_of
from hublish.formats.tensors.tensor import BLOCK_SIZE, MAX_DIMENSIONS, Content, Sink, Tensor
from hublish.formats.tensors.tensor_data import FileRange, write_column_major, write_stream
from hublish.formats.zip_directory import Member, damage_named, shown
from hublish.formats.zip_reader import ZipArchive, read_members

SUFFIX: Final = ".npy"
# numpy's own limit for files from untrusted sources: it evaluates the header with `ast.literal_eval`.
_MAX_HEADER_SIZE: Final = 10_000
# Bytes of the magic, the version, and the length of the header in versions 2.0 and 3.0.
_PREAMBLE: Final = 12
_LENGTH_AT: Final = 8
MOST_HEADER: Final = _PREAMBLE + _MAX_HEADER_SIZE
"""Bytes in which every header ends that is read."""
_UTF8_NAMES: Final = (3, 0)
# numpy has no public reader for version 3.0. It differs from 2.0 only in the encoding of the fields of structured
# types, UTF-8 instead of Latin-1, and those are refused.
_READERS: Final = {
    (1, 0): (2, numpy_format.read_array_header_1_0),
    (2, 0): (4, numpy_format.read_array_header_2_0),
    _UTF8_NAMES: (4, numpy_format.read_array_header_2_0),
}


@dataclass(frozen=True, slots=True)
class NpyHeader:
    """The description of an array."""

    stored: np.dtype[Any]
    """The type in the file, of either byte order."""
    shape: tuple[int, ...]
    fortran: bool
    """Whether the elements are in column-major order, and that makes a difference."""
    size: int
    """Bytes before the elements."""

    @property
    def nbytes(self) -> int:
        """Bytes of the elements."""
        return math.prod(self.shape) * self.stored.itemsize

    def dtype(self) -> Dtype:
        """Return the element type in safetensors.

        Raises:
            InvalidFileError: when it has no such type, or too many dimensions.
        """
        if len(self.shape) > MAX_DIMENSIONS:
            raise InvalidFileError(f"the array has {len(self.shape)} dimensions; the limit is {MAX_DIMENSIONS}")
        if self.stored.names is not None:
            msg = "safetensors cannot hold a structured array"
            raise InvalidFileError(msg, hint="save each field as an array of its own")
        if (dtype := dtype_of(self.stored)) is None:
            msg = f"safetensors cannot hold elements of numpy type {ascii(self.stored.str)[:40]}"
            # numpy does not know these types, so it writes them as nameless bytes ("V").
            nameless = "numpy writes bfloat16 and float8 as nameless bytes; save them as safetensors"
            raise InvalidFileError(msg, hint=nameless if self.stored.kind == "V" else "")
        return dtype


def read_npy_header(stream: IO[bytes], total: int) -> NpyHeader:
    """Read the header of an array of any type but Python objects.

    Args:
        stream: at the beginning of the array; more than the header may be read from it.
        total: bytes of the array with its header.

    Raises:
        InvalidFileError: when it is not an array, has Python objects as elements, or is not `total` bytes long.
    """
    # numpy reads a header of any length before it compares the length with its limit, so it gets no more than this.
    buffer = io.BytesIO(stream.read(MOST_HEADER))
    shape, fortran, stored = _parsed(buffer)
    if stored.hasobject:
        msg = "an array of Python objects is a pickle, which is never read"
        raise InvalidFileError(msg, hint="save it with a numeric or string dtype")
    # numpy accepts True as a length, and negative ones.
    if not all(type(length) is int and 0 <= length < 2**63 for length in shape):
        raise InvalidFileError("the array's shape is not a tuple of non-negative integers")
    header = NpyHeader(stored, shape, fortran and len(shape) > 1, buffer.tell())
    if header.nbytes != total - header.size:
        msg = f"an array of {list(shape)} {stored}: expected {header.nbytes} bytes, found {total - header.size}"
        raise InvalidFileError(msg, hint="the file is truncated, or holds more than one array")
    return header


def open_npy(path: Path) -> Tensor:
    """Describe the array of a `.npy` file as a tensor named after the file.

    Raises:
        InvalidFileError: when the file is damaged, or safetensors cannot hold its array.
    """
    with named(path), opened(path) as (descriptor, identity), os.fdopen(descriptor, "rb", closefd=False) as stream:
        header = read_npy_header(stream, identity.size)
        dtype = header.dtype()
    content: Content = _NpyFile(path, identity, header, dtype)
    if header.stored == dtype.numpy and not header.fortran:
        content = FileRange(path, identity, header.size, header.nbytes)
    return Tensor(path.stem, dtype, header.shape, content)


@contextmanager
def open_npz(path: Path, scratch: Path) -> Iterator[tuple[Tensor, ...]]:
    """Describe the arrays of an archive, in the order they were saved; they can be written until the context ends.

    Args:
        path: the archive.
        scratch: a folder for column-major arrays, which need random access, and a compressed member has none.

    Raises:
        InvalidFileError: when the archive is damaged, or has a member that is not an array safetensors can hold.
    """
    with ExitStack() as stack:
        with named(path):
            descriptor, identity = stack.enter_context(opened(path))
            archive = stack.enter_context(read_members(descriptor, identity.size))
            contents = [_npz_member(archive, member, path, scratch) for member in archive.members]
        yield tuple(Tensor(one.name.removesuffix(SUFFIX), one.dtype, one.header.shape, one) for one in contents)


@dataclass(frozen=True, slots=True)
class _NpyFile:
    """An array whose bytes must be transposed or swapped."""

    path: Path
    identity: Identity
    header: NpyHeader
    dtype: Dtype

    def write_to(self, output: Sink) -> None:
        header = self.header
        with unchanged(self.path, self.identity) as descriptor:
            if header.fortran:
                write_column_major(descriptor, header.size, header.shape, header.stored, self.dtype, output)
                return
            with os.fdopen(descriptor, "rb", closefd=False) as stream:
                stream.seek(header.size)
                write_stream(stream, header.nbytes, header.stored, self.dtype, output)


@dataclass(frozen=True, slots=True)
class _NpzMember:
    """One array of an archive, streamed out of it and compared with its checksum."""

    archive: ZipArchive
    name: str
    header: NpyHeader
    dtype: Dtype
    path: Path
    scratch: Path

    def write_to(self, output: Sink) -> None:
        header = self.header
        with named(f"{self.path}: member {shown(self.name)}"), damage_named(), self.archive.open(self.name) as stream:
            # The member is opened again, and its header skipped: a stream out of an archive only moves forward.
            stream.read(header.size)
            if not header.fortran:
                write_stream(stream, header.nbytes, header.stored, self.dtype, output)
                # The checksum is compared when the end is reached.
                stream.read(1)
                return
            with tempfile.TemporaryFile(dir=self.scratch) as copy:
                while block := stream.read(BLOCK_SIZE):
                    copy.write(block)
                copy.flush()
                write_column_major(copy.fileno(), 0, header.shape, header.stored, self.dtype, output)


def _npz_member(archive: ZipArchive, member: Member, path: Path, scratch: Path) -> _NpzMember:
    with named(f"member {shown(member.name)}"):
        header = read_member_header(archive, member)
        return _NpzMember(archive, member.name, header, header.dtype(), path, scratch)


def read_member_header(archive: ZipArchive, member: Member) -> NpyHeader:
    """Read the header of an array in an archive.

    Raises:
        InvalidFileError: when the member is not an array, or as `read_npy_header`.
    """
    if not member.name.endswith(SUFFIX):
        raise InvalidFileError("not an array: numpy names the members of a .npz with .npy")
    with damage_named(), archive.open(member.name) as stream:
        return read_npy_header(stream, member.size)


def _parsed(buffer: io.BytesIO) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    try:
        version = numpy_format.read_magic(buffer)
        width, reader = _READERS[version]
    except (ValueError, KeyError):
        raise InvalidFileError("not a .npy array: it does not begin as numpy writes them") from None
    length = int.from_bytes(buffer.getvalue()[_LENGTH_AT : _LENGTH_AT + width], "little")
    if length > _MAX_HEADER_SIZE:
        raise InvalidFileError(f"an array header of {length} bytes; the limit is {_MAX_HEADER_SIZE}")
    try:
        with warnings.catch_warnings():
            # numpy warns of headers of Python 2, which it reads by rules of their own, and of obsolete names of types.
            warnings.simplefilter("error")
            shape, fortran, stored = reader(buffer, max_header_size=_MAX_HEADER_SIZE)
    # Hostile headers cause errors of many kinds in numpy, ast and the parser of Python: MemoryError, RecursionError.
    except Exception as error:
        raise InvalidFileError(f"not a .npy array: {ascii(str(error))[1:-1][:200]}") from None
    if version == _UTF8_NAMES and stored.names is not None:
        raise InvalidFileError("version 3.0 of the format, which is for field names beyond Latin-1, is not supported")
    return tuple(shape), bool(fortran), stored
