"""Event files of TensorBoard: values as its own writer logs them, and files that are damaged."""

import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.formats.blob import MemoryBlob
from hublish.formats.input_files import InvalidFileError
from hublish.formats.tensorboard_events import LoggedValue, logged_values
from tests.hublish.formats.protobuf import double, message, number, single, text

# Written by tensorboard 2.21: a scalar as PyTorch logs it, as TensorFlow does in two types, and a text.
REFERENCE = bytes.fromhex(
    "4800000000000000fe92489d0947f86f754fc2da411a0d627261696e2e4576656e743a32522e0a2c74656e736f72626f6172642e73756d6d"
    "6172792e7772697465722e6576656e745f66696c655f77726974657233d32f631e00000000000000d9dc123209000000000000f83f2a130a"
    "110a0a747261696e2f6c6f7373150000803f0ddfc0832e00000000000000c5cb57fa09000000000000f83f2a230a210a03616363420a0801"
    "12002a04000000004a0e0a090a077363616c6172731201645471d2c634000000000000005e33175c09000000000000f83f2a290a270a0561"
    "63633634420e08021200320800000000000000004a0e0a090a077363616c617273120164fe771a92200000000000000029eda95009000000"
    "0000002740100a2a130a110a0a747261696e2f6c6f7373158c2eba3dc3d1bd8a300000000000000095f5d05f090000000000002740100a2a"
    "230a210a03616363420a080112002a040000a0404a0e0a090a077363616c617273120164021f3fb736000000000000004f578cef09000000"
    "0000002740100a2a290a270a056163633634420e08021200320800000000000014404a0e0a090a077363616c61727312016448e48eeb2000"
    "00000000000029eda95009000000000080354010142a130a110a0a747261696e2f6c6f737315310c433d63e9267f300000000000000095f5"
    "d05f09000000000080354010142a230a210a03616363420a080112002a04000020414a0e0a090a077363616c617273120164807eea1a3600"
    "0000000000004f578cef09000000000080354010142a290a270a056163633634420e08021200320800000000000024404a0e0a090a077363"
    "616c617273120164f3c5749251000000000000009ca1d9bc09000000000000f83f2a460a440a11617267732f746578745f73756d6d617279"
    "4222080712041202080142187b226c6561726e696e675f72617465223a2035652d30357d4a0b0a060a0474657874120164faa4608c2c0000"
    "0000000000f4aecc4509000000000000124010032a1f0a1d0a0376656342160801120412020803220c000000000000000000000000991306"
    "95"
)
VERSION = "brain.Event:2"


