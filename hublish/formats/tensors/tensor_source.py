"""Open a source of tensors: a file in one of the formats, or a mapping in memory."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from hublish.formats.catalogue import CHECKPOINT_INDEX_SUFFIXES, CHECKPOINT_SUFFIXES, SHARD_INDEX_SUFFIX
from hublish.formats.frameworks import has_arrays
from hublish.formats.input_files import InvalidFileError, named
from hublish.formats.tensors.dtypes import dtype_of
from hublish.formats.tensors.hdf5 import open_hdf5
from hublish.formats.tensors.npy import open_npy, open_npz
from hublish.formats.tensors.safetensors_file import SafetensorsFile, read_safetensors
from hublish.formats.tensors.shards import INDEX_SUFFIX, SUFFIX, Index, read_index
from hublish.formats.tensors.tensor import Tensor, Unwritable, check_unique
from hublish.formats.tensors.tensor_data import InMemoryArray
from hublish.formats.tensors.tied_tensors import read_ties


@dataclass(frozen=True)
class TensorSource:
    """The contents of a source."""

    tensors: tuple[Tensor, ...]
    """In the source's own order."""
    metadata: Mapping[str, str] = field(default_factory=dict)
    files: tuple[SafetensorsFile, ...] = ()
    """The files themselves, when they are safetensors already."""
    index: tuple[Index, Path] | None = None
    """The index of a sharded source."""
    others: Mapping[str, Unwritable] = field(default_factory=dict)
    """The entries that are not tensors, by name."""
    most_bytes: int | None = None
    """The most bytes that tensors may take when they are written; None without a limit."""
    ties: Mapping[str, str] = field(default_factory=dict)
    """The ties recorded in the metadata, see `ties.py`."""


@contextmanager
def open_source(source: Path | Mapping[str, Any], scratch: Path, key: str | None = None) -> Iterator[TensorSource]:
    """Describe the tensors of `source`; they can be written until the context ends.

    Args:
        source: a file with one of the supported suffixes, or arrays by name.
        scratch: a folder for temporary copies that allow random access.
        key: the place of the state dict in a PyTorch checkpoint.

    Raises:
        InvalidFileError: when the source is damaged, of another format, or contains data that safetensors cannot hold.
    """
    with ExitStack() as stack:
        found = _read(source, key, scratch, stack)
        with named(source if isinstance(source, Path) else "the arrays in memory"):
            check_unique([*(tensor.name for tensor in found.tensors), *found.ties])
        yield found


def _read(source: Path | Mapping[str, Any], key: str | None, scratch: Path, stack: ExitStack) -> TensorSource:
    suffix = "" if isinstance(source, Mapping) else _suffix(source)
    if suffix in _CHECKPOINTS:
        assert isinstance(source, Path)
        return _read_checkpoint(source, suffix, key)
    if key is not None:
        raise InvalidFileError(f"key {key!r} is for PyTorch checkpoints, and the source is not one", hint="remove key")
    if isinstance(source, Mapping):
        return _of_mapping(source)
    return _READERS[suffix](source, scratch, stack)


def _suffix(source: Path) -> str:
    suffix = next(filter(source.name.endswith, READ_SUFFIXES), None)
    if suffix is None:
        hint = f"it reads {', '.join(READ_SUFFIXES)} and mappings of names to arrays"
        raise InvalidFileError(f"{source}: serializer safetensors does not read this format", hint=hint)
    return suffix


def _read_checkpoint(source: Path, suffix: str, key: str | None) -> TensorSource:
    # The pickle reader has several modules, which no other source needs.
    from hublish.formats.tensors.pytorch.torch_file import read_state_dict

    if suffix not in CHECKPOINT_INDEX_SUFFIXES:
        found = read_state_dict(source, key)
        return TensorSource(found.tensors, others=found.others, most_bytes=found.most_bytes)
    index = read_index(source, str(source), suffix.removesuffix(SHARD_INDEX_SUFFIX))
    read = {shard: read_state_dict(source.parent / shard, key) for shard in index.shards}
    index.check({shard: {tensor.name for tensor in found.tensors} for shard, found in read.items()})
    tensors = tuple(tensor for found in read.values() for tensor in found.tensors)
    # Shards of one checkpoint may repeat entries that are not tensors, such as a version.
    others = {name: entry for found in read.values() for name, entry in found.others.items()}
    most_bytes = sum(found.most_bytes for found in read.values())
    return TensorSource(tensors, _strings(index), others=others, most_bytes=most_bytes)


