"""The header of a safetensors file: limits and canonical form for reading, and its bytes for writing.

The format: https://github.com/huggingface/safetensors#format. The safetensors library validates types, shapes and
offsets. It accepts duplicate names, unknown keys, leading white space, names such as `../x`, and any amount of
each; a header must therefore pass `check_header` before the library reads it. Leading white space is an error and
not a warning, because the format requires that a header begins with `{`.
"""

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from hublish.formats.blob import Blob
from hublish.formats.input_files import InvalidFileError
from hublish.formats.tensors.tensor import METADATA, Tensor, name_problem

# Bytes of the longest header that is read or written; the library's own limit is 100 MB.
MAX_HEADER_SIZE: Final = 25_000_000
# The most tensors in one file, and the most keys in its metadata; the library needs 7 s for 500,000 tensors.
MAX_TENSORS: Final = 100_000
# Most headers fit into the first read.
_FIRST_READ: Final = 64 << 10
# Padding aligns the data for every element type, because the file's first 8 bytes are the length.
_ALIGNMENT: Final = 8
# Characters; 32 dimensions of 19 digits take 700.
_MAX_ENTRY: Final = 4096

# A general JSON parser builds the value before anything can reject it: 25 MB of `[],[],...` become half a gigabyte
# of lists, and a repeated key is lost. These patterns build nothing, and stop at the first character that does not
# fit. They are possessive, so that no input makes them backtrack.
_SPACE: Final = r"[ \t\n\r]*+"
_STRING: Final = r'"[^"\\\x00-\x1f]*+(?:\\.[^"\\\x00-\x1f]*+)*+"'
_FLAT_OBJECT: Final = r'\{(?:[^{}"]++|' + _STRING + r")*+\}"
_EMPTY: Final = re.compile(rf"\{{{_SPACE}\}}")


def _member(value: str) -> re.Pattern[str]:
    return re.compile(f"{_SPACE}(?P<key>{_STRING}){_SPACE}:{_SPACE}(?P<value>{value}){_SPACE}(?P<end>[,}}])")


# The library reads a `__metadata__` of null as none at all; a tensor cannot be null.
_OBJECT_MEMBER: Final = _member(rf'{_FLAT_OBJECT}|(?<="{METADATA}":)null|(?<="{METADATA}": )null')
_STRING_MEMBER: Final = _member(_STRING)
_STRINGS: Final = re.compile(_STRING)
_BITS: Final = re.compile(r"\d{1,3}")


def check_header(header: bytes) -> None:
    """Reject a header that is not in canonical form or exceeds the limits.

    Args:
        header: the JSON with its padding, without the length before it.

    Raises:
        InvalidFileError: describing the first violation.
    """
    if not header.startswith(b"{"):
        raise InvalidFileError("the header does not begin with '{'")
    try:
        text = header.decode()
    except UnicodeDecodeError as error:
        raise InvalidFileError(f"the header is not UTF-8 at byte {error.start}") from None
    names: set[str] = set()
    for name, value in _members(text, _OBJECT_MEMBER):
        if name in names:
            raise InvalidFileError(f"duplicate tensor name {ascii(name)[:80]} in the header")
        names.add(name)
        if len(names) - (METADATA in names) > MAX_TENSORS:
            raise InvalidFileError(f"the header names more than {MAX_TENSORS} tensors")
        if name == METADATA:
            if value != "null":
                _check_metadata(value)
        else:
            _check_entry(name, value)


