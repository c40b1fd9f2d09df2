"""The metadata in the schemas of Arrow's IPC format, in files, streams and Parquet's footers.

The format: https://arrow.apache.org/docs/format/Columnar.html. A stream is a row of messages, each a flatbuffer and its
body; a file is a stream between two magics, with another flatbuffer at its end. Metadata is never compressed.
"""

import struct
from collections.abc import Iterator
from typing import Final

from hublish.formats.blob import Blob, MemoryBlob
from hublish.formats.input_files import InvalidFileError

MAGIC: Final = b"ARROW1"
MAX_METADATA: Final = 256 << 20
"""Bytes of one message without its body. Schemas take kilobytes, and a batch of records some bytes a column."""
# Fields, messages and pairs of one file; a cycle of offsets would never end.
_MAX_PARTS: Final = 1_000_000
_CONTINUATION: Final = b"\xff\xff\xff\xff"
_DAMAGED: Final = "not a message of Arrow, or a damaged one"
# Numbers of fields in the tables of Message.fbs, Schema.fbs and File.fbs.
_MESSAGE_KIND, _MESSAGE_HEADER, _MESSAGE_BODY, _MESSAGE_METADATA = 1, 2, 3, 4
_FOOTER_SCHEMA, _FOOTER_METADATA = 1, 4
_SCHEMA_FIELDS, _SCHEMA_METADATA = 1, 2
_FIELD_CHILDREN, _FIELD_METADATA = 5, 6
_SCHEMA: Final = 1

Metadata = tuple[tuple[bytes, bytes], ...]
"""The pairs of keys and values of one schema, field or message."""


def file_metadata(blob: Blob, size: int) -> Iterator[Metadata]:
    """Yield the metadata of an IPC file, whose end has the magic.

    Raises:
        InvalidFileError: it is damaged.
    """
    # Readers of files follow the footer, and readers of streams the messages.
    length = int.from_bytes(blob.read_at(size - len(MAGIC) - 4, 4), "little")
    begin = size - len(MAGIC) - 4 - length
    if not 0 < length <= MAX_METADATA or begin < 0:
        raise InvalidFileError("its footer is damaged, or too long")
    yield from _footer(_Flatbuffer(blob.read_at(begin, length)))
    # A writer may leave out the first magic; readers check the last one only.
    if blob.read_at(0, len(MAGIC)) == MAGIC:
        yield from stream_metadata(blob, 8)


def stream_metadata(blob: Blob, offset: int = 0) -> Iterator[Metadata]:
    """Yield the metadata of a stream of messages until it ends.

    Raises:
        InvalidFileError: it is damaged, or its first message is not a schema.
    """
    first = True
    for _ in range(_MAX_PARTS):
        prefix = blob.read_at(offset, 8)
        # Versions before 0.15 wrote the length alone.
        start = 4 if prefix[:4] == _CONTINUATION else 0
        length = int.from_bytes(prefix[start : start + 4], "little")
        if not length and not first:
            return
        if not 8 <= length <= MAX_METADATA:
            raise InvalidFileError(_DAMAGED)
        offset += start + 4
        buffer = _Flatbuffer(blob.read_at(offset, length))
        message = buffer.root()
        if first and buffer.byte(message, _MESSAGE_KIND) != _SCHEMA:
            raise InvalidFileError(_DAMAGED)
        yield from _message(buffer, message)
        body = buffer.long(message, _MESSAGE_BODY)
        if body < 0:
            raise InvalidFileError(_DAMAGED)
        first, offset = False, offset + length + body
        if not blob.read_at(offset, 1):
            return
    raise InvalidFileError(f"more than {_MAX_PARTS} messages")


def schema_metadata(message: bytes) -> list[Metadata]:
    """Return the metadata of a schema alone, as Parquet holds it.

    Raises:
        InvalidFileError: it is damaged.
    """
    return list(stream_metadata(MemoryBlob(message)))


def _message(buffer: "_Flatbuffer", message: int) -> Iterator[Metadata]:
    yield buffer.pairs(message, _MESSAGE_METADATA)
    if buffer.byte(message, _MESSAGE_KIND) == _SCHEMA and (schema := buffer.table(message, _MESSAGE_HEADER)):
        yield from _schema(buffer, schema)


def _footer(buffer: "_Flatbuffer") -> Iterator[Metadata]:
    footer = buffer.root()
    yield buffer.pairs(footer, _FOOTER_METADATA)
    if not (schema := buffer.table(footer, _FOOTER_SCHEMA)):
        raise InvalidFileError("its footer has no schema")
    yield from _schema(buffer, schema)


def _schema(buffer: "_Flatbuffer", schema: int) -> Iterator[Metadata]:
    yield buffer.pairs(schema, _SCHEMA_METADATA)
    pending = list(buffer.tables(schema, _SCHEMA_FIELDS))
    while pending:
        field = pending.pop()
        yield buffer.pairs(field, _FIELD_METADATA)
        pending += buffer.tables(field, _FIELD_CHILDREN)


class _Flatbuffer:
    """Tables in a flatbuffer; a position of 0 means that a field is absent.

    The format: https://flatbuffers.dev/internals/. Every offset is checked, as it may lead anywhere.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._parts = 0

    def root(self) -> int:
        return self._number("<I", 0)

    def byte(self, table: int, field: int) -> int:
        place = self._place(table, field)
        return self._number("<B", place) if place else 0

    def long(self, table: int, field: int) -> int:
        place = self._place(table, field)
        return self._number("<q", place) if place else 0

    def table(self, table: int, field: int) -> int:
        place = self._place(table, field)
        return place + self._number("<I", place) if place else 0

    def tables(self, table: int, field: int) -> Iterator[int]:
        if not (vector := self.table(table, field)):
            return
        count = self._number("<I", vector)
        self._parts += count
        if self._parts > _MAX_PARTS or vector + 4 + 4 * count > len(self._data):
            raise InvalidFileError(_DAMAGED)
        for place in range(vector + 4, vector + 4 + 4 * count, 4):
            yield place + self._number("<I", place)

    def pairs(self, table: int, field: int) -> Metadata:
        return tuple((self._string(pair, 0), self._string(pair, 1)) for pair in self.tables(table, field))

    def _string(self, table: int, field: int) -> bytes:
        if not (place := self.table(table, field)):
            return b""
        length = self._number("<I", place)
        if place + 4 + length > len(self._data):
            raise InvalidFileError(_DAMAGED)
        return self._data[place + 4 : place + 4 + length]

    def _place(self, table: int, field: int) -> int:
        virtual = table - self._number("<i", table)
        length = self._number("<H", virtual)
        entry = 4 + 2 * field
        offset = self._number("<H", virtual + entry) if entry + 2 <= length else 0
        return table + offset if offset else 0

    def _number(self, form: str, position: int) -> int:
        if position < 0 or position + struct.calcsize(form) > len(self._data):
            raise InvalidFileError(_DAMAGED)
        return int(struct.unpack_from(form, self._data, position)[0])
