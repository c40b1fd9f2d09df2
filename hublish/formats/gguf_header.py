"""The header of a GGUF file: its metadata, and the place of each tensor.

The format, versions 2 and 3: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. Every count in a file is
checked against a limit and against the bytes that are present, before anything is allocated for it.
"""

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import ml_dtypes
import numpy as np

from hublish.formats.blob import Blob
from hublish.formats.input_files import InvalidFileError
from hublish.formats.tensors.tensor import check_names, check_unique, name_problem

MAX_HEADER_SIZE: Final = 128 << 20
"""Bytes. A vocabulary of 250,000 tokens takes about ten megabytes."""
MAX_TENSORS: Final = 100_000
# Bytes of the parts that are tried one after the other: most of a header is the vocabulary.
_READS: Final = (1 << 20, 16 << 20, MAX_HEADER_SIZE)
# Far above real files, which have tens of keys, and vocabularies of some 300,000 strings with as many merges.
_MAX_KEYS = 10_000
_MAX_STRINGS = 2_000_000
_MAX_NAME = 65_535  # bytes: the specification's limit for a key
_MAX_STRING = 16 << 20
_MAX_DIMENSIONS = 4  # GGML_MAX_DIMS
_MAX_DEPTH = 4
_DEFAULT_ALIGNMENT = 32  # when the metadata names none
_VERSIONS = (2, 3)

# The types of metadata values, as the specification numbers them.
_BOOL, _STRING, _ARRAY = 7, 8, 9
_SCALARS: Final[dict[int, np.dtype[Any]]] = {
    0: np.dtype("<u1"),
    1: np.dtype("<i1"),
    2: np.dtype("<u2"),
    3: np.dtype("<i2"),
    4: np.dtype("<u4"),
    5: np.dtype("<i4"),
    6: np.dtype("<f4"),
    _BOOL: np.dtype("<u1"),
    10: np.dtype("<u8"),
    11: np.dtype("<i8"),
    12: np.dtype("<f8"),
}

UNKNOWN: Final = 0
"""The size of a tensor whose type is newer than the table of types."""


@dataclass(frozen=True, slots=True)
class ElementType:
    """One element type of ggml."""

    name: str
    """As ggml spells it: `Q4_K`."""
    block: int
    """Elements per block; `UNKNOWN` for a type that is not in the table."""
    block_size: int
    """Bytes per block."""
    numpy: np.dtype[Any] | None = None
    """The same elements in numpy; None when they are quantized."""


# ggml's numbers of its types, names, elements and bytes per block: `ggml_type` and the table of block sizes in ggml's
# Python package (gguf 0.19, constants.py).
_PLAIN: Final[dict[int, tuple[str, np.dtype[Any]]]] = {
    0: ("F32", np.dtype("<f4")),
    1: ("F16", np.dtype("<f2")),
    24: ("I8", np.dtype("i1")),
    25: ("I16", np.dtype("<i2")),
    26: ("I32", np.dtype("<i4")),
    27: ("I64", np.dtype("<i8")),
    28: ("F64", np.dtype("<f8")),
    30: ("BF16", np.dtype(ml_dtypes.bfloat16)),
}
_QUANTIZED: Final = {
    2: ("Q4_0", 32, 18),
    3: ("Q4_1", 32, 20),
    6: ("Q5_0", 32, 22),
    7: ("Q5_1", 32, 24),
    8: ("Q8_0", 32, 34),
    9: ("Q8_1", 32, 40),
    10: ("Q2_K", 256, 84),
    11: ("Q3_K", 256, 110),
    12: ("Q4_K", 256, 144),
    13: ("Q5_K", 256, 176),
    14: ("Q6_K", 256, 210),
    15: ("Q8_K", 256, 292),
    16: ("IQ2_XXS", 256, 66),
    17: ("IQ2_XS", 256, 74),
    18: ("IQ3_XXS", 256, 98),
    19: ("IQ1_S", 256, 50),
    20: ("IQ4_NL", 32, 18),
    21: ("IQ3_S", 256, 110),
    22: ("IQ2_S", 256, 82),
    23: ("IQ4_XS", 256, 136),
    29: ("IQ1_M", 256, 56),
    34: ("TQ1_0", 256, 54),
    35: ("TQ2_0", 256, 66),
    39: ("MXFP4", 32, 17),
    40: ("NVFP4", 64, 36),
    41: ("Q1_0", 128, 18),
}
_TYPES: Final = {
    **{number: ElementType(name, 1, kind.itemsize, kind) for number, (name, kind) in _PLAIN.items()},
    **{number: ElementType(name, block, size) for number, (name, block, size) in _QUANTIZED.items()},
}


