"""A limit on the memory that parsing a protobuf message takes, checked before the message is parsed.

protobuf's parsers bound depth and length, but an empty message of two bytes becomes an object of about a hundred: a
file of 20 MB could take 2 GB. The wire format: https://protobuf.dev/programming-guides/encoding/.
"""

from typing import Any, Final

from hublish.formats.input_files import InvalidFileError

MAX_FIELDS: Final = 5_000_000
"""About 500 MB once parsed. A model of 100,000 nodes has about a million."""
# A smaller message cannot have that many fields, so it is not inspected.
_HARMLESS = 2 * MAX_FIELDS
_VARINT, _I64, _LENGTH, _I32 = 0, 1, 2, 5
_FIXED = {_I64: 8, _I32: 4}
# Bytes of packed integers that count as one field: each becomes eight bytes, and a field about a hundred.
_PACKED_PER_FIELD = 12
_INTEGERS = frozenset({3, 4, 5, 13})  # FieldDescriptor.TYPE_INT64, UINT64, INT32, UINT32


def check_parsed_size(data: memoryview, kind: Any) -> None:
    """Raise an error when a message has more fields than any honest one; `kind` is its protobuf Descriptor.

    Raises:
        InvalidFileError: it has too many fields, or is not a protobuf message.
    """
    # A stack instead of recursion: protobuf itself limits the depth, but later.
    fields = 0
    pending: list[tuple[Any, int, int]] = [(kind, 0, len(data))] if len(data) > _HARMLESS else []
    while pending:
        kind, position, end = pending.pop()
        while position < end:
            tag, position = _varint(data, position, end)
            field = kind.fields_by_number.get(tag >> 3)
            length, position = _length(data, tag & 7, position, end)
            fields += 1
            # Unknown fields are kept as they are, as one run of bytes.
            if field is not None and tag & 7 == _LENGTH:
                if field.message_type is not None:
                    pending.append((field.message_type, position, position + length))
                elif field.type in _INTEGERS:
                    fields += length // _PACKED_PER_FIELD
            if fields > MAX_FIELDS:
                raise InvalidFileError(f"it has more than {MAX_FIELDS} fields")
            position += length


def _length(data: memoryview, wire_type: int, position: int, end: int) -> tuple[int, int]:
    """Return the bytes of a value that begins at `position`, and the position after its length."""
    if wire_type == _VARINT:
        return 0, _varint(data, position, end)[1]
    if wire_type == _LENGTH:
        length, position = _varint(data, position, end)
    elif wire_type in _FIXED:
        length = _FIXED[wire_type]
    else:
        length = end  # groups are obsolete: nothing writes them
    if length > end - position:
        raise InvalidFileError("not a protobuf message, or a truncated one")
    return length, position


def _varint(data: memoryview, position: int, end: int) -> tuple[int, int]:
    value = shift = 0
    while position < end and shift < 70:
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7
    raise InvalidFileError("not a protobuf message, or a truncated one")
