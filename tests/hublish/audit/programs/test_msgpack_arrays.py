"""Arrays of objects of msgpack-numpy are found, however the lengths of their strings are written."""

import pytest

from hublish.audit.containers import carried_pickle
from hublish.formats.blob import MemoryBlob
from tests.hublish.audit.payloads import call

DATA = b"\xa4data\xc4" + bytes([len(call())]) + call()


@pytest.mark.parametrize(
    "key", [b"\xa4", b"\xc4\x04", b"\xd9\x04", b"\xda\0\x04", b"\xdb\0\0\0\x04", b"\xc6\0\0\0\x04"]
)
@pytest.mark.parametrize("value", [b"\xa1", b"\xc4\x01", b"\xd9\x01", b"\xc5\0\x01"])
def test_an_array_of_objects_is_found(key: bytes, value: bytes) -> None:
    array = b"\x84\xc4\x02nd\xc3" + key + b"kind" + value + b"O" + b"\xa4type\xa3|O8" + DATA
    for data in (
        array,
        b"\x91" + array,
        b"\x82\xa1a\xdb\0\x20\0\0" + b"x" * (2 << 20) + b"\xa1b" + array,
    ):
        assert "an array of Python objects" in (carried_pickle(MemoryBlob(data)) or "")


def test_other_arrays_are_clean() -> None:
    array = b"\x84\xc4\x02nd\xc3\xc4\x04kind\xc4\0\xa4type\xa3<f4\xa4data\xc4\x08" + bytes(8)
    assert carried_pickle(MemoryBlob(array)) is None
    assert carried_pickle(MemoryBlob(b"kind\xa1O in a text")) is None