def element_type(number: int) -> ElementType:
    """Return the type with ggml's number, without a size when it is not in the table."""
    return _TYPES.get(number) or ElementType(f"type {number}", UNKNOWN, UNKNOWN)


@dataclass(frozen=True, slots=True)
class GgufTensor:
    """The description of one tensor."""

    name: str
    shape: tuple[int, ...]
    """Outermost dimension first, as in numpy; the file has the reverse order."""
    type: ElementType
    offset: int
    """Bytes from the start of the file."""
    nbytes: int

    @property
    def stored(self) -> tuple[tuple[int, ...], np.dtype[Any]]:
        """Shape and type of the array with the same bytes; of a quantized tensor, the bytes of its rows."""
        if self.type.numpy is not None:
            return self.shape, self.type.numpy
        return (*self.shape[:-1], self.shape[-1] // self.type.block * self.type.block_size), np.dtype(np.uint8)


@dataclass(frozen=True, slots=True)
class GgufHeader:
    """The header of a file."""

    version: int
    metadata: Mapping[str, Any]
    """Strings, numbers, booleans, and lists of them; lists of numbers are numpy arrays."""
    tensors: tuple[GgufTensor, ...]
    alignment: int
    data_offset: int


def parse_header(data: memoryview, size: int, max_strings: int = _MAX_STRINGS) -> GgufHeader:
    """Return the header of a file.

    Args:
        data: the first `MAX_HEADER_SIZE` bytes of the file, or all of it.
        size: bytes of the whole file.
        max_strings: the most strings in lists; each takes memory.

    Raises:
        InvalidFileError: it is damaged, of another version, or claims more bytes than there are.
    """
    cursor = _Cursor(data, max_strings)
    version, tensor_count, metadata = _beginning(cursor)
    alignment = _alignment(metadata)
    described = [_tensor_info(cursor) for _ in range(tensor_count)]
    data_offset = math.ceil(cursor.position / alignment) * alignment
    tensors = tuple(_placed(info, data_offset, alignment, size) for info in described)
    _check_apart(tensors)
    return GgufHeader(version, metadata, tensors, alignment, data_offset)


def read_gguf_header(blob: Blob, size: int, most: int = MAX_HEADER_SIZE, max_strings: int = _MAX_STRINGS) -> GgufHeader:
    """Return the header of a file of `size` bytes, of which no more is read than it needs, in ever larger parts.

    `max_strings` is as for `parse_header`.

    Raises:
        InvalidFileError: as `parse_header`, or it has more than `most` bytes.
    """
    for length in _READS:
        data = memoryview(blob.read_at(0, min(length, most)))
        try:
            return parse_header(data, size, max_strings)
        except InvalidFileError:
            if length >= min(size, most):
                raise
    raise InvalidFileError("the header is too long")


def parse_metadata(data: memoryview) -> dict[str, Any]:
    """Return the metadata of a file alone; `data` is as for `parse_header`.

    Raises:
        InvalidFileError: as `parse_header`.
    """
    return _beginning(_Cursor(data))[2]


def _beginning(cursor: "_Cursor") -> tuple[int, int, dict[str, Any]]:
    """Return the version, the number of tensors and the metadata."""
    if bytes(cursor.take(4)) != b"GGUF":
        raise InvalidFileError("not a GGUF file: its first bytes are not those of the format")
    # Version 1 has 32-bit counts. A big-endian file shows a huge version here.
    version = cursor.number("<I")
    if version not in _VERSIONS:
        msg = f"version {version} of GGUF; hublish reads versions 2 and 3 in little-endian"
        raise InvalidFileError(msg, hint="convert it again with a current tool")
    tensor_count = cursor.count("tensors", MAX_TENSORS)
    return version, tensor_count, _metadata(cursor, cursor.count("metadata keys", _MAX_KEYS))


class _Cursor:
    """A reader that advances through the header."""

    def __init__(self, data: memoryview, max_strings: int = _MAX_STRINGS) -> None:
        self._data = data
        self.position = 0
        self.strings = 0
        self.max_strings = max_strings

    def take(self, size: int) -> memoryview:
        # Python's integers do not overflow: a count of 2**63 elements is simply past the end.
        end = self.position + size
        if size < 0 or end > len(self._data):
            msg = f"the header is truncated, or longer than {MAX_HEADER_SIZE} bytes"
            raise InvalidFileError(msg, hint="copy or download the file again")
        part = self._data[self.position : end]
        self.position = end
        return part

    def number(self, form: str) -> int:
        return int(struct.unpack(form, self.take(struct.calcsize(form)))[0])

    def count(self, items: str, limit: int) -> int:
        found = self.number("<Q")
        if found > limit:
            raise InvalidFileError(f"{found} {items}; the limit is {limit}")
        return found

    def string(self, limit: int) -> str:
        size = self.number("<Q")
        if size > limit:
            raise InvalidFileError(f"a string of {size} bytes; the limit is {limit}")
        try:
            return bytes(self.take(size)).decode()
        except UnicodeDecodeError:
            raise InvalidFileError("a string that is not UTF-8") from None


def _metadata(cursor: _Cursor, count: int) -> dict[str, Any]:
    metadata: dict[str, Any] = {}
    for _ in range(count):
        key = cursor.string(_MAX_NAME)
        # Printed by `hublish load`: a control character could rewrite the terminal.
        if not key or not key.isprintable() or key in metadata:
            raise InvalidFileError(f"metadata key {ascii(key)[:80]} is empty, not printable or repeated")
        metadata[key] = _value(cursor, cursor.number("<I"), 0)
    return metadata


def _value(cursor: _Cursor, kind: int, depth: int) -> Any:
    if kind == _STRING:
        return cursor.string(_MAX_STRING)
    if kind == _ARRAY:
        return _list(cursor, depth + 1)
    if kind not in _SCALARS:
        raise InvalidFileError(f"metadata of unknown type {kind}")
    dtype = _SCALARS[kind]
    value = np.frombuffer(cursor.take(dtype.itemsize), dtype)[0].item()
    return bool(value) if kind == _BOOL else value


def _list(cursor: _Cursor, depth: int) -> Any:
    kind, count = cursor.number("<I"), cursor.number("<Q")
    if kind in _SCALARS:
        numbers = np.frombuffer(cursor.take(count * _SCALARS[kind].itemsize), _SCALARS[kind])
        # Copied, because a view would keep the whole header mapped.
        return numbers.astype(np.bool_) if kind == _BOOL else numbers.copy()
    # Each level of nesting is a call of this function.
    if depth > _MAX_DEPTH:
        raise InvalidFileError(f"lists nested more than {_MAX_DEPTH} deep")
    # Every string becomes an object, so the bytes of the header alone do not bound the memory.
    cursor.strings += count
    if cursor.strings > cursor.max_strings:
        raise InvalidFileError(f"more than {cursor.max_strings} strings and lists in lists")
    return [_value(cursor, kind, depth) for _ in range(count)]


def _alignment(metadata: Mapping[str, Any]) -> int:
    found = metadata.get("general.alignment", _DEFAULT_ALIGNMENT)
    if type(found) is not int or not 0 < found <= 1 << 20 or found & (found - 1):
        raise InvalidFileError("general.alignment is not a power of two")
    return found


def _tensor_info(cursor: _Cursor) -> tuple[str, tuple[int, ...], int, int]:
    name = cursor.string(_MAX_NAME)
    if problem := name_problem(name):
        raise InvalidFileError(problem)
    dimensions = cursor.number("<I")
    if dimensions > _MAX_DIMENSIONS:
        raise InvalidFileError(f"tensor {ascii(name)[:80]} has {dimensions} dimensions; the limit is {_MAX_DIMENSIONS}")
    shape = struct.unpack(f"<{dimensions}Q", cursor.take(8 * dimensions))
    return name, shape[::-1], cursor.number("<I"), cursor.number("<Q")


def _placed(info: tuple[str, tuple[int, ...], int, int], data_offset: int, alignment: int, size: int) -> GgufTensor:
    name, shape, kind, offset = info
    shown = ascii(name)[:80]
    found = element_type(kind)
    # Lengths are unsigned in the file and signed in ggml; an unaligned offset breaks readers that map tensors.
    if offset % alignment or any(length >= 1 << 63 for length in shape):
        raise InvalidFileError(f"tensor {shown} has an impossible shape or offset")
    # A block never spans rows.
    row = shape[-1] if shape else 1
    if found.block and row % found.block:
        msg = f"tensor {shown} has rows of {row} elements, which are not whole {found.name} blocks of {found.block}"
        raise InvalidFileError(msg)
    nbytes = math.prod(shape) // found.block * found.block_size if found.block else UNKNOWN
    if data_offset + offset + nbytes > size:
        raise InvalidFileError(f"tensor {shown} runs past the end of the file", hint="copy or download the file again")
    return GgufTensor(name, shape, found, data_offset + offset, nbytes)


def _check_apart(tensors: tuple[GgufTensor, ...]) -> None:
    # Readers disagree on which of two equal names counts, and overlaps let a small file describe a huge model.
    check_names(tensor.name for tensor in tensors)
    check_unique(tensor.name for tensor in tensors)
    end = 0
    for tensor in sorted((tensor for tensor in tensors if tensor.nbytes), key=lambda tensor: tensor.offset):
        if tensor.offset < end:
            raise InvalidFileError(f"tensor {ascii(tensor.name)[:80]} overlaps another")
        end = tensor.offset + tensor.nbytes
