"""Metadata of Arrow and Parquet that a loader unpickles is found, in every kind of file."""

import base64
import struct

import pytest

from hublish.audit.containers import carried_pickle
from hublish.formats.blob import MemoryBlob
from tests.hublish.audit.payloads import call
from tests.hublish.audit.programs.arrow_files import KINDS, NAME, arrow

PICKLED = b"arrow.py_extension_type"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"name": b"ray.data.arrow_tensor_v2", "value": call()}, "ARROW:extension:metadata is a pickle"),
        ({"value": base64.b64encode(call())}, "in base64"),
        ({"value": call(0)}, "ARROW:extension:metadata is a pickle"),
        ({"note": call()}, "metadata note is a pickle"),
    ],
)
def test_a_pickle_in_metadata_is_found(kind: str, fields: dict[str, bytes], reason: str) -> None:
    found = carried_pickle(MemoryBlob(arrow(kind, **fields)))
    assert found is not None
    assert reason in found


@pytest.mark.parametrize("kind", KINDS)
def test_a_type_that_is_always_unpickled_is_found(kind: str) -> None:
    # The name has a length, so it is shortened in place: pyarrow compares all of it.
    name = PICKLED.ljust(NAME, b"\0")
    data = arrow(kind, name=name)
    found = carried_pickle(MemoryBlob(_shortened(kind, data, name)))
    assert found is not None
    assert "an extension type that is unpickled" in found


def _shortened(kind: str, data: bytes, name: bytes) -> bytes:
    old, new = (struct.pack("<I", length) + name for length in (NAME, len(PICKLED)))
    if kind != "Parquet":
        return data.replace(old, new)
    begin = data.index(b"/////")
    length = next(size for size in range(4, len(data)) if not data[begin + size : begin + size + 1].isalnum())
    end = begin + length
    while data[end : end + 1] in (b"+", b"/", b"=") or data[end : end + 1].isalnum():
        end += 1
    schema = base64.b64decode(data[begin : end - (end - begin) % 4])
    return data[:begin] + base64.b64encode(schema.replace(old, new)) + data[end - (end - begin) % 4 :]


@pytest.mark.parametrize("kind", KINDS)
def test_metadata_without_a_pickle_is_clean(kind: str) -> None:
    note = b'{"info": {"features": {"a": {"dtype": "int32"}}}}'
    assert carried_pickle(MemoryBlob(arrow(kind, b"geoarrow.point", b'[1, "x"]', note))) is None


def test_a_file_is_found_by_its_end() -> None:
    data = arrow("file", value=call())
    assert carried_pickle(MemoryBlob(b"PAR1\0\0\0\0" + data[8:])) is not None


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"PAR1" + bytes(100) + struct.pack("<I", 50) + b"PARE", "its footer is encrypted"),
        (b"PAR1" + bytes(100) + struct.pack("<I", 500) + b"PAR1", "its footer is damaged, or too long"),
        (b"PAR1" + b"\xff" * 100 + struct.pack("<I", 100) + b"PAR1", "its footer is damaged"),
        (b"ARROW1\0\0" + bytes(100) + struct.pack("<I", 500) + b"ARROW1", "its footer is damaged, or too long"),
        (b"ARROW1\0\0" + b"\xff" * 100 + struct.pack("<I", 100) + b"ARROW1", "damaged"),
    ],
)
def test_a_footer_that_cannot_be_read_is_refused(data: bytes, reason: str) -> None:
    found = carried_pickle(MemoryBlob(data))
    assert found is not None
    assert reason in found
    assert found.endswith("which cannot be inspected")


@pytest.mark.parametrize("data", [b"a text about PAR1", b"a text about ARROW1", b"\xff\xff\xff\xff\x10\0\0\0" * 9])
def test_bytes_that_only_resemble_a_format_are_clean(data: bytes) -> None:
    assert carried_pickle(MemoryBlob(data)) is None