def _read_safetensors(source: Path, *_: object) -> TensorSource:
    file = read_safetensors(source, str(source))
    return _described((file,), file.metadata, None)


def _read_index(source: Path, *_: object) -> TensorSource:
    index = read_index(source, str(source))
    read = {shard: read_safetensors(source.parent / shard, str(source.parent / shard)) for shard in index.shards}
    index.check({shard: file.names for shard, file in read.items()})
    # The index is written last and describes the whole set, so it wins; then the first shard that has a key.
    metadata: dict[str, str] = {}
    for found in (*reversed([file.metadata for file in read.values()]), _strings(index)):
        metadata.update(found)
    return _described(tuple(read.values()), metadata, (index, source))


# By suffix; a suffix comes before those that it ends with.
_READERS: Final[Mapping[str, Callable[[Path, Path, ExitStack], TensorSource]]] = {
    INDEX_SUFFIX: _read_index,
    SUFFIX: _read_safetensors,
    ".npz": lambda source, scratch, stack: TensorSource(stack.enter_context(open_npz(source, scratch))),
    ".npy": lambda source, *_: TensorSource((open_npy(source),)),
    ".h5": lambda source, _, stack: TensorSource(stack.enter_context(open_hdf5(source))),
}
_CHECKPOINTS: Final = (*CHECKPOINT_INDEX_SUFFIXES, *CHECKPOINT_SUFFIXES)
READ_SUFFIXES: Final = (*_READERS, *_CHECKPOINTS)


def _described(
    files: tuple[SafetensorsFile, ...], metadata: Mapping[str, str], index: tuple[Index, Path] | None
) -> TensorSource:
    tensors = tuple(tensor for file in files for tensor in file.tensors)
    ties = read_ties(metadata, (tensor.name for tensor in tensors))
    # Ties are computed again for the tensors that are written.
    own = {key: value for key, value in metadata.items() if key not in ties}
    return TensorSource(tensors, own, files, index, ties=ties)


def _strings(index: Index) -> dict[str, str]:
    return {key: value for key, value in index.metadata.items() if isinstance(value, str)}


def _of_mapping(source: Mapping[str, Any]) -> TensorSource:
    entries = {name: _entry(name, value) for name, value in source.items()}
    tensors = tuple(entry for entry in entries.values() if isinstance(entry, Tensor))
    others = {name: entry for name, entry in entries.items() if isinstance(entry, Unwritable)}
    return TensorSource(tensors, others=others)


def _entry(name: object, value: object) -> Tensor | Unwritable:
    if not isinstance(name, str):
        raise InvalidFileError(f"the name of an array is {ascii(name)[:80]}, not a string", hint="use strings as names")
    # Serializers of frameworks convert their own tensors.
    if isinstance(value, Tensor | Unwritable):
        return value
    # The mask of a masked array has no place in the format, and dropping it would change the values.
    if not isinstance(value, np.ndarray | np.generic) or isinstance(value, np.ma.MaskedArray):
        return unwritable(name, value, "numpy array")
    # Subclasses such as np.matrix have rules of their own for shapes.
    array = np.asarray(value)
    if (dtype := dtype_of(array.dtype)) is None:
        msg = f"array {name!r} has numpy type {array.dtype}, which safetensors cannot hold"
        return Unwritable(msg, "cast it to a numeric type")
    return Tensor(name, dtype, array.shape, InMemoryArray(array, dtype))


def unwritable(name: str, value: object, expected: str, place: str = "") -> Unwritable:
    """Return the reason why a value in memory is not an entry of a file.

    Args:
        name: of the value.
        value: the value.
        expected: the kind of value that entries are: `tensor`.
        place: words behind the name in the message.
    """
    kind = type(value).__name__
    hint = f"pass a flat mapping of names to {expected}s"
    if isinstance(value, Mapping) and has_arrays(value):
        msg = f"{name!r}{place} is a {kind}: a nested dictionary, not a {expected}"
        return Unwritable(msg, f"{hint}, such as the value of {name!r} alone")
    # A value without arrays is no weight, and can be left out.
    has_weights = has_arrays(value) or hasattr(value, "state_dict")
    return Unwritable(f"{name!r}{place} is a {kind}, not a {expected}", hint if has_weights else "")
