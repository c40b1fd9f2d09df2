"""The footers of Parquet files, assembled byte by byte: the reader reads nothing else."""

import json
import struct
from collections.abc import Iterable, Sequence
from typing import Any

from tests.hublish.formats.protobuf import varint

INT32, INT64, DOUBLE, BYTES = 1, 2, 5, 6
UTF8 = 0


def zigzag(value: int) -> bytes:
    """Return an integer of Thrift's compact protocol."""
    return varint(value << 1 if value >= 0 else ~(value << 1))


def binary(value: bytes) -> bytes:
    """Return bytes with their length."""
    return varint(len(value)) + value


def struct_of(*fields: tuple[int, int, bytes]) -> bytes:
    """Return a struct of fields: number, type and value."""
    data, last = b"", 0
    for number, kind, value in fields:
        data += bytes([number - last << 4 | kind]) + value
        last = number
    return data + b"\0"


def list_of(kind: int, items: Sequence[bytes]) -> bytes:
    """Return a list."""
    head = bytes([len(items) << 4 | kind]) if len(items) < 15 else bytes([0xF0 | kind]) + varint(len(items))
    return head + b"".join(items)


def element(name: str, physical: int | None = None, children: int = 0, converted: int | None = None) -> bytes:
    """Return a node of a schema."""
    fields = [(1, 5, physical), (5, 5, children or None), (6, 5, converted)]
    kept = [(number, kind, zigzag(value)) for number, kind, value in fields if value is not None]
    return struct_of(*sorted([*kept, (4, 8, binary(name.encode()))]))


def parquet(
    columns: Iterable[tuple[str, int, int | None]] = (("text", BYTES, UTF8),),
    rows: int = 3,
    features: dict[str, Any] | None = None,
    data: bytes = b"",
) -> bytes:
    """Return a file with columns, each a name, a physical and a converted type."""
    leaves = [element(name, physical, converted=converted) for name, physical, converted in columns]
    schema = list_of(12, [element("schema", children=len(leaves)), *leaves])
    fields = [(1, 5, zigzag(1)), (2, 9, schema), (3, 6, zigzag(rows)), (4, 9, list_of(12, []))]
    if features is not None:
        value = json.dumps({"info": {"features": features}}).encode()
        fields.append((5, 9, list_of(12, [struct_of((1, 8, binary(b"huggingface")), (2, 8, binary(value)))])))
    return with_footer(struct_of(*fields), data)


def with_footer(footer: bytes, data: bytes = b"") -> bytes:
    """Return a file with a footer."""
    return b"PAR1" + data + footer + struct.pack("<I", len(footer)) + b"PAR1"
