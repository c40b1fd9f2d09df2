"""The wire format of Protocol Buffers, read in place: fields by number, nothing copied, no schema compiled.

The format: https://protobuf.dev/programming-guides/encoding/. Groups, which nothing current writes, are refused.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from hublish.formats.input_files import InvalidFileError

_VARINT, _I64, _LENGTH, _I32 = 0, 1, 2, 5
_FIXED = {_I64: 8, _I32: 4}
_MAX_VARINT = 10  # bytes of a 64-bit number


@dataclass(frozen=True, slots=True)
class Span:
    """A run of bytes of a buffer: where it begins and ends."""

    begin: int
    end: int


def fields(data: memoryview, span: Span) -> Iterator[tuple[int, int | Span]]:
    """Yield the fields of a message: the number, and a varint's value or where the bytes of any other kind lie.

    Raises:
        InvalidFileError: when the message is cut short or is none.
    """
    position = span.begin
    while position < span.end:
        tag, position = varint(data, position, span.end)
        number, kind = tag >> 3, tag & 7
        if kind == _VARINT:
            value, position = varint(data, position, span.end)
            yield number, value
            continue
        if kind == _LENGTH:
            length, position = varint(data, position, span.end)
        elif kind in _FIXED:
            length = _FIXED[kind]
        else:
            msg = "not a protobuf message, or a damaged one"
            raise InvalidFileError(msg)
        if length > span.end - position or not number:
            msg = "a protobuf message is cut short, or is none"
            raise InvalidFileError(msg)
        yield number, Span(position, position + length)
        position += length


def varint(data: memoryview, position: int, end: int) -> tuple[int, int]:
    """Return the number that begins at `position`, and where it ends.

    Raises:
        InvalidFileError: when it does not end.
    """
    value = 0
    for index in range(min(_MAX_VARINT, end - position)):
        byte = data[position + index]
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, position + index + 1
    msg = "a number of a protobuf message is cut short"
    raise InvalidFileError(msg)


def text(data: memoryview, span: Span | int) -> str:
    """Return a text.

    Raises:
        InvalidFileError: when it is not UTF-8.
    """
    if isinstance(span, int):
        msg = "a number stands where a text belongs"
        raise InvalidFileError(msg)
    try:
        return bytes(data[span.begin : span.end]).decode()
    except UnicodeDecodeError:
        msg = "a text of the model is not UTF-8"
        raise InvalidFileError(msg) from None


def numbers(data: memoryview, found: int | Span) -> Iterator[int]:
    """Yield a repeated number's values: packed ones, or a single one that stands alone."""
    if isinstance(found, int):
        yield found
        return
    position = found.begin
    while position < found.end:
        value, position = varint(data, position, found.end)
        yield value
