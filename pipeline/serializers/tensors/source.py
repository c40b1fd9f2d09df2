"""Where tensors come from: a file in one of the formats, or a mapping in memory."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from hublish.pipeline.serializers.tensors.checkpoint import check_index
from hublish.pipeline.serializers.tensors.dtypes import dtype_of
from hublish.pipeline.serializers.tensors.errors import InvalidFileError, named
from hublish.pipeline.serializers.tensors.index import INDEX_SUFFIX, Index, read_index
from hublish.pipeline.serializers.tensors.layout import InMemoryArray
from hublish.pipeline.serializers.tensors.npy import open_npy
from hublish.pipeline.serializers.tensors.npz import open_npz
from hublish.pipeline.serializers.tensors.safetensors_file import SafetensorsFile, read_safetensors
from hublish.pipeline.serializers.tensors.tensor import Tensor, name_problem


@dataclass(frozen=True)
class TensorSource:
    """What was found at a source."""

    tensors: tuple[Tensor, ...]
    """In the source's own order."""
    metadata: Mapping[str, str] = field(default_factory=dict)
    files: tuple[SafetensorsFile, ...] = ()
    """The files themselves, when they are safetensors already."""
    index: tuple[Index, Path] | None = None
    """The index of a sharded source."""


@contextmanager
def open_source(source: Path | Mapping[str, Any], scratch: Path) -> Iterator[TensorSource]:
    """Describe the tensors of `source`; they can be written until the context ends.

    Args:
        source: a `.safetensors`, `.safetensors.index.json`, `.npz` or `.npy` file, or arrays by name.
        scratch: a folder for what needs random access.

    Raises:
        InvalidFileError: when the source is damaged, of another format, or holds what safetensors cannot.
    """
    with _opener(source)(source, scratch) as found:
        with named(source if isinstance(source, Path) else "the arrays in memory"):
            _check_names(tensor.name for tensor in found.tensors)
        yield found


def _opener(source: Path | Mapping[str, Any]) -> Callable[[Any, Path], AbstractContextManager[TensorSource]]:
    if isinstance(source, Mapping):
        return _open_mapping
    for suffix, opener in _OPENERS.items():
        if source.name.endswith(suffix):
            return opener
    msg = f"{source}: no format that serializer safetensors reads"
    raise InvalidFileError(msg, hint=f"it reads {', '.join(_OPENERS)} and mappings of names to arrays")


@contextmanager
def _open_mapping(source: Mapping[str, Any], scratch: Path) -> Iterator[TensorSource]:  # noqa: ARG001 - an opener
    yield TensorSource(tuple(_array_tensor(name, value) for name, value in source.items()))


@contextmanager
def _open_index(source: Path, scratch: Path) -> Iterator[TensorSource]:  # noqa: ARG001 - an opener
    index = read_index(source, str(source))
    files = {str(source.parent / shard): source.parent / shard for shard in index.shards}
    read = {name: read_safetensors(path, name) for name, path in files.items()}
    check_index(index, read)
    metadata = {key: value for key, value in index.metadata.items() if isinstance(value, str)}
    for file in read.values():
        metadata = {**file.header.metadata, **metadata}
    tensors = tuple(tensor for file in read.values() for tensor in file.tensors)
    yield TensorSource(tensors, metadata, tuple(read.values()), (index, source))


@contextmanager
def _open_safetensors(source: Path, scratch: Path) -> Iterator[TensorSource]:  # noqa: ARG001 - an opener
    file = read_safetensors(source, str(source))
    yield TensorSource(file.tensors, file.header.metadata, (file,))


@contextmanager
def _open_npz(source: Path, scratch: Path) -> Iterator[TensorSource]:
    with open_npz(source, scratch) as tensors:
        yield TensorSource(tensors)


@contextmanager
def _open_npy(source: Path, scratch: Path) -> Iterator[TensorSource]:  # noqa: ARG001 - an opener
    yield TensorSource((open_npy(source),))


_OPENERS: Mapping[str, Callable[[Any, Path], AbstractContextManager[TensorSource]]] = {
    INDEX_SUFFIX: _open_index,
    ".safetensors": _open_safetensors,
    ".npz": _open_npz,
    ".npy": _open_npy,
}


def _array_tensor(name: object, value: object) -> Tensor:
    if not isinstance(name, str):
        msg = f"an array is named {ascii(name)[:80]}, which is no string"
        raise InvalidFileError(msg)
    if not isinstance(value, np.ndarray | np.generic) or isinstance(value, np.ma.MaskedArray):
        msg = f"{name!r} is a {type(value).__name__}, not a numpy array"
        raise InvalidFileError(msg, hint="give a flat mapping of names to arrays; numpy.asarray makes an array")
    array = np.asarray(value)
    dtype = dtype_of(array.dtype)
    if dtype is None:
        msg = f"array {name!r} has numpy type {array.dtype}, for which safetensors has no place"
        raise InvalidFileError(msg, hint="cast it to a numeric type")
    return Tensor(name, dtype, array.shape, InMemoryArray(array, dtype))


def _check_names(names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if problem := name_problem(name):
            raise InvalidFileError(problem)
        if name in seen:
            msg = f"two tensors are named {ascii(name)[:80]}"
            raise InvalidFileError(msg)
        seen.add(name)
