"""One tensor's entry in a safetensors header, read and checked by itself."""

import json
import math
from dataclasses import dataclass
from typing import Any

from hublish.formats.input_files import InvalidFileError
from hublish.formats.tensors.dtypes import DTYPES, Dtype
from hublish.formats.tensors.tensor import name_problem

MAX_DIMENSIONS = 32
"""numpy 1.x holds no more."""
_MAX_ENTRY = 4096  # characters; 32 dimensions of 19 digits take 700
_MAX_BYTES = 2**63 - 1  # what an array may span
_KEYS = {"dtype", "shape", "data_offsets"}
_DECODER = json.JSONDecoder(object_pairs_hook=lambda pairs: pairs)


@dataclass(frozen=True, slots=True)
class Entry:
    """Where one tensor lies, in bytes from the end of the header."""

    name: str
    dtype: Dtype
    shape: tuple[int, ...]
    begin: int
    end: int


def read_entry(name: str, text: str) -> Entry:
    """Read `{"dtype": ..., "shape": ..., "data_offsets": ...}`.

    Raises:
        InvalidFileError: naming the tensor.
    """
    if problem := name_problem(name):
        raise InvalidFileError(problem)
    try:
        entry = _entry(name, _fields(text))
        _check_size(entry)
    except ValueError as error:
        msg = f"tensor {ascii(name)[:80]}: {error}"
        raise InvalidFileError(msg) from None
    return entry


def _fields(text: str) -> dict[str, Any]:
    if len(text) > _MAX_ENTRY:
        msg = f"its entry is longer than {_MAX_ENTRY} characters"
        raise ValueError(msg)
    try:
        pairs, _ = _DECODER.raw_decode(text)
    except (ValueError, RecursionError):
        msg = "its entry is not JSON"
        raise ValueError(msg) from None
    fields = dict(pairs)
    if len(pairs) != len(_KEYS) or fields.keys() != _KEYS:
        msg = "its entry must have exactly the keys dtype, shape and data_offsets"
        raise ValueError(msg)
    return fields


def _entry(name: str, fields: dict[str, Any]) -> Entry:
    shape, offsets = _whole_numbers("shape", fields["shape"]), _whole_numbers("data_offsets", fields["data_offsets"])
    dtype = DTYPES.get(fields["dtype"]) if isinstance(fields["dtype"], str) else None
    if dtype is None:
        msg = f"unknown dtype {ascii(fields['dtype'])[:80]}"
        raise ValueError(msg)
    if len(shape) > MAX_DIMENSIONS:
        msg = f"it has {len(shape)} dimensions; the limit is {MAX_DIMENSIONS}"
        raise ValueError(msg)
    if len(offsets) != 2:
        msg = f"data_offsets must be two numbers, not {len(offsets)}"
        raise ValueError(msg)
    return Entry(name, dtype, shape, *offsets)


def _whole_numbers(key: str, value: object) -> tuple[int, ...]:
    # `type` and not isinstance: true is an int to Python.
    if not isinstance(value, list) or [item for item in value if type(item) is not int or not 0 <= item <= _MAX_BYTES]:
        msg = f"{key} must be a list of whole numbers from 0 to 2^63-1"
        raise ValueError(msg)
    return tuple(value)


def _check_size(entry: Entry) -> None:
    if entry.end < entry.begin:
        msg = f"its data ends ({entry.end}) before it begins ({entry.begin})"
        raise ValueError(msg)
    # An empty shape may name huge dimensions beside its zero; no array can be made of those.
    if math.prod(filter(None, entry.shape)) * entry.dtype.bits // 8 > _MAX_BYTES:
        msg = "its shape overflows 64 bits"
        raise ValueError(msg)
    size = entry.dtype.nbytes(math.prod(entry.shape))
    if size != entry.end - entry.begin:
        spanned = entry.end - entry.begin
        msg = f"its shape {list(entry.shape)} of {entry.dtype.name} takes {size} bytes, data_offsets span {spanned}"
        raise ValueError(msg)
