"""The fields of a protobuf message, found without its schema and without reading their values.

The wire format: https://protobuf.dev/programming-guides/encoding/. Like protobuf's own parsers, this reader accepts
fields in any order, unknown fields, varints longer than necessary, and groups, which it skips.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from hublish.formats.blob import Blob
from hublish.formats.input_files import InvalidFileError

MAX_FIELDS: Final = 2_000_000
"""Of all messages that are read from one file; a graph of 100,000 nodes has about a million."""
_WINDOW: Final = 1 << 16
# A varint of 64 bits.
_VARINT_LENGTH: Final = 10
_DAMAGED: Final = "not a protobuf message, or a truncated one"
_VARINT, _I64, _LENGTH, _GROUP, _GROUP_END, _I32 = range(6)


class TooManyFieldsError(InvalidFileError):
    """The limit is reached, so the rest is unknown."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field, and the place of its value. One with a length is a string, bytes, a message, or packed numbers."""

    number: int
    begin: int
    end: int
    sized: bool


class ProtobufReader:
    """Reads messages within a blob."""

    def __init__(self, blob: Blob, max_fields: int | None = None) -> None:
        self._blob = blob
        self._window, self._base = b"", 0
        self._left = self._max_fields = max_fields or MAX_FIELDS

    def fields(self, begin: int, end: int) -> Iterator[Field]:
        """Yield the fields of the message between two offsets.

        Raises:
            InvalidFileError: these bytes are not a message.
            TooManyFieldsError: the limit is reached.
        """
        position, groups = begin, 0
        while position < end:
            self._left -= 1
            if self._left < 0:
                raise TooManyFieldsError(f"it has more than {self._max_fields} fields")
            tag, position = self._varint(position, end)
            kind = tag & 7
            if not 0 < tag >> 3 < 1 << 29 or kind > _I32:
                raise InvalidFileError(_DAMAGED)
            groups += {_GROUP: 1, _GROUP_END: -1}.get(kind, 0)
            length, position = self._value(kind, position, end)
            if groups < 0 or position + length > end:
                raise InvalidFileError(_DAMAGED)
            if not groups and kind != _GROUP_END:
                yield Field(tag >> 3, position, position + length, kind == _LENGTH)
            position += length
        if groups:
            raise InvalidFileError(_DAMAGED)

    def select(self, begin: int, end: int, *path: int) -> Iterator[Field]:
        """Yield the fields with a length at a path of field numbers, such as all names of all nodes.

        Raises:
            InvalidFileError: as `fields`.
        """
        for field in self.fields(begin, end):
            if field.sized and field.number == path[0]:
                if len(path) == 1:
                    yield field
                else:
                    yield from self.select(field.begin, field.end, *path[1:])

    def value(self, field: Field) -> bytes:
        """Return the bytes of a field with a length."""
        return self._blob.read_at(field.begin, field.end - field.begin)

    def integers(self, field: Field) -> Iterator[int]:
        """Yield the number in a field without a length, or the packed ones in a field with one; without a sign.

        Raises:
            InvalidFileError: they are not integers.
        """
        position = field.begin
        while position < field.end:
            value, position = self._varint(position, field.end)
            yield value

    def _value(self, kind: int, position: int, end: int) -> tuple[int, int]:
        """Return the length of a value, and the position of its bytes."""
        if kind == _LENGTH:
            return self._varint(position, end)
        if kind == _VARINT:
            return self._varint(position, end)[1] - position, position
        return {_I64: 8, _I32: 4}.get(kind, 0), position

    def _varint(self, position: int, end: int) -> tuple[int, int]:
        # Most varints are one byte.
        start = position - self._base
        if position < end and 0 <= start < len(self._window) and (byte := self._window[start]) < 0x80:
            return byte, position + 1
        value = 0
        for index, byte in enumerate(self._some(position)):
            if position + index >= end:
                break
            value |= (byte & 0x7F) << 7 * index
            if byte < 0x80:
                return value, position + index + 1
        raise InvalidFileError(_DAMAGED)

    def _some(self, position: int) -> bytes:
        """Return the bytes of the longest varint; fewer at the end."""
        start = position - self._base
        if not 0 <= start <= len(self._window) - _VARINT_LENGTH:
            self._window, self._base, start = self._blob.read_at(position, _WINDOW), position, 0
        return self._window[start : start + _VARINT_LENGTH]
