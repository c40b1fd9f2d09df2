"""Safetensors files, alone and as a set: read with the safetensors library, their data left on disk."""

import math
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from safetensors import SafetensorError, safe_open

from hublish.base.content import Identity
from hublish.formats.input_files import InvalidFileError, changed, named, opened
from hublish.formats.tensors.dtypes import DTYPES, Dtype
from hublish.formats.tensors.safetensors_header import MAX_HEADER_SIZE, check_header
from hublish.formats.tensors.shards import INDEX_SUFFIX, SUFFIX, Index, read_index
from hublish.formats.tensors.tensor import MAX_DIMENSIONS, Tensor
from hublish.formats.tensors.tensor_data import FileRange
from hublish.formats.tensors.tied_tensors import read_ties

# The length of the header, an unsigned little-endian integer, precedes it.
_LENGTH_SIZE: Final = 8
# The size that a numpy array may span, in bytes.
_MAX_BYTES: Final = 2**63 - 1
# Shards as huggingface_hub numbers them, from 1.
_NUMBERED: Final = re.compile(r"(.*)-([0-9]{5,})-of-([0-9]{5,})\.safetensors")
# The ends of the tensors in a raw header, for messages only.
_ENDS: Final = re.compile(rb'"data_offsets"\s*:\s*\[\s*\d+\s*,\s*(\d{1,19})\s*\]')


@dataclass(frozen=True, slots=True)
class Entry:
    """A tensor's place, in bytes from the end of the header."""

    name: str
    dtype: Dtype
    shape: tuple[int, ...]
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class SafetensorsFile:
    """A file whose header was read."""

    name: str
    """The name for errors and descriptions: its path in the repo, or on disk."""
    path: Path
    identity: Identity
    entries: tuple[Entry, ...]
    """In the order of their bytes."""
    metadata: Mapping[str, str]
    """Strings about the file, by sorted key; `format` names the framework that wrote it."""
    data_offset: int
    """Bytes before the data."""

    @property
    def data_size(self) -> int:
        """Bytes of all tensors."""
        return self.identity.size - self.data_offset

    @property
    def names(self) -> frozenset[str]:
        """The names of the tensors."""
        return frozenset(entry.name for entry in self.entries)

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """The tensors in the order of their bytes, to be copied from here."""
        return tuple(self._tensor(entry) for entry in self.entries)

    def _tensor(self, entry: Entry) -> Tensor:
        place = FileRange(self.path, self.identity, self.data_offset + entry.begin, entry.end - entry.begin)
        return Tensor(entry.name, entry.dtype, entry.shape, place)


def read_safetensors(path: Path, name: str) -> SafetensorsFile:
    """Read and check the header of the file at `path`.

    Raises:
        InvalidFileError: naming the file, when it is not canonical safetensors.
        SourceChangedError: when the file is replaced or modified meanwhile.
    """
    with named(name), opened(path) as (descriptor, identity):
        length = _header_length(descriptor, identity.size)
        header = os.pread(descriptor, length, _LENGTH_SIZE)
        # Before the library: it parses a header of 100 MB, and loses duplicate names.
        check_header(header)
        try:
            with safe_open(path, framework="numpy") as file:
                entries, metadata = _entries(file), file.metadata() or {}
        except SafetensorError as error:
            raise _rejected(error, header, identity.size - _LENGTH_SIZE - length) from None
        # The library opens the path by itself: it must have found the file that was checked here.
        if not path.exists() or Identity.of(path.stat()) != identity:
            raise changed(path)
    return SafetensorsFile(name, path, identity, entries, dict(sorted(metadata.items())), _LENGTH_SIZE + length)


@dataclass(frozen=True, slots=True)
class SafetensorsSet:
    """Files that hold the tensors of one model, with their indexes."""

    files: tuple[SafetensorsFile, ...]
    indexes: tuple[Index, ...]

    @property
    def metadata(self) -> tuple[Mapping[str, Any], ...]:
        """The metadata of every file, then of every index."""
        return (*(file.metadata for file in self.files), *(index.metadata for index in self.indexes))

    @property
    def ties(self) -> dict[str, str]:
        """The recorded ties: for each tied tensor that is not stored, the name of the stored one."""
        stored = frozenset[str]().union(*(file.names for file in self.files))
        return {name: kept for metadata in self.metadata for name, kept in read_ties(metadata, stored).items()}


