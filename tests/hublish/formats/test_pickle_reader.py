"""The reader of pickles moves through their bytes as an unpickler does."""

import io
import pickle
import pickletools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.formats.blob import MemoryBlob
from hublish.formats.pickle_reader import WINDOW, CutShortError, PickleReader, UnknownOpcodeError


@given(st.lists(st.binary(max_size=90_000).map(lambda line: line.replace(b"\n", b" ")), max_size=4))
def test_lines_are_read_across_the_window(lines: list[bytes]) -> None:
    reader = PickleReader(MemoryBlob(b"".join(line + b"\n" for line in lines) + b"rest"))
    assert [reader.line() for _ in lines] == [line[:WINDOW] for line in lines]
    with pytest.raises(CutShortError):
        reader.line()


def test_bytes_are_skipped_up_to_the_end_only() -> None:
    reader = PickleReader(MemoryBlob(b"abcdef"))
    reader.skip(4)
    assert reader.data(1) == b"e"
    with pytest.raises(CutShortError):
        reader.skip(2)
    with pytest.raises(CutShortError):
        reader.data(5)
    assert reader.data(1) == b"f"


def test_a_byte_that_is_not_an_opcode_is_named() -> None:
    with pytest.raises(UnknownOpcodeError, match="there is no opcode 0xff"):
        PickleReader(MemoryBlob(b"\xff")).operation()


def operations(data: bytes) -> list[str]:
    reader = PickleReader(MemoryBlob(data))
    names: list[str] = []
    while not names or names[-1] != "STOP":
        operation = reader.operation()
        for _ in range(operation.lines):
            reader.line()
        if operation.prefix:
            reader.skip(reader.number(operation.prefix))
        else:
            reader.data(operation.fixed)
        names.append(operation.name)
    return names


@given(st.lists(st.integers() | st.text() | st.binary() | st.floats()), st.integers(0, 5))
def test_the_operations_are_those_that_pickletools_reads(data: list[object], protocol: int) -> None:
    written = pickle.dumps(data, protocol)
    assert operations(written) == [info.name for info, _, _ in pickletools.genops(io.BytesIO(written))]
