"""Where tensors come from: a file in one of the formats, or a mapping in memory."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from hublish.formats.catalogue import CHECKPOINT_INDEX_SUFFIXES, CHECKPOINT_SUFFIXES, SHARD_INDEX_SUFFIX
from hublish.formats.input_files import InvalidFileError, named
from hublish.formats.tensors.checkpoint import check_index, check_shards
from hublish.formats.tensors.dtypes import dtype_of
from hublish.formats.tensors.hdf5 import open_hdf5
from hublish.formats.tensors.index import INDEX_SUFFIX, Index, read_index
from hublish.formats.tensors.npy import open_npy
from hublish.formats.tensors.npz import open_npz
from hublish.formats.tensors.safetensors_file import SafetensorsFile, read_safetensors
from hublish.formats.tensors.tensor import Tensor, name_problem
from hublish.formats.tensors.tensor_data import InMemoryArray
from hublish.formats.tensors.ties import read_ties


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
    others: Mapping[str, str] = field(default_factory=dict)
    """What stands among the tensors and is none: by name, what it is."""
    ties: Mapping[str, str] = field(default_factory=dict)
    """Names that the metadata gives to tensors beside their own: see `ties.py`."""


@contextmanager
def open_source(source: Path | Mapping[str, Any], scratch: Path, key: str | None = None) -> Iterator[TensorSource]:
    """Describe the tensors of `source`; they can be written until the context ends.

    Args:
        source: a file whose name ends as one of `FORMATS`, or arrays by name.
        scratch: a folder for what needs random access.
        key: where the state dict is in a PyTorch checkpoint.

    Raises:
        InvalidFileError: when the source is damaged, of another format, or holds what safetensors cannot.
    """
    with _opener(source, key)(source, scratch) as found:
        with named(source if isinstance(source, Path) else "the arrays in memory"):
            _check_names([*(tensor.name for tensor in found.tensors), *found.ties])
        yield found


_Opener = Callable[[Any, Path], AbstractContextManager[TensorSource]]


def _opener(source: Path | Mapping[str, Any], key: str | None) -> _Opener:
    if not isinstance(source, Mapping):
        for suffix in (suffix for suffix in _CHECKPOINTS if source.name.endswith(suffix)):
            return _checkpoint_opener(suffix, key)
    if key is not None:
        msg = f"key {key!r} says where in a PyTorch checkpoint the weights are, and the source is none"
        raise InvalidFileError(msg, hint="leave key out")
    if isinstance(source, Mapping):
        return _open_mapping
    for suffix, opener in _OPENERS.items():
        if source.name.endswith(suffix):
            return opener
    msg = f"{source}: no format that serializer safetensors reads"
    raise InvalidFileError(msg, hint=f"it reads {', '.join(FORMATS)} and mappings of names to arrays")


def _checkpoint_opener(suffix: str, key: str | None) -> _Opener:
    # Reading pickles without unpickling takes fifteen modules, which no other source needs.
    from hublish.formats.tensors.pytorch.checkpoint_file import read_state_dict

    @contextmanager
    def open_one(source: Path, scratch: Path) -> Iterator[TensorSource]:  # noqa: ARG001 - an opener
        found = read_state_dict(source, key)
        yield TensorSource(found.tensors, others=found.others)

    @contextmanager
    def open_index(source: Path, scratch: Path) -> Iterator[TensorSource]:  # noqa: ARG001 - an opener
        index = read_index(source, str(source), suffix.removesuffix(SHARD_INDEX_SUFFIX))
        read = {shard: read_state_dict(source.parent / shard, key) for shard in index.shards}
        check_shards(index, {shard: {tensor.name for tensor in found.tensors} for shard, found in read.items()})
        tensors = tuple(tensor for found in read.values() for tensor in found.tensors)
        others = {name: what for found in read.values() for name, what in found.others.items()}
        yield TensorSource(tensors, _texts(index), others=others)

    return open_index if suffix.endswith(SHARD_INDEX_SUFFIX) else open_one


@contextmanager
def _open_mapping(source: Mapping[str, Any], scratch: Path) -> Iterator[TensorSource]:  # noqa: ARG001 - an opener
    yield TensorSource(tuple(_array_tensor(name, value) for name, value in source.items()))


@contextmanager
def _open_index(source: Path, scratch: Path) -> Iterator[TensorSource]:  # noqa: ARG001 - an opener
    index = read_index(source, str(source))
    files = {str(source.parent / shard): source.parent / shard for shard in index.shards}
    read = {name: read_safetensors(path, name) for name, path in files.items()}
    check_index(index, read)
    metadata = _texts(index)
    for file in read.values():
        metadata = {**file.header.metadata, **metadata}
    yield _described(tuple(read.values()), metadata, (index, source))


@contextmanager
def _open_safetensors(source: Path, scratch: Path) -> Iterator[TensorSource]:  # noqa: ARG001 - an opener
    file = read_safetensors(source, str(source))
    yield _described((file,), file.header.metadata, None)


@contextmanager
def _open_npz(source: Path, scratch: Path) -> Iterator[TensorSource]:
    with open_npz(source, scratch) as tensors:
        yield TensorSource(tensors)


@contextmanager
def _open_npy(source: Path, scratch: Path) -> Iterator[TensorSource]:  # noqa: ARG001 - an opener
    yield TensorSource((open_npy(source),))


@contextmanager
def _open_hdf5(source: Path, scratch: Path) -> Iterator[TensorSource]:  # noqa: ARG001 - an opener
    with open_hdf5(source) as tensors:
        yield TensorSource(tensors)


_OPENERS: Mapping[str, _Opener] = {
    INDEX_SUFFIX: _open_index,
    ".safetensors": _open_safetensors,
    ".npz": _open_npz,
    ".npy": _open_npy,
    ".h5": _open_hdf5,
}
_CHECKPOINTS = (*CHECKPOINT_SUFFIXES, *CHECKPOINT_INDEX_SUFFIXES)
FORMATS = (*_OPENERS, *_CHECKPOINTS)
"""The endings of the files that are read."""


def _described(
    files: tuple[SafetensorsFile, ...], metadata: Mapping[str, str], index: tuple[Index, Path] | None
) -> TensorSource:
    tensors = tuple(tensor for file in files for tensor in file.tensors)
    ties = read_ties(metadata, (tensor.name for tensor in tensors))
    texts = {key: value for key, value in metadata.items() if key not in ties}
    return TensorSource(tensors, texts, files, index, ties=ties)


def _texts(index: Index) -> dict[str, str]:
    return {key: value for key, value in index.metadata.items() if isinstance(value, str)}


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
