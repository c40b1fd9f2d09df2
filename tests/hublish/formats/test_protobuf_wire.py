import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.formats import protobuf_wire as wire
from hublish.formats.input_files import InvalidFileError
from hublish.formats.protobuf_wire import Span
from tests.hublish.formats import protobuf


def fields(data: bytes) -> list[tuple[int, int | bytes]]:
    view = memoryview(data)
    found = wire.fields(view, Span(0, len(data)))
    return [(key, data[item.begin : item.end] if isinstance(item, Span) else item) for key, item in found]


def test_fields_of_every_kind_are_found() -> None:
    data = protobuf.number(1, 300) + protobuf.text(2, "hi") + protobuf.double(3, 0.5) + protobuf.single(400, 1)
    assert fields(data) == [(1, 300), (2, b"hi"), (3, b"\0\0\0\0\0\0\xe0?"), (400, b"\0\0\x80?")]


@given(st.integers(0, 2**64 - 1))
def test_any_number_comes_back(value: int) -> None:
    assert fields(protobuf.number(5, value)) == [(5, value)]
    packed = protobuf.varint(value) * 3
    assert list(wire.numbers(memoryview(packed), Span(0, len(packed)))) == [value] * 3


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (protobuf.text(2, "hello")[:-1], "cut short"),
        (protobuf.double(3, 1)[:-1], "cut short"),
        (b"\x80" * 11, "a number of a protobuf message is cut short"),
        (b"\x80", "a number of a protobuf message is cut short"),
        (b"\x0b", "not a protobuf message"),  # a group
        (b"\x0f", "not a protobuf message"),  # a kind that does not exist
        (b"\x00\x00" + b"\x02\x00", "is none"),  # field 0
        (b"\x12" + protobuf.varint(2**63), "cut short"),
    ],
)
def test_a_damaged_message_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(InvalidFileError, match=reason):
        fields(data)


def test_a_text_must_be_one() -> None:
    with pytest.raises(InvalidFileError, match="a number stands where"):
        wire.text(memoryview(b""), 3)
    with pytest.raises(InvalidFileError, match="not UTF-8"):
        wire.text(memoryview(b"\xff"), Span(0, 1))


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        read = fields(data)
    except InvalidFileError:
        return
    assert sum(len(item) if isinstance(item, bytes) else 1 for _, item in read) <= len(data)
