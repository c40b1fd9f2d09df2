"""Serializer `numpy`: arrays as `.npy` and `.npz`, which numpy reads without any other library.

Every header is checked before a byte of an array is read, and object arrays, which are pickles, are rejected.
"""

import io
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hublish.base.errors import LoadError, SerializationError
from hublish.base.progress import Progress
from hublish.formats.catalogue import BuiltIn
from hublish.formats.format_options import NumpyOptions
from hublish.formats.input_files import InvalidFileError, invalid_file_as, named, opened
from hublish.formats.interface import LazyArrays, TensorInfo, Trust, Written
from hublish.formats.release_files import check_suffix, output_path, with_suffix
from hublish.formats.tensors.npy import NpyHeader, read_member_header, read_npy_header
from hublish.formats.zip_directory import shown
from hublish.formats.zip_reader import opened_archive

_NPY = ".npy"
# Room for a member's header when its array is read from an archive.
_HEADER_ROOM = 1 << 20


class Numpy(BuiltIn, row="numpy"):
    """One array (`.npy`), or arrays by name (`.npz`).

    Holds every type of numpy except Python objects: complex, text, dates and structured ones too. Does not hold
    objects, which numpy pickles, nor bfloat16 and float8, which it writes as nameless bytes: use `safetensors`.
    Files of the format are checked and passed on unchanged.
    """

    def dump(
        self,
        source: Path | NDArray[Any] | Mapping[str, Any],
        path_in_repo: str,
        workspace: Path,
        options: NumpyOptions,
        progress: Progress,
    ) -> tuple[Written, ...]:
        """Write arrays, or pass a file on unchanged.

        Raises:
            SerializationError: the format cannot hold the source, or the path has another suffix.
        """
        check_suffix(path_in_repo, self.suffixes)
        if isinstance(source, Path):
            _check_same_suffix(source, path_in_repo)
            with invalid_file_as(SerializationError):
                check_arrays(source, str(source))
            return (Written(path_in_repo, source),)
        target = output_path(workspace, path_in_repo)
        if path_in_repo.endswith(_NPY):
            np.save(target, _array("the value", source), allow_pickle=False)
        else:
            _save_many(target, source, options)
        return (Written(path_in_repo, target),)

    def load(self, files: Mapping[str, Path]) -> "NumpyArrays":
        """Open the arrays: `.npy` files are mapped and named after themselves, those of `.npz` are read on access.

        Raises:
            LoadError: a file is damaged or holds Python objects, or two hold an array of the same name.
        """
        with invalid_file_as(LoadError):
            return NumpyArrays.of(with_suffix(files, self.suffixes))

    def rebuild(self, files: Mapping[str, Path], trust: Trust) -> dict[str, NDArray[Any]]:
        """Return the arrays by name in a plain dict; raise errors as `load` does."""
        return dict(self.load(files))


@dataclass(frozen=True, slots=True)
class StoredArray:
    """An array in a file, described."""

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
        """Map the array, or read it from its archive."""
        if self.member is None:
            # An empty file cannot be mapped.
            mapped: NDArray[Any] = np.load(self.path, mmap_mode="r" if self.nbytes else None, allow_pickle=False)
            return mapped
        with invalid_file_as(LoadError), opened_archive(self.path, self.file) as archive:
            data = archive.read(self.member, self.nbytes + _HEADER_ROOM)
        # numpy parses the header again, within the limits that `check_arrays` has checked.
        array: NDArray[Any] = np.load(io.BytesIO(data), allow_pickle=False)
        return array