class Described(NamedTuple):
    """A tensor as a header describes it, whose type may be newer than the table of types."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    nbytes: int
    offset: int
    """Bytes from the end of the header."""

    @property
    def elements(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)


def described_tensors(header: bytes) -> Iterator[Described]:
    """Yield the tensors of a header.

    Entries are read one at a time, so that a header of many tensors needs little memory.

    Raises:
        InvalidFileError: for a bad header, or an entry whose bytes are not those of its type and shape.
    """
    check_header(header)
    for name, value in _members(header.decode(), _OBJECT_MEMBER):
        if name != METADATA:
            yield _described(name, value)


def read_header(blob: Blob, size: int, limit: int = MAX_HEADER_SIZE) -> bytes:
    """Return the header of a file of `size` bytes; nothing behind it is read, except the rest of a first small part.

    Raises:
        InvalidFileError: the file is damaged, or its header is longer than `limit`.
    """
    first = blob.read_at(0, _FIRST_READ)
    length = int.from_bytes(first[:8], "little")
    if len(first) < 8 or size - 8 - length < 0 or length > min(MAX_HEADER_SIZE, limit):
        raise InvalidFileError("the header is damaged, or too long")
    header = first[8 : 8 + length]
    return header if len(header) == length else header + blob.read_at(8 + len(header), length - len(header))


def header_metadata(header: bytes) -> dict[str, str]:
    """Return the texts under `__metadata__` of a header that passed `check_header`."""
    for name, value in _members(header.decode(), _OBJECT_MEMBER):
        if name == METADATA and value != "null":
            return {key: _decode(text) for key, text in _members(value, _STRING_MEMBER)}
    return {}


def count_parameters(header: bytes) -> dict[str, int]:
    """Return the number of elements by type, such as `{"BF16": 7241732096}`; raise InvalidFileError for a bad header.

    Unlike in `described_tensors`, the places of the bytes are not read.
    """
    check_header(header)
    counted: dict[str, int] = {}
    for name, value in _members(header.decode(), _OBJECT_MEMBER):
        if name != METADATA:
            dtype, shape, _ = _entry(name, value)
            counted[dtype] = counted.get(dtype, 0) + math.prod(shape)
    return counted


def _entry(name: str, value: str) -> tuple[str, tuple[int, ...], Any]:
    """Return the type, the shape and the unchecked offsets of an entry."""
    try:
        entry = json.loads(value)
        dtype, shape = entry["dtype"], entry["shape"]
    # A number of more than 4,300 digits is a ValueError, and deep nesting a RecursionError.
    except (ValueError, KeyError, RecursionError):
        entry, dtype, shape = {}, None, None
    numbers = isinstance(shape, list) and all(type(length) is int and length >= 0 for length in shape)
    # A length of 64 bits counts everything that a file can hold.
    if not isinstance(dtype, str) or not numbers or math.prod(shape) >= 1 << 63:
        raise InvalidFileError(f"tensor {ascii(name)[:80]}: its entry is malformed")
    return dtype, tuple(shape), entry.get("data_offsets")


def _described(name: str, value: str) -> Described:
    dtype, shape, offsets = _entry(name, value)
    pair = isinstance(offsets, list) and len(offsets) == 2 and all(type(offset) is int for offset in offsets)
    if not pair or not 0 <= offsets[0] <= offsets[1]:
        raise InvalidFileError(f"tensor {ascii(name)[:80]}: its entry is malformed")
    tensor = Described(name, dtype, shape, offsets[1] - offsets[0], offsets[0])
    # The name of a type contains its bits. A header that claims more elements than it has bytes for is not believed.
    bits = _BITS.search(dtype)
    if bits and tensor.elements * int(bits[0]) != tensor.nbytes * 8:
        raise InvalidFileError(f"tensor {ascii(name)[:80]} has another number of bytes than its shape needs")
    return tensor


def render_header(tensors: Iterable[Tensor], metadata: Mapping[str, str]) -> bytes:
    """Return the bytes before the data: the length, the JSON, and padding to 8 bytes.

    Args:
        tensors: in the order of their bytes.
        metadata: written by sorted key, so that equal input gives equal bytes (the library's order is random).

    Raises:
        InvalidFileError: when the header exceeds the limits of readers.
    """
    members: dict[str, Any] = {METADATA: dict(sorted(metadata.items()))} if metadata else {}
    offset = 0
    for tensor in tensors:
        end = offset + tensor.nbytes
        members[tensor.name] = {"dtype": tensor.dtype.name, "shape": tensor.shape, "data_offsets": (offset, end)}
        offset = end
    # As serde_json writes it: without spaces, and with every character beyond ASCII unescaped.
    text = json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode()
    padded = text + b" " * (-len(text) % _ALIGNMENT)
    if len(padded) > MAX_HEADER_SIZE or len(members) > MAX_TENSORS:
        msg = f"a header of {len(padded)} bytes for {len(members)} tensors; the limits are {MAX_HEADER_SIZE} bytes"
        hint = "lower max_shard_size, so that each file holds fewer tensors"
        raise InvalidFileError(f"{msg} and {MAX_TENSORS} tensors", hint=hint)
    return len(padded).to_bytes(8, "little") + padded


def _check_entry(name: str, value: str) -> None:
    if problem := name_problem(name):
        raise InvalidFileError(problem)
    if len(value) > _MAX_ENTRY:
        raise InvalidFileError(f"tensor {ascii(name)[:80]}: its entry is longer than {_MAX_ENTRY} characters")
    # The library requires the three keys and a type, which makes four strings; it ignores every other key.
    if len(_STRINGS.findall(value)) != 4:
        msg = f"tensor {ascii(name)[:80]}: its entry must have exactly the keys dtype, shape and data_offsets"
        raise InvalidFileError(msg)


def _check_metadata(value: str) -> None:
    keys: set[str] = set()
    for key, _ in _members(value, _STRING_MEMBER):
        if key in keys:
            raise InvalidFileError(f"duplicate key {ascii(key)[:80]} in {METADATA}")
        keys.add(key)
        if len(keys) > MAX_TENSORS:
            raise InvalidFileError(f"{METADATA} has more than {MAX_TENSORS} keys")


def _members(text: str, pattern: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    """Yield the key and the unparsed value of each member of a JSON object.

    Raises:
        InvalidFileError: at the first character that does not fit.
    """
    empty = _EMPTY.match(text)
    position, closed = (empty.end(), True) if empty else (1, False)
    while not closed:
        match = pattern.match(text, position)
        if match is None:
            raise InvalidFileError(f"the header is malformed at character {position}")
        yield _decode(match["key"]), match["value"]
        position, closed = match.end(), match["end"] == "}"
    # Writers pad with spaces; the library allows any white space here.
    if text[position:].strip(" "):
        raise InvalidFileError(f"the header continues after its end, at character {position}")


def _decode(string: str) -> str:
    # Names must be compared as values: "a" and "\u0061" are duplicates.
    if "\\" not in string:
        return string[1:-1]
    try:
        return str(json.loads(string))
    except ValueError:
        raise InvalidFileError(f"the header contains an invalid string: {ascii(string)[:80]}") from None
