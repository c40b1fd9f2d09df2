"""Serializer `gguf`: files of llama.cpp and related runtimes, checked, described and passed on unchanged.

The header is parsed here rather than by llama.cpp's package `gguf`, which trusts the counts in a file.
"""

import mmap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hublish.base.content import Identity
from hublish.base.errors import LoadError, SerializationError
from hublish.base.progress import Progress
from hublish.formats.catalogue import BuiltIn
from hublish.formats.format_options import GgufOptions
from hublish.formats.gguf_header import MAX_HEADER_SIZE, GgufHeader, GgufTensor, parse_header
from hublish.formats.input_files import invalid_file_as, named, opened, unchanged
from hublish.formats.interface import LazyArrays, TensorInfo, Trust, Written
from hublish.formats.release_files import check_suffix, only


@dataclass(frozen=True, slots=True)
class GgufFile:
    """A file whose header was read; its data stays on disk."""

    name: str
    path: Path
    identity: Identity
    header: GgufHeader


class Gguf(BuiltIn, row="gguf"):
    """One GGUF file of version 2 or 3: metadata, vocabulary and tensors, quantized or not.

    The header is checked before a file is uploaded and before it is opened; no package is needed. Tensors of plain
    types are mapped as arrays, quantized ones as the bytes of their blocks, which `gguf.dequantize` of llama.cpp's
    Python package takes. Does not write files: llama.cpp's converters do.
    """

    def dump(
        self,
        source: Any,
        path_in_repo: str,
        workspace: Path,
        options: GgufOptions,
        progress: Progress,
    ) -> tuple[Written, ...]:
        """Pass a file on unchanged after checking its header.

        Raises:
            SerializationError: the source is not a file, or is damaged.
        """
        check_suffix(path_in_repo, self.suffixes)
        if not isinstance(source, Path):
            msg = f"a {type(source).__name__} in memory cannot be written as GGUF"
            raise SerializationError(msg, hint="convert the model with llama.cpp's convert_hf_to_gguf.py")
        with invalid_file_as(SerializationError):
            read_gguf(source, str(source))
        return (Written(path_in_repo, source),)

    def load(self, files: Mapping[str, Path]) -> "GgufArrays":
        """Map the tensors, a quantized one as the bytes of its blocks, row by row.

        Raises:
            LoadError: no file in the format, more than one, or a damaged one.
        """
        path, file = only(files, self.suffixes, self.name)
        with invalid_file_as(LoadError):
            return GgufArrays(read_gguf(file, path))

    def rebuild(self, files: Mapping[str, Path], trust: Trust) -> "GgufArrays":
        """Return the arrays with the metadata of the file: `.header.metadata`.

        Raises:
            LoadError: as `load`.
        """
        return self.load(files)


class GgufArrays(LazyArrays[GgufTensor]):
    """The tensors of a file by name, mapped on first access.

    A quantized tensor of shape `(..., n)` is an array of bytes, `(..., n // block * block_size)`.
    """

    def __init__(self, file: GgufFile) -> None:
        super().__init__({tensor.name: tensor for tensor in file.header.tensors})
        self.header = file.header
        """Version, metadata, and the place of every tensor."""
        self._file = file
        self._map: mmap.mmap | None = None

    @property
    def tensors(self) -> tuple[TensorInfo, ...]:
        """The descriptions of the tensors, from the header alone."""
        return tuple(TensorInfo(t.name, t.shape, t.type.name, t.nbytes, self._file.name) for t in self.header.tensors)

    def __getitem__(self, name: str) -> NDArray[Any]:
        tensor = self._stored[name]
        if not tensor.type.block:
            msg = f"tensor {name!r} is of {tensor.type.name}, which is newer than this version of hublish"
            raise LoadError(msg, hint="read it with llama.cpp or its Python package gguf")
        shape, dtype = tensor.stored
        # An empty tensor may begin at the very end of the file, where nothing can be mapped.
        if not tensor.nbytes:
            return np.empty(shape, dtype)
        # One map for all tensors: Linux limits a process to some 65,000 maps, and a file may have more tensors.
        if self._map is None:
            with invalid_file_as(LoadError), unchanged(self._file.path, self._file.identity) as descriptor:
                self._map = mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ)
        return np.ndarray(shape, dtype, buffer=self._map, offset=tensor.offset)


def read_gguf(path: Path, name: str) -> GgufFile:
    """Read and check the header of a file; `name` is its name in errors.

    Raises:
        InvalidFileError: it is not a valid GGUF file; the message names it.
    """
    with named(name), opened(path) as (descriptor, identity):
        length = min(identity.size, MAX_HEADER_SIZE)
        # Mapped, so that only the pages of the header are read; the map is closed with the last view of it.
        data = mmap.mmap(descriptor, length, access=mmap.ACCESS_READ) if length else b""
        return GgufFile(name, path, identity, parse_header(memoryview(data), identity.size))