class NumpyArrays(LazyArrays[StoredArray]):
    """The arrays of several files by name."""

    @classmethod
    def of(cls, files: Mapping[str, Path]) -> "NumpyArrays":
        """Describe the arrays of `files`, by path in the repo.

        Raises:
            InvalidFileError: a file is damaged, or two files hold an array of the same name.
        """
        stored: dict[str, StoredArray] = {}
        for file, path in sorted(files.items()):
            for array in check_arrays(path, file):
                if (other := stored.setdefault(array.name, array)) is not array:
                    msg = f"array {ascii(array.name)[:80]} is both in {other.file} and in {file}"
                    raise InvalidFileError(msg, hint="select one of them with load.allow_patterns")
        return cls(stored)

    @property
    def tensors(self) -> tuple[TensorInfo, ...]:
        """The descriptions of the arrays, from their headers alone."""
        return tuple(TensorInfo(a.name, a.shape, str(a.dtype), a.nbytes, a.file) for a in self._stored.values())

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self._stored[name].read()


def check_arrays(path: Path, file: str) -> tuple[StoredArray, ...]:
    """Return the descriptions of the arrays in a file, called `file` in errors; a `.npy` array is named after it.

    Raises:
        InvalidFileError: it is not in the format, differs from its header's length, or holds Python objects.
    """
    if not file.endswith(_NPY):
        return _check_npz(path, file)
    with named(file), opened(path) as (descriptor, identity), os.fdopen(descriptor, "rb", closefd=False) as stream:
        header = read_npy_header(stream, identity.size)
    return (_described(file.rpartition("/")[2], file, path, None, header),)


def _check_npz(path: Path, file: str) -> tuple[StoredArray, ...]:
    found = []
    with opened_archive(path, file) as archive:
        for member in archive.members:
            with named(f"member {shown(member.name)}"):
                header = read_member_header(archive, member)
            found.append(_described(member.name, file, path, member.name, header))
    return tuple(found)


def _described(name: str, file: str, path: Path, member: str | None, header: NpyHeader) -> StoredArray:
    return StoredArray(name.removesuffix(_NPY), file, path, member, header.shape, header.stored, header.nbytes)


def _check_same_suffix(source: Path, path_in_repo: str) -> None:
    if source.suffix != Path(path_in_repo).suffix:
        msg = f"{source.name} cannot be published as {path_in_repo}: the suffix is that of another format"
        raise SerializationError(msg, hint=f"end path_in_repo with {source.suffix or '.npz'}")


def _save_many(target: Path, source: Any, options: NumpyOptions) -> None:
    if not isinstance(source, Mapping):
        msg = f"a {type(source).__name__} is not a mapping of names to arrays, which a .npz holds"
        raise SerializationError(msg, hint=f"end path_in_repo with {_NPY} for a single array")
    # Any: numpy's types take every keyword for its `allow_pickle`, which 1.26 does not have.
    arrays: dict[str, Any] = {_name(name): _array(repr(name), value) for name, value in source.items()}
    if not arrays:
        raise SerializationError("there are no arrays to write")
    # numpy writes the same time into every member, so equal arrays give equal bytes.
    save = np.savez_compressed if options.compressed else np.savez
    save(target, **arrays)


def _name(name: object) -> str:
    if not isinstance(name, str) or not name:
        raise SerializationError(f"an array is named {ascii(name)[:80]}", hint="use a string as the name")
    # Arrays are keyword arguments of numpy.savez, which has these two of its own.
    if name in ("file", "allow_pickle"):
        raise SerializationError(f"an array is named {name!r}, which numpy.savez reserves", hint="give it another name")
    return name


def _array(label: str, value: object) -> NDArray[Any]:
    # numpy would save a masked array without its mask.
    if not isinstance(value, np.ndarray | np.generic) or isinstance(value, np.ma.MaskedArray):
        msg = f"{label} is a {type(value).__name__}, not a numpy array"
        raise SerializationError(msg, hint="numpy.asarray converts it to an array")
    array = np.asarray(value)
    if array.dtype.hasobject:
        msg = f"{label} holds Python objects, which numpy pickles"
        raise SerializationError(msg, hint="give it a numeric or text dtype")
    # numpy writes types it did not define (bfloat16, float8) as raw bytes, and reads them back as such.
    if array.dtype.isbuiltin == 2:
        msg = f"{label} has type {array.dtype}, and numpy files do not record that name"
        raise SerializationError(msg, hint="use serializer safetensors")
    return array
