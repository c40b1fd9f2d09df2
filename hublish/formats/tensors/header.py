"""The header of a safetensors file: bytes to entries, and back.

The format: https://github.com/huggingface/safetensors#format. The reader holds to its letter, which is stricter
than the safetensors library: that one accepts duplicate names, unknown keys, leading white space, and any amount
of each. Leading white space is refused and not warned of, because the format says that a header begins with `{`.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hublish.formats.input_files import InvalidFileError
from hublish.formats.tensors import flat_json
from hublish.formats.tensors.entry import Entry, read_entry
from hublish.formats.tensors.tensor import METADATA, Tensor

MAX_HEADER_SIZE = 25_000_000
"""Bytes of the longest header that is read or written."""
MAX_TENSORS = 100_000
"""The most tensors one file may hold, and the most keys of its metadata."""
_ALIGNMENT = 8


@dataclass(frozen=True, slots=True)
class Header:
    """What a file holds."""

    entries: tuple[Entry, ...]
    """In the order of their bytes."""
    metadata: Mapping[str, str]
    """Texts about the file; `format` names the framework that wrote it."""


def parse_header(header: bytes, data_size: int) -> Header:
    """Read the header's JSON.

    Args:
        header: the JSON with its padding, without the length before it.
        data_size: bytes that follow the header in the file.

    Raises:
        InvalidFileError: when it is not a header in canonical form that covers the data exactly.
    """
    if not header.startswith(b"{"):
        msg = "the header does not begin with '{'"
        raise InvalidFileError(msg)
    try:
        text = header.decode()
    except UnicodeDecodeError as error:
        msg = f"the header is not UTF-8 at byte {error.start}"
        raise InvalidFileError(msg) from None
    entries, metadata = _read_members(text)
    ordered = tuple(sorted(entries, key=lambda entry: (entry.begin, entry.end)))
    _check_coverage(ordered, data_size)
    return Header(ordered, metadata)


def render_header(tensors: Iterable[Tensor], metadata: Mapping[str, str]) -> bytes:
    """Return everything that stands before the data: length, JSON, padding to 8 bytes.

    Args:
        tensors: in the order of their bytes.
        metadata: written by sorted key, so that the same input gives the same bytes (the library shuffles them).

    Raises:
        InvalidFileError: when readers would refuse the header as too long.
    """
    members: dict[str, Any] = {METADATA: dict(sorted(metadata.items()))} if metadata else {}
    offset = 0
    for tensor in tensors:
        end = offset + tensor.nbytes
        members[tensor.name] = {"dtype": tensor.dtype.name, "shape": tensor.shape, "data_offsets": (offset, end)}
        offset = end
    text = json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode()
    padded = text + b" " * (-len(text) % _ALIGNMENT)
    if len(padded) > MAX_HEADER_SIZE or len(members) > MAX_TENSORS:
        msg = f"a header of {len(padded)} bytes for {len(members)} tensors; the limits are {MAX_HEADER_SIZE} bytes"
        raise InvalidFileError(
            f"{msg} and {MAX_TENSORS} tensors", hint="lower max_shard_size, so that each file holds fewer tensors"
        )
    return len(padded).to_bytes(8, "little") + padded


def _read_members(text: str) -> tuple[list[Entry], dict[str, str]]:
    entries: dict[str, Entry] = {}
    metadata: dict[str, str] | None = None
    for name, value in flat_json.objects(text):
        if name in entries or (name == METADATA and metadata is not None):
            msg = f"duplicate tensor name {ascii(name)[:80]} in the header"
            raise InvalidFileError(msg)
        if len(entries) == MAX_TENSORS:
            msg = f"the header names more than {MAX_TENSORS} tensors"
            raise InvalidFileError(msg)
        if name == METADATA:
            metadata = _read_metadata(value)
        else:
            entries[name] = read_entry(name, value)
    return list(entries.values()), metadata or {}


def _read_metadata(value: str) -> dict[str, str]:
    metadata: dict[str, str] = {}
    for key, text in flat_json.strings(value):
        if key in metadata:
            msg = f"duplicate key {ascii(key)[:80]} in {METADATA}"
            raise InvalidFileError(msg)
        if len(metadata) == MAX_TENSORS:
            msg = f"{METADATA} has more than {MAX_TENSORS} keys"
            raise InvalidFileError(msg)
        metadata[key] = text
    return metadata


def _check_coverage(entries: Iterable[Entry], data_size: int) -> None:
    position = 0
    for entry in entries:
        if entry.begin != position:
            what = "a hole before" if entry.begin > position else "an overlap with"
            msg = f"{what} tensor {ascii(entry.name)[:80]}: data up to {position}, its own from {entry.begin}"
            raise InvalidFileError(msg)
        position = entry.end
    if position > data_size:
        msg = f"the file is cut short: the header names {position} bytes of data, {data_size} are there"
        raise InvalidFileError(msg, hint="copy or download the file again")
    if position < data_size:
        msg = f"{data_size - position} bytes follow the last tensor"
        raise InvalidFileError(msg)
