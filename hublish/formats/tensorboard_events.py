"""Scalars and texts in the event files of TensorBoard.

A file is a row of records, each with the length and two checksums:
https://github.com/tensorflow/tensorboard/blob/master/tensorboard/compat/tensorflow_stub/pywrap_tensorflow.py. A record
is a protobuf message `Event`. PyTorch writes a scalar as `simple_value`, TensorFlow as a tensor without dimensions.
Records of images and histograms are skipped by their length.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

from hublish.formats.blob import Blob
from hublish.formats.input_files import InvalidFileError

MAX_FILE: Final = 64 << 20
"""Bytes of a file that are read; a million scalars take as much."""
MAX_RECORDS: Final = 500_000
# Bytes of a record that may hold scalars or the text of a configuration. Longer ones are images and histograms.
_MAX_RECORD: Final = 1 << 16
_WINDOW: Final = 1 << 20
_HEADER: Final = 12
_CHECKSUM: Final = 4
_DAMAGED: Final = "not an event file, or a damaged one"
# Castagnoli's polynomial, with its bits in reverse.
_POLYNOMIAL: Final = 0x82F63B78
_VARINT, _I64, _LENGTH, _I32 = 0, 1, 2, 5
# Numbers of fields in Event, Summary, Summary.Value, TensorProto and SummaryMetadata.
_EVENT_TIME, _EVENT_STEP, _EVENT_SUMMARY = 1, 2, 5
_SUMMARY_VALUE: Final = 1
_VALUE_TAG, _VALUE_SIMPLE, _VALUE_TENSOR = 1, 2, 8
_TENSOR_TYPE, _TENSOR_SHAPE, _TENSOR_CONTENT, _TENSOR_FLOAT, _TENSOR_DOUBLE, _TENSOR_STRING = 1, 2, 4, 5, 6, 8
_FLOAT, _DOUBLE, _STRING = 1, 2, 7
_LARGEST: Final = 3.4028234663852886e38

_Field = tuple[int, int, int | bytes]


@dataclass(frozen=True, slots=True)
class LoggedValue:
    """A scalar or a text at one step."""

    tag: str
    step: int
    time: float
    """Seconds since 1970."""
    value: float | str


def logged_values(blob: Blob, size: int) -> Iterator[LoggedValue]:
    """Yield the values of an event file in the order in which they were written.

    A file whose writer still runs, or was killed, ends within a record: the records before are complete.

    Raises:
        InvalidFileError: a checksum is wrong, or a record is not an event.
    """
    for data in _records(blob, min(size, MAX_FILE)):
        step, time, summaries = 0, 0.0, []
        for number, kind, value in _fields(data):
            if number == _EVENT_STEP and kind == _VARINT:
                step = _signed(value)
            elif number == _EVENT_TIME and kind == _I64:
                time = _unpacked("<d", value)
            elif number == _EVENT_SUMMARY and isinstance(value, bytes):
                summaries.append(value)
        for summary in summaries:
            for number, _, value in _fields(summary):
                if number == _SUMMARY_VALUE and isinstance(value, bytes):
                    yield from _logged(value, step, time)


def _records(blob: Blob, size: int) -> Iterator[bytes]:
    window, base, position = b"", 0, 0
    for _ in range(MAX_RECORDS):
        last = base + len(window)
        # Read on where the rest of the window may end within a record, unless the file ends there.
        if position + _HEADER + _MAX_RECORD + _CHECKSUM > last and last < size:
            window, base = blob.read_at(position, _WINDOW), position
        start = position - base
        header = window[start : start + _HEADER]
        if len(header) < _HEADER:
            return
        if _masked_checksum(header[:8]) != header[8:]:
            raise InvalidFileError(_DAMAGED)
        length = int.from_bytes(header[:8], "little")
        position += _HEADER + length + _CHECKSUM
        if position > size:
            return
        if length <= _MAX_RECORD:
            data = window[start + _HEADER : start + _HEADER + length]
            end = start + _HEADER + length
            if _masked_checksum(data) != window[end : end + _CHECKSUM]:
                raise InvalidFileError(_DAMAGED)
            yield data


def _logged(message: bytes, step: int, time: float) -> Iterator[LoggedValue]:
    """Yield the value of one Summary.Value, if it is a scalar or a text."""
    tag: str | None = None
    found: float | str | None = None
    for number, kind, value in _fields(message):
        if number == _VALUE_TAG and isinstance(value, bytes):
            tag = _text(value)
        elif number == _VALUE_SIMPLE and kind == _I32:
            found = _single(value)
        elif number == _VALUE_TENSOR and isinstance(value, bytes):
            found = _scalar(value)
    if tag and found is not None:
        yield LoggedValue(tag, step, time, found)


def _scalar(message: bytes) -> float | str | None:
    """Return the number or the text in a tensor of one element; None for another tensor."""
    parts = {number: value for number, _, value in _fields(message)}
    dtype = parts.get(_TENSOR_TYPE)
    text = parts.get(_TENSOR_STRING)
    if dtype == _STRING:
        return _text(text) if isinstance(text, bytes) else None
    if dtype not in (_FLOAT, _DOUBLE) or parts.get(_TENSOR_SHAPE):
        return None
    size, number = (4, _TENSOR_FLOAT) if dtype == _FLOAT else (8, _TENSOR_DOUBLE)
    # One element: in the raw content, in a packed list, or in a field of its own.
    for place in (_TENSOR_CONTENT, number):
        value = parts.get(place)
        raw = value.to_bytes(size, "little") if isinstance(value, int) else value
        if raw and len(raw) == size:
            return _single(raw) if size == 4 else _unpacked("<d", raw)
    return None


def _fields(data: bytes) -> Iterator[_Field]:
    """Yield number, wire type and value of each field: bytes of those with a length, an integer of the others."""
    position = 0
    while position < len(data):
        tag, position = _varint(data, position)
        kind = tag & 7
        value: int | bytes
        if kind == _VARINT:
            value, position = _varint(data, position)
        else:
            length = {_I64: 8, _I32: 4}.get(kind)
            if length is None:
                length, position = _varint(data, position) if kind == _LENGTH else (len(data) + 1, position)
            value, position = data[position : position + length], position + length
            if position > len(data):
                raise InvalidFileError(_DAMAGED)
            value = value if kind == _LENGTH else int.from_bytes(value, "little")
        yield tag >> 3, kind, value


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if position >= len(data):
            break
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
    raise InvalidFileError(_DAMAGED)


def _signed(value: int | bytes) -> int:
    number = int(value) & (1 << 64) - 1 if isinstance(value, int) else 0
    return number - (1 << 64) if number >> 63 else number


def _unpacked(form: str, value: int | bytes) -> float:
    raw = value.to_bytes(struct.calcsize(form), "little") if isinstance(value, int) else value
    return float(struct.unpack(form, raw)[0])


def _single(value: int | bytes) -> float:
    """Return a number of 32 bits as the shortest decimal with the same value: 0.1 and not 0.10000000149011612."""
    exact = _unpacked("<f", value)
    for digits in range(6, 9):
        shorter = float(f"{exact:.{digits}g}")
        # A rounded number may be beyond the largest of 32 bits.
        if abs(shorter) <= _LARGEST and struct.pack("<f", shorter) == struct.pack("<f", exact):
            return shorter
    return float(f"{exact:.9g}")


def _text(value: bytes) -> str | None:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return None


@cache
def _table() -> tuple[int, ...]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (_POLYNOMIAL if value & 1 else 0)  # noqa: PLW2901 - the register of the checksum
        table.append(value)
    return tuple(table)


def _masked_checksum(data: bytes) -> bytes:
    """Return the CRC-32C of data as records store it: rotated and shifted by a constant."""
    table, register = _table(), 0xFFFFFFFF
    for byte in data:
        register = register >> 8 ^ table[(register ^ byte) & 0xFF]
    register ^= 0xFFFFFFFF
    masked = (register >> 15 | register << 17) + 0xA282EAD8
    return (masked & 0xFFFFFFFF).to_bytes(4, "little")