def read_set(files: Mapping[str, Path]) -> SafetensorsSet:
    """Read every safetensors file of `files`, and check it against the indexes among them.

    Args:
        files: by path in the repo; files of other formats are ignored.

    Raises:
        InvalidFileError: when a file is damaged or missing, an index and its shards disagree, or two files hold a
            tensor of the same name.
    """
    indexes = tuple(read_index(files[name], name) for name in sorted(files) if name.endswith(INDEX_SUFFIX))
    # First, because a missing shard is the most frequent mistake and its message the most helpful one.
    for index in indexes:
        for shard in index.shards:
            if index.path_of(shard) not in files:
                msg = f"{index.name}: its shard {shard} is missing"
                raise InvalidFileError(msg, hint="include every shard, or exclude the index")
    names = sorted(name for name in files if name.endswith(SUFFIX))
    if not names:
        msg = f"no {SUFFIX} file among {len(files)} files"
        raise InvalidFileError(msg, hint="do load.allow_patterns include the weights?")
    _check_complete(names)
    read = {name: read_safetensors(files[name], name) for name in names}
    _check_disjoint(read.values())
    for index in indexes:
        index.check({shard: read[index.path_of(shard)].names for shard in index.shards})
    return SafetensorsSet(tuple(read.values()), indexes)


def _header_length(descriptor: int, size: int) -> int:
    if size < _LENGTH_SIZE:
        raise InvalidFileError(f"too short to be a safetensors file: {size} bytes")
    length = int.from_bytes(os.pread(descriptor, _LENGTH_SIZE, 0), "little")
    if length > MAX_HEADER_SIZE:
        msg = f"a header of {length} bytes; the limit is {MAX_HEADER_SIZE}"
        raise InvalidFileError(msg, hint="is it a safetensors file at all?")
    # Where a header should begin, other formats often have a larger number: a pickle, a zip, an LFS pointer.
    if length > size - _LENGTH_SIZE:
        msg = f"the header's {length} bytes extend past the end of the file"
        raise InvalidFileError(msg, hint="copy or download the file again")
    return length


def _entries(file: Any) -> tuple[Entry, ...]:
    """Return the tensors in the order of their bytes.

    The library does not reveal offsets. It checks that the tensors cover the data without holes or overlaps, so each
    one begins where the one before it ends.
    """
    entries: list[Entry] = []
    position = 0
    for name in file.offset_keys():
        view = file.get_slice(name)
        with named(f"tensor {ascii(name)[:80]}"):
            if (kind := view.get_dtype()) not in DTYPES:  # a newer library may know more types
                raise InvalidFileError(f"its dtype {kind} is not supported", hint="update hublish")
            dtype, shape = DTYPES[kind], tuple(view.get_shape())
            _check_shape(shape, dtype)
        begin, position = position, position + dtype.nbytes(math.prod(shape))
        entries.append(Entry(name, dtype, shape, begin, position))
    return tuple(entries)


def _check_shape(shape: tuple[int, ...], dtype: Dtype) -> None:
    if len(shape) > MAX_DIMENSIONS:
        raise InvalidFileError(f"it has {len(shape)} dimensions; the limit is {MAX_DIMENSIONS}")
    # An empty shape may contain huge dimensions beside its zero; numpy cannot make an array of those.
    if math.prod(filter(None, shape)) * dtype.bits // 8 > _MAX_BYTES:
        raise InvalidFileError("its shape overflows 64 bits")


def _rejected(error: SafetensorError, header: bytes, data_size: int) -> InvalidFileError:
    """Return the library's verdict; for a file cut short, the most frequent damage, with both sizes."""
    ends = [int(end) for end in _ENDS.findall(header)]
    if ends and max(ends) > data_size:
        msg = f"the file is cut short: the header describes {max(ends)} bytes of data, the file has {data_size}"
        return InvalidFileError(msg, hint="copy or download the file again")
    reason = str(error).removeprefix("Error while deserializing header: ")
    return InvalidFileError(f"the safetensors library rejects the file: {ascii(reason)[1:-1][:300]}")


def _check_complete(names: Iterable[str]) -> None:
    """Reject numbered shards with a gap, which shows even without an index."""
    numbers: dict[tuple[str, str], set[int]] = {}
    for name in names:
        if match := _NUMBERED.fullmatch(name):
            numbers.setdefault((match[1], match[3]), set()).add(int(match[2]))
    for (stem, total), found in numbers.items():
        # Lazily: a name may claim any total, but only few numbers are found.
        missing = next((number for number in range(1, int(total) + 1) if number not in found), None)
        if missing is not None:
            raise InvalidFileError(f"{stem}-{missing:05d}-of-{total}{SUFFIX} is missing", hint="include every shard")


def _check_disjoint(files: Iterable[SafetensorsFile]) -> None:
    owners: dict[str, str] = {}
    for file in files:
        for entry in file.entries:
            if (owner := owners.setdefault(entry.name, file.name)) != file.name:
                msg = f"tensor {ascii(entry.name)[:80]} is both in {owner} and in {file.name}"
                raise InvalidFileError(msg, hint="limit load.allow_patterns to one of them")
