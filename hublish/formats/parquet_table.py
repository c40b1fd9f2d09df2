"""The columns and rows of a Parquet file, from its footer; the data is never read.

The footer names the schema and the number of rows before the places of all columns, which may take megabytes: only its
beginning is read. The structs: https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift.
"""

import json
from dataclasses import dataclass, field
from typing import Any, Final

from hublish.formats.blob import Blob
from hublish.formats.input_files import InvalidFileError
from hublish.formats.parquet_footer import BINARY, DAMAGED, INTEGERS, LIST, STRUCT, CompactReader, footer_place

# Bytes of the first read, which holds most footers, and of the part of a longer one.
_TAIL: Final = 16 << 10
_MAX_SCHEMA: Final = 1 << 20
_MAX_ELEMENTS: Final = 100_000
_MAX_DEPTH: Final = 32
# Numbers of fields in FileMetaData and SchemaElement.
_SCHEMA, _ROWS = 2, 3
_TYPE, _REPETITION, _NAME, _CHILDREN, _CONVERTED, _LOGICAL = 1, 3, 4, 5, 6, 10
_REPEATED: Final = 2
_PHYSICAL: Final = ("bool", "int32", "int64", "timestamp", "float32", "float64", "binary", "binary")
# ConvertedType by its number; the others are those of the physical type.
_CONVERTED_NAMES: Final = {
    0: "string", 1: "map", 3: "list", 4: "string", 5: "decimal", 6: "date", 7: "time", 8: "time", 9: "timestamp",
    10: "timestamp", 11: "uint8", 12: "uint16", 13: "uint32", 14: "uint64", 15: "int8", 16: "int16", 17: "int32",
    18: "int64", 19: "json", 20: "bson", 21: "interval",
}  # fmt: skip
# The members of the union LogicalType; INTEGER has parameters, for which writers give the converted type too.
_LOGICAL_NAMES: Final = {
    1: "string", 2: "map", 3: "list", 4: "string", 5: "decimal", 6: "date", 7: "time", 8: "timestamp", 11: "null",
    12: "json", 13: "bson", 14: "uuid", 15: "float16", 16: "variant",
}  # fmt: skip
# The key under which `datasets` keeps its features, as the reader of a footer finds it: two fields of a struct.
_FEATURES: Final = b"\x18\x0bhuggingface\x18"
_MAX_FEATURES: Final = 4 << 20


@dataclass(frozen=True, slots=True)
class ParquetTable:
    """The shape of a table."""

    columns: tuple[tuple[str, str], ...]
    """Name and type, such as `int64`, `list<string>` or `struct`."""
    rows: int
    features: dict[str, Any] = field(default_factory=dict)
    """The features of `datasets`, if it wrote the file."""


@dataclass(slots=True)
class RowCounter:
    """Counts the rows of files, most of which have the same schema."""

    _schema: bytes = b""

    def count(self, blob: Blob, size: int) -> int:
        """Return the number of rows.

        Raises:
            InvalidFileError: the footer is damaged, encrypted or too long.
        """
        data, _ = _beginning(blob, size)
        # Shards of one table begin alike: the same schema is not parsed again.
        start = len(self._schema) if self._schema and data.startswith(self._schema) else 0
        reader = CompactReader(data, start)
        for number, kind in reader.fields(_SCHEMA if start else 0):
            if number == _ROWS and kind in INTEGERS:
                return _checked(reader.zigzag())
            reader.skip(kind)
            if number == _SCHEMA:
                self._schema = data[: reader.position]
        raise InvalidFileError(DAMAGED)


def read_table(blob: Blob, size: int) -> ParquetTable:
    """Return the shape of a file.

    Raises:
        InvalidFileError: the footer is damaged, encrypted or too long.
    """
    data, place = _beginning(blob, size)
    reader = CompactReader(data)
    columns: tuple[tuple[str, str], ...] | None = None
    for number, kind in reader.fields():
        if number == _SCHEMA and kind == LIST:
            columns = _columns(reader)
        elif number == _ROWS and kind in INTEGERS and columns is not None:
            return ParquetTable(columns, _checked(reader.zigzag()), _features(blob, *place))
        else:
            reader.skip(kind)
    raise InvalidFileError(DAMAGED)


