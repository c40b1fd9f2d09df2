"""The walk follows what an unpickler would do, and stops where it would."""

import pickle
import pickletools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.pipeline.audit.blob import MemoryBlob
from hublish.pipeline.audit.opcodes import OPERATION_LIMIT, Ending, walk


def seen(data: bytes) -> tuple[Ending, int]:
    result = walk(MemoryBlob(data))
    return result.ending, result.operations


@pytest.mark.parametrize(
    ("data", "ending"),
    [
        (b"N.", Ending.STOPPED),
        (b".", Ending.BROKEN),  # nothing to return
        (b"0.", Ending.BROKEN),  # nothing to pop
        (b"(.", Ending.BROKEN),  # a mark is no value
        (b"(0N.", Ending.STOPPED),  # POP takes a mark away
        (b"NR.", Ending.BROKEN),  # REDUCE needs two
        (b"NNR.", Ending.BROKEN),  # None holds no arguments
        (b"N)R.", Ending.BROKEN),  # and cannot be called
        (b"cos\nsystem\n)R.", Ending.STOPPED),
        (b"t.", Ending.BROKEN),  # no mark
        (b"(t.", Ending.STOPPED),
        (b"(o.", Ending.BROKEN),  # OBJ needs a class behind the mark
        (b"h\x00.", Ending.BROKEN),  # nothing was memoised
        (b"Nq\x00h\x00.", Ending.STOPPED),
        (b"q\x00N.", Ending.BROKEN),  # nothing to memoise
        (b"I12\n.", Ending.STOPPED),
        (b"I am\n.", Ending.BROKEN),
        (b"S'a'\n.", Ending.STOPPED),
        (b"Sa\n.", Ending.BROKEN),
        (b"cos\nsystem\n.", Ending.STOPPED),
        (b"c a\nb c\n.", Ending.BROKEN),  # no importable name
        (b"X\x05\x00\x00\x00ab", Ending.CUT),
        (b"\x80\x04\x95", Ending.CUT),
        (b"\x80\x06N.", Ending.BROKEN),  # there is no protocol 6
        (b"", Ending.CUT),
    ],
)
def test_a_walk_ends_as_an_unpickler_would(data: bytes, ending: Ending) -> None:
    assert seen(data)[0] is ending


@given(st.lists(st.integers() | st.text() | st.binary()), st.integers(0, 5))
def test_a_walk_sees_the_opcodes_that_pickletools_sees(data: list[object], protocol: int) -> None:
    written = pickle.dumps(data, protocol)
    assert seen(written) == (Ending.STOPPED, len(list(pickletools.genops(written))))


def test_a_walk_is_bounded() -> None:
    assert seen(b"N" * (OPERATION_LIMIT + 100)) == (Ending.CUT, OPERATION_LIMIT)


def test_a_walk_begins_where_it_is_told() -> None:
    result = walk(MemoryBlob(b"junk" + pickle.dumps([1], 2)), 4)
    assert (result.ending, result.protocol) == (Ending.STOPPED, 2)


@given(st.binary(max_size=500))
def test_any_bytes_can_be_walked(data: bytes) -> None:
    assert walk(MemoryBlob(data)).end <= len(data)
