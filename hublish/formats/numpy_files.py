"""`.npy` and `.npz` files of any plain type, checked before a byte of an array is read."""

import io
import math
import os
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from hublish.base.errors import LoadError
from hublish.formats.archives import opened_archive, read_member
from hublish.formats.input_files import InvalidFileError, named, opened
from hublish.formats.interface import TensorInfo

_READERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


@dataclass(frozen=True, slots=True)
class StoredArray:
    """Where an array lies, and what it is."""

    name: str
    file: str
    """The file's path in the repo."""
    path: Path
    member: str | None
    """Its member of a `.npz`."""
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    nbytes: int

    def read(self) -> NDArray[Any]:
        """Map the array, or read it out of its archive."""
        if self.member is None:
            mapped: NDArray[Any] = np.load(self.path, mmap_mode="r" if self.nbytes else None, allow_pickle=False)
            return mapped
        try:
            with opened_archive(self.path, self.file) as archive:
                data = read_member(archive, self.member, self.nbytes + (1 << 20))
        except InvalidFileError as error:
            raise LoadError(error.message, hint=error.hint) from None
        array: NDArray[Any] = np.load(io.BytesIO(data), allow_pickle=False)
        return array


class NumpyArrays(Mapping[str, NDArray[Any]]):
    """The arrays of several files by name."""

    def __init__(self, stored: Mapping[str, StoredArray]) -> None:
        self._stored = stored

    @classmethod
    def of(cls, files: Mapping[str, Path]) -> "NumpyArrays":
        """Describe the arrays of `files`, by path in the repo.

        Raises:
            InvalidFileError: naming the file that is damaged, or two that hold an array of the same name.
        """
        stored: dict[str, StoredArray] = {}
        for file, path in sorted(files.items()):
            for array in check_arrays(path, file):
                if (other := stored.setdefault(array.name, array)) is not array:
                    msg = f"array {ascii(array.name)[:80]} stands both in {other.file} and in {file}"
                    raise InvalidFileError(msg, hint="let load.allow_patterns choose one of them")
        return cls(stored)

    @property
    def tensors(self) -> tuple[TensorInfo, ...]:
        """What the files hold, read from their headers alone."""
        return tuple(TensorInfo(a.name, a.shape, str(a.dtype), a.nbytes, a.file) for a in self._stored.values())

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self._stored[name].read()

    def __iter__(self) -> Iterator[str]:
        return iter(self._stored)

    def __len__(self) -> int:
        return len(self._stored)

    def __contains__(self, name: object) -> bool:
        return name in self._stored


def check_arrays(path: Path, file: str) -> tuple[StoredArray, ...]:
    """Describe the arrays of a file.

    Args:
        path: where it lies.
        file: how errors call it; a `.npy` array is named after it.

    Raises:
        InvalidFileError: when it is no such file, is not as long as it says, or holds Python objects.
    """
    if file.endswith(".npz"):
        return _check_npz(path, file)
    with named(file), opened(path) as (descriptor, identity), os.fdopen(descriptor, "rb", closefd=False) as stream:
        shape, dtype, nbytes = _header(stream, identity.size)
    stem = file.rpartition("/")[2].removesuffix(".npy")
    return (StoredArray(stem, file, path, None, shape, dtype, nbytes),)


def _check_npz(path: Path, file: str) -> tuple[StoredArray, ...]:
    found = []
    with opened_archive(path, file) as archive:
        for info in archive.infolist():
            with named(f"member {ascii(info.filename)[:80]}"):
                if not info.filename.endswith(".npy"):
                    msg = "not an array: numpy names the members of a .npz with .npy"
                    raise InvalidFileError(msg)
                with archive.open(info) as stream:
                    shape, dtype, nbytes = _header(stream, info.file_size)
            name = info.filename.removesuffix(".npy")
            found.append(StoredArray(name, file, path, info.filename, shape, dtype, nbytes))
    return tuple(found)


def _header(stream: IO[bytes], total: int) -> tuple[tuple[int, ...], np.dtype[Any], int]:
    try:
        shape, dtype = _read_header(stream)
        size = stream.tell()
    # numpy's reader, zipfile and the decompressors each have errors of their own.
    except Exception as error:
        msg = f"not an array as numpy writes them: {str(error)[:200]}"
        raise InvalidFileError(msg) from None
    if dtype.hasobject:
        msg = "an array of Python objects carries a pickle, which is never read"
        raise InvalidFileError(msg, hint="save it with a numeric or text dtype")
    nbytes = math.prod(shape) * dtype.itemsize
    if nbytes != total - size or any(length < 0 for length in shape):
        msg = f"an array of {list(shape)} {dtype} takes {nbytes} bytes, {total - size} are there"
        raise InvalidFileError(msg, hint="the file is cut short, or holds more than one array")
    return shape, dtype, nbytes


def _read_header(stream: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    version = npy.read_magic(stream)
    if version not in _READERS:
        msg = f"version {version[0]}.{version[1]} of the format, which is for field names beyond Latin-1"
        raise ValueError(msg)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # what Python 2 wrote is read with a warning
        shape, _, dtype = _READERS[version](stream)
    return tuple(shape), dtype