def _beginning(blob: Blob, size: int) -> tuple[bytes, tuple[int, int]]:
    """Return the beginning of the footer, and its place: offset and length."""
    tail = blob.read_at(max(0, size - _TAIL), min(_TAIL, size))
    place = offset, length = footer_place(tail[-8:], size)
    if length + 8 <= len(tail):
        return tail[-8 - length : -8], place
    return blob.read_at(offset, min(length, _MAX_SCHEMA)), place


def _checked(rows: int) -> int:
    if not 0 <= rows < 1 << 53:
        raise InvalidFileError(DAMAGED)
    return rows


@dataclass(slots=True)
class _Element:
    """A node of the schema."""

    name: str = ""
    physical: int | None = None
    repetition: int = 0
    children: int = 0
    converted: int | None = None
    logical: int | None = None

    @property
    def kind(self) -> str:
        """The type of its values."""
        converted = -1 if self.converted is None else self.converted
        named = _LOGICAL_NAMES.get(self.logical or 0) or _CONVERTED_NAMES.get(converted)
        if named:
            return named
        if self.physical is None:
            return "struct"
        return _PHYSICAL[self.physical] if self.physical < len(_PHYSICAL) else "unknown"


def _columns(reader: CompactReader) -> tuple[tuple[str, str], ...]:
    """Return the columns of the schema, a tree whose nodes are in the order of a walk."""
    count, kind = reader.list_header()
    if kind != STRUCT or not 0 < count <= _MAX_ELEMENTS:
        raise InvalidFileError(DAMAGED)
    elements = [_element(reader) for _ in range(count)]
    columns, position = [], 1
    for _ in range(elements[0].children):
        name = elements[position].name if position < count else ""
        shown, position = _described(elements, position, 0)
        columns.append((name, shown))
    return tuple(columns)


def _described(elements: list[_Element], position: int, depth: int) -> tuple[str, int]:
    """Return the type of a node, and the position after its last descendant."""
    if position >= len(elements) or depth > _MAX_DEPTH:
        raise InvalidFileError(DAMAGED)
    element = elements[position]
    inner, position = [], position + 1
    for _ in range(element.children):
        shown, position = _described(elements, position, depth + 1)
        inner.append(shown)
    # A list is a group with one repeated group, whose only child is the element.
    kind = element.kind
    if kind == "list" and len(inner) == 1:
        kind = f"list<{inner[0].removeprefix('repeated ')}>"
    elif element.repetition == _REPEATED and element.physical is None and len(inner) == 1:
        kind = f"repeated {inner[0]}"
    elif element.repetition == _REPEATED:
        kind = f"list<{kind}>" if depth == 0 else f"repeated {kind}"
    return kind, position


def _element(reader: CompactReader) -> _Element:
    element = _Element()
    for number, kind in reader.fields():
        if number == _NAME and kind == BINARY:
            element.name = reader.binary().decode("utf-8", "replace")
        elif number == _LOGICAL and kind == STRUCT:
            for member, inner in reader.fields():
                element.logical = member
                reader.skip(inner)
        elif kind in INTEGERS and number in (_TYPE, _REPETITION, _CHILDREN, _CONVERTED):
            _set(element, number, reader.zigzag())
        else:
            reader.skip(kind)
    return element


def _set(element: _Element, number: int, value: int) -> None:
    if not 0 <= value <= _MAX_ELEMENTS:
        raise InvalidFileError(DAMAGED)
    if number == _TYPE:
        element.physical = value
    elif number == _REPETITION:
        element.repetition = value
    elif number == _CHILDREN:
        element.children = value
    else:
        element.converted = value


def _features(blob: Blob, offset: int, length: int) -> dict[str, Any]:
    """Return the features of `datasets`, which are near the end of the footer."""
    part = min(length, _MAX_FEATURES)
    data = blob.read_at(offset + length - part, part)
    start = data.rfind(_FEATURES)
    if start < 0:
        return {}
    try:
        text = CompactReader(data, start + len(_FEATURES)).binary()
        found = json.loads(text)["info"]["features"]
    except (InvalidFileError, ValueError, TypeError, LookupError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
