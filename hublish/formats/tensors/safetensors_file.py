"""One safetensors file: its header read, its data left where it lies."""

import os
from dataclasses import dataclass
from pathlib import Path

from hublish.base.content import Identity
from hublish.formats.input_files import InvalidFileError, named, opened
from hublish.formats.tensors.header import MAX_HEADER_SIZE, Header, parse_header
from hublish.formats.tensors.tensor import Tensor
from hublish.formats.tensors.tensor_data import FileRange

_LENGTH_SIZE = 8


@dataclass(frozen=True, slots=True)
class SafetensorsFile:
    """A described file."""

    name: str
    """How errors and descriptions call it: its path in the repo, or on disk."""
    path: Path
    identity: Identity
    header: Header
    data_offset: int
    """Bytes before the data."""

    @property
    def data_size(self) -> int:
        """Bytes of all tensors."""
        return self.identity.size - self.data_offset

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """The tensors in the order of their bytes, to be copied from here."""
        return tuple(
            Tensor(
                entry.name,
                entry.dtype,
                entry.shape,
                FileRange(self.path, self.identity, self.data_offset + entry.begin, entry.end - entry.begin),
            )
            for entry in self.header.entries
        )


def read_safetensors(path: Path, name: str) -> SafetensorsFile:
    """Read and check the header of the file at `path`.

    Raises:
        InvalidFileError: naming the file, when it is not canonical safetensors.
    """
    with named(name), opened(path) as (descriptor, identity):
        length = _header_length(descriptor, identity.size)
        data_offset = _LENGTH_SIZE + length
        header = parse_header(os.pread(descriptor, length, _LENGTH_SIZE), identity.size - data_offset)
    return SafetensorsFile(name, path, identity, header, data_offset)


def _header_length(descriptor: int, size: int) -> int:
    if size < _LENGTH_SIZE:
        msg = f"too short to be a safetensors file: {size} bytes"
        raise InvalidFileError(msg)
    length = int.from_bytes(os.pread(descriptor, _LENGTH_SIZE, 0), "little")
    if length > MAX_HEADER_SIZE:
        msg = f"a header of {length} bytes; the limit is {MAX_HEADER_SIZE}"
        raise InvalidFileError(msg, hint="is it a safetensors file at all?")
    if length > size - _LENGTH_SIZE:
        msg = f"the header's {length} bytes run past the end of the file"
        raise InvalidFileError(msg, hint="copy or download the file again")
    return length