def _reference_checksum(data: bytes) -> bytes:
    """Return the masked CRC-32C bit by bit, as its definition has it."""
    register = 0xFFFFFFFF
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = register >> 1 ^ (0x82F63B78 if register & 1 else 0)
    register ^= 0xFFFFFFFF
    return struct.pack("<I", ((register >> 15 | register << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def record(data: bytes) -> bytes:
    """Return a record with its length and checksums."""
    length = struct.pack("<Q", len(data))
    return length + _reference_checksum(length) + data + _reference_checksum(data)


def event(tag: str, step: int, value: float | str) -> bytes:
    """Return a record of one value, as torch.utils.tensorboard writes it."""
    tensor = (number(1, 7), message(2, message(2, number(1, 1))), message(8, str(value).encode()))
    logged = message(8, *tensor) if isinstance(value, str) else single(2, value)
    return record(double(1, 1.5) + number(2, step) + message(5, message(1, text(1, tag), logged)))


def event_file(*records: bytes) -> bytes:
    """Return an event file."""
    return record(text(3, VERSION)) + b"".join(records)


def values(data: bytes) -> list[LoggedValue]:
    """Return the values of a file."""
    return list(logged_values(MemoryBlob(data), len(data)))


def test_reads_what_tensorboard_writes() -> None:
    assert [(one.tag, one.step, one.value) for one in values(REFERENCE)] == [
        ("train/loss", 0, 1.0),
        ("acc", 0, 0.0),
        ("acc64", 0, 0.0),
        ("train/loss", 10, 0.09090909),
        ("acc", 10, 5.0),
        ("acc64", 10, 5.0),
        ("train/loss", 20, 0.04761905),
        ("acc", 20, 10.0),
        ("acc64", 20, 10.0),
        ("args/text_summary", 0, '{"learning_rate": 5e-05}'),
    ]
    assert values(REFERENCE)[0].time == 1.5


@pytest.mark.parametrize("value", [0.1, 1 / 3, 1e-30, 3.4028234663852886e38, -0.0, 16777216.0, 5e-324])
def test_a_number_of_32_bits_is_as_short_as_it_can_be(value: float) -> None:
    (single,) = struct.unpack("<f", struct.pack("<f", value))
    (found,) = values(event_file(event("x", 0, value)))
    assert isinstance(found.value, float)
    assert struct.pack("<f", found.value) == struct.pack("<f", single)
    assert len(repr(found.value)) <= max(14, len(repr(value)))


def test_negative_steps_and_times_are_read() -> None:
    assert values(event_file(event("x", (1 << 64) - 3, 1.0)))[0].step == -3


def test_a_file_that_is_still_written_ends_early() -> None:
    whole = event_file(event("x", 1, 1.0), event("x", 2, 2.0))
    for cut in range(len(whole)):
        assert len(values(whole[:cut])) <= 2
    assert [one.step for one in values(whole[:-1])] == [1]


def test_long_records_are_skipped() -> None:
    image = record(bytes(100_000))
    found = values(event_file(event("x", 1, 1.0), image, event("x", 2, 2.0)))
    assert [one.step for one in found] == [1, 2]


def test_many_records_cross_the_windows_in_which_a_file_is_read() -> None:
    one = event("a/long/tag/" * 1000, 1, 1.0)
    data = event_file(*[one] * 300)
    assert len(data) > 3 << 20
    assert len(values(data)) == 300


DAMAGED = {
    "not an event file": b"PK\3\4" + bytes(100),
    "a wrong length": REFERENCE[:1] + b"\1" + REFERENCE[2:],
    "a wrong value": REFERENCE[:90] + b"\xff" + REFERENCE[91:],
    "not a message": event_file(record(b"\xff\xff\xff")),
    "a field beyond the end": event_file(record(b"\x2a\x7f\x01")),
    "a group": event_file(record(b"\x2b\x2c")),
    "a varint without end": event_file(record(b"\x10" + b"\xff" * 11)),
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_damaged_file_is_refused(damage: str) -> None:
    with pytest.raises(InvalidFileError):
        values(DAMAGED[damage])


@pytest.mark.parametrize(
    "logged",
    [
        b"",
        text(1, "x"),  # no value
        single(2, 1.0),  # no tag
        message(1, b"\xff") + single(2, 1.0),  # a tag that is not UTF-8
        text(1, "x") + message(8, number(1, 3)),  # a tensor of integers
        text(1, "x") + message(8, number(1, 1), message(4, b"\0\0")),  # half a number
        text(1, "x") + message(8, number(1, 7), message(8, b"\xff")),  # text that is not UTF-8
    ],
)
def test_what_is_not_a_scalar_is_left_out(logged: bytes) -> None:
    assert not values(event_file(record(message(5, message(1, logged)))))


@given(st.integers(0, len(REFERENCE) - 1), st.binary(max_size=12))
def test_changed_bytes_raise_no_other_error(position: int, changed: bytes) -> None:
    data = REFERENCE[:position] + changed + REFERENCE[position + len(changed) :]
    with suppress(InvalidFileError):
        values(data)


@given(st.lists(st.binary(max_size=60), max_size=4))
def test_messages_of_noise_raise_no_other_error(messages: list[bytes]) -> None:
    with suppress(InvalidFileError):
        values(event_file(*map(record, messages)))
