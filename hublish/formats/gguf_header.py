"""The header of a GGUF file: what the model is, and where its tensors lie.

The format, versions 2 and 3: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. Read with limits: a count is
believed only as far as the bytes that are there can hold it.
"""

import math
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from hublish.formats.gguf_types import UNKNOWN, ElementType, element_type
from hublish.formats.input_files import InvalidFileError
from hublish.formats.tensors.tensor import name_problem

MAX_HEADER_SIZE: Final = 128 << 20
"""Bytes; vocabularies of 250,000 tokens take about ten megabytes."""
MAX_TENSORS: Final = 100_000
MAX_KEYS: Final = 10_000
MAX_TEXTS: Final = 2_000_000
"""Texts in all lists together."""
_MAX_NAME = 65_535
_MAX_TEXT = 16 << 20
_MAX_DIMENSIONS = 4
_MAX_DEPTH = 4
_DEFAULT_ALIGNMENT = 32
_VERSIONS = (2, 3)

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


@dataclass(frozen=True, slots=True)
class GgufTensor:
    """One tensor, described."""

    name: str
    shape: tuple[int, ...]
    """Outermost dimension first, as numpy has it; the file has them the other way round."""
    type: ElementType
    offset: int
    """Bytes from the beginning of the file."""
    nbytes: int

    @property
    def stored(self) -> tuple[tuple[int, ...], np.dtype[Any]]:
        """Shape and type of the array that has the same bytes; of a quantised tensor, the bytes of its rows."""
        if self.type.numpy is not None:
            return self.shape, self.type.numpy
        return (*self.shape[:-1], self.shape[-1] // self.type.block * self.type.block_size), np.dtype(np.uint8)


@dataclass(frozen=True, slots=True)
class GgufHeader:
    """What a file holds."""

    version: int
    metadata: Mapping[str, Any]
    """Texts, numbers, booleans, and lists of them; lists of numbers as numpy arrays."""
    tensors: tuple[GgufTensor, ...]
    alignment: int
    data_offset: int


def parse_header(data: memoryview, size: int) -> GgufHeader:
    """Read a header.

    Args:
        data: the beginning of the file, `MAX_HEADER_SIZE` bytes of it or all.
        size: bytes of the whole file.

    Raises:
        InvalidFileError: when it is damaged, of another version, or claims more than there is.
    """
    cursor = _Cursor(data)
    if bytes(cursor.take(4)) != b"GGUF":
        msg = "not a GGUF file: it does not begin as one"
        raise InvalidFileError(msg)
    version = cursor.number("<I")
    if version not in _VERSIONS:
        msg = f"version {version} of GGUF; versions 2 and 3 in little-endian are read"
        raise InvalidFileError(msg, hint="convert it again with a current tool")
    tensor_count = cursor.count("tensors", MAX_TENSORS)
    key_count = cursor.count("metadata keys", MAX_KEYS)
    metadata = _metadata(cursor, key_count)
    alignment = _alignment(metadata)
    described = [_tensor_info(cursor) for _ in range(tensor_count)]
    data_offset = math.ceil(cursor.position / alignment) * alignment
    tensors = tuple(_placed(info, data_offset, alignment, size) for info in described)
    _check_apart(tensors)
    return GgufHeader(version, metadata, tensors, alignment, data_offset)


class _Cursor:
    """A place in the header that moves on as it is read."""

    def __init__(self, data: memoryview) -> None:
        self._data = data
        self.position = 0
        self.texts = 0

    def take(self, size: int) -> memoryview:
        end = self.position + size
        if size < 0 or end > len(self._data):
            msg = f"the header is cut short, or longer than {MAX_HEADER_SIZE} bytes"
            raise InvalidFileError(msg, hint="copy or download the file again")
        part = self._data[self.position : end]
        self.position = end
        return part

    def number(self, form: str) -> int:
        value: int = struct.unpack(form, self.take(struct.calcsize(form)))[0]
        return value

    def count(self, what: str, limit: int) -> int:
        found = self.number("<Q")
        if found > limit:
            msg = f"{found} {what}; the limit is {limit}"
            raise InvalidFileError(msg)
        return found

    def text(self, limit: int) -> str:
        size = self.number("<Q")
        if size > limit:
            msg = f"a text of {size} bytes; the limit is {limit}"
            raise InvalidFileError(msg)
        try:
            return bytes(self.take(size)).decode()
        except UnicodeDecodeError:
            msg = "a text that is not UTF-8"
            raise InvalidFileError(msg) from None


def _metadata(cursor: _Cursor, count: int) -> dict[str, Any]:
    metadata: dict[str, Any] = {}
    for _ in range(count):
        key = cursor.text(_MAX_NAME)
        if not key or not key.isprintable() or key in metadata:
            msg = f"metadata key {ascii(key)[:80]} is empty, not printable or there twice"
            raise InvalidFileError(msg)
        metadata[key] = _value(cursor, cursor.number("<I"), 0)
    return metadata


def _value(cursor: _Cursor, kind: int, depth: int) -> Any:
    if kind == _STRING:
        return cursor.text(_MAX_TEXT)
    if kind == _ARRAY:
        return _list(cursor, depth + 1)
    if kind not in _SCALARS:
        msg = f"metadata of the unknown type {kind}"
        raise InvalidFileError(msg)
    dtype = _SCALARS[kind]
    value = np.frombuffer(cursor.take(dtype.itemsize), dtype)[0].item()
    return bool(value) if kind == _BOOL else value


def _list(cursor: _Cursor, depth: int) -> Any:
    kind, count = cursor.number("<I"), cursor.number("<Q")
    if kind in _SCALARS:
        numbers = np.frombuffer(cursor.take(count * _SCALARS[kind].itemsize), _SCALARS[kind])
        return numbers.astype(np.bool_) if kind == _BOOL else numbers.copy()
    if depth > _MAX_DEPTH:
        msg = f"lists nested more than {_MAX_DEPTH} deep"
        raise InvalidFileError(msg)
    cursor.texts += count
    if cursor.texts > MAX_TEXTS:
        msg = f"more than {MAX_TEXTS} texts and lists in lists"
        raise InvalidFileError(msg)
    read: Callable[[], Any] = (
        (lambda: cursor.text(_MAX_TEXT)) if kind == _STRING else (lambda: _value(cursor, kind, depth))
    )
    return [read() for _ in range(count)]


def _alignment(metadata: Mapping[str, Any]) -> int:
    found = metadata.get("general.alignment", _DEFAULT_ALIGNMENT)
    if type(found) is not int or not 0 < found <= 1 << 20 or found & (found - 1):
        msg = "general.alignment is no power of two"
        raise InvalidFileError(msg)
    return found


def _tensor_info(cursor: _Cursor) -> tuple[str, tuple[int, ...], int, int]:
    name = cursor.text(_MAX_NAME)
    if problem := name_problem(name):
        raise InvalidFileError(problem)
    dimensions = cursor.number("<I")
    if dimensions > _MAX_DIMENSIONS:
        msg = f"tensor {ascii(name)[:80]} has {dimensions} dimensions; the limit is {_MAX_DIMENSIONS}"
        raise InvalidFileError(msg)
    shape = struct.unpack(f"<{dimensions}Q", cursor.take(8 * dimensions))
    return name, shape[::-1], cursor.number("<I"), cursor.number("<Q")


def _placed(info: tuple[str, tuple[int, ...], int, int], data_offset: int, alignment: int, size: int) -> GgufTensor:
    name, shape, kind, offset = info
    shown = ascii(name)[:80]
    found = element_type(kind)
    count = math.prod(shape)
    if offset % alignment or any(length >= 1 << 63 for length in shape):
        msg = f"tensor {shown} has a shape or an offset that no file has"
        raise InvalidFileError(msg)
    row = shape[-1] if shape else 1
    if found.block and row % found.block:
        msg = f"tensor {shown} has rows of {row} elements, not of whole {found.name} blocks of {found.block}"
        raise InvalidFileError(msg)
    nbytes = count // found.block * found.block_size if found.block else UNKNOWN
    if data_offset + offset + nbytes > size:
        msg = f"tensor {shown} runs past the end of the file"
        raise InvalidFileError(msg, hint="copy or download the file again")
    return GgufTensor(name, shape, found, data_offset + offset, nbytes)


def _check_apart(tensors: tuple[GgufTensor, ...]) -> None:
    seen: set[str] = set()
    for tensor in tensors:
        if tensor.name in seen:
            msg = f"two tensors are named {ascii(tensor.name)[:80]}"
            raise InvalidFileError(msg)
        seen.add(tensor.name)
    end = 0
    for tensor in sorted((tensor for tensor in tensors if tensor.nbytes), key=lambda tensor: tensor.offset):
        if tensor.offset < end:
            msg = f"tensor {ascii(tensor.name)[:80]} overlaps another"
            raise InvalidFileError(msg)
        end = tensor.offset + tensor.nbytes
