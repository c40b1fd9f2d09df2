"""Serializer `gguf`: files of llama.cpp and its kin, passed on as they are and described."""

import mmap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from hublish.base.content import Identity
from hublish.base.errors import LoadError, SerializationError
from hublish.base.progress import Progress
from hublish.formats.catalogue import BuiltIn
from hublish.formats.format_options import GgufOptions
from hublish.formats.gguf_header import MAX_HEADER_SIZE, GgufHeader, parse_header
from hublish.formats.input_files import invalid_file_as, named, opened, unchanged
from hublish.formats.interface import TensorInfo, Trust, Written
from hublish.formats.release_files import check_suffix, only


@dataclass(frozen=True, slots=True)
class GgufFile:
    """A file with its header read and its data left where it lies."""

    name: str
    path: Path
    identity: Identity
    header: GgufHeader


class Gguf(BuiltIn, row="gguf"):
    """One GGUF file of version 2 or 3: metadata, vocabulary and tensors, quantised or not.

    The header is read, by limits of its own, before a file goes up and before it is opened; nothing needs to be
    installed. Tensors of plain types are mapped as arrays, quantised ones as the bytes of their blocks, which
    `gguf.dequantize` of llama.cpp's Python package takes. Does not write files: llama.cpp's converters do.
    """

    version: ClassVar[int] = 1

    def dump(
        self,
        source: Any,
        path_in_repo: str,
        workspace: Path,  # noqa: ARG002 - nothing is written
        options: GgufOptions,  # noqa: ARG002 - the protocol's
        progress: Progress,  # noqa: ARG002 - headers take no time
    ) -> tuple[Written, ...]:
        """Pass a file on whose header is sound.

        Raises:
            SerializationError: the source is no file, or a damaged one.
        """
        check_suffix(path_in_repo, self.suffixes)
        if not isinstance(source, Path):
            msg = f"a {type(source).__name__} in memory cannot be written as GGUF"
            raise SerializationError(msg, hint="convert the model with llama.cpp's convert_hf_to_gguf.py")
        with invalid_file_as(SerializationError):
            read_gguf(source, str(source))
        return (Written(path_in_repo, source),)

    def load(self, files: Mapping[str, Path]) -> "GgufArrays":
        """Map the tensors, a quantised one as the bytes of its blocks, row by row.

        Raises:
            LoadError: no file in the format, more than one, or a damaged one.
        """
        path, file = only(files, self.suffixes, self.name)
        with invalid_file_as(LoadError):
            return GgufArrays(read_gguf(file, path))

    def rebuild(self, files: Mapping[str, Path], trust: Trust) -> "GgufArrays":  # noqa: ARG002 - needs none
        """Return the arrays with what the file says of itself: `.header.metadata`.

        Raises:
            LoadError: as `load`.
        """
        return self.load(files)


class GgufArrays(Mapping[str, NDArray[Any]]):
    """The tensors of a file by name, mapped when the first is asked for.

    A quantised tensor of shape `(..., n)` is an array of bytes, `(..., n // block * block_size)`.
    """

    def __init__(self, file: GgufFile) -> None:
        self.header = file.header
        """Version, metadata, and every tensor's place."""
        self._file = file
        self._places = {tensor.name: tensor for tensor in file.header.tensors}
        self._map: mmap.mmap | None = None

    @property
    def tensors(self) -> tuple[TensorInfo, ...]:
        """What the file holds, read from its header alone."""
        return tuple(TensorInfo(t.name, t.shape, t.type.name, t.nbytes, self._file.name) for t in self.header.tensors)

    def __getitem__(self, name: str) -> NDArray[Any]:
        tensor = self._places[name]
        if not tensor.type.block:
            msg = f"tensor {name!r} is of {tensor.type.name}, which came after this version of hublish"
            raise LoadError(msg, hint="read it with llama.cpp or its Python package gguf")
        shape, dtype = tensor.stored
        if not tensor.nbytes:
            return np.empty(shape, dtype)
        if self._map is None:
            with invalid_file_as(LoadError), unchanged(self._file.path, self._file.identity) as descriptor:
                self._map = mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ)
        return np.ndarray(shape, dtype, buffer=self._map, offset=tensor.offset)

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, name: object) -> bool:
        return name in self._places


def read_gguf(path: Path, name: str) -> GgufFile:
    """Read and check a header.

    Args:
        path: where the file lies.
        name: how errors call it.

    Raises:
        InvalidFileError: naming the file, when it is no sound GGUF.
    """
    with named(name), opened(path) as (descriptor, identity):
        length = min(identity.size, MAX_HEADER_SIZE)
        # Mapped, so that no more is read than the header takes; it goes away with the last view of it.
        data = mmap.mmap(descriptor, length, access=mmap.ACCESS_READ) if length else b""
        return GgufFile(name, path, identity, parse_header(memoryview(data), identity.size))
