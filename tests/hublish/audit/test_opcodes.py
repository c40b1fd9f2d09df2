"""The walk follows what an unpickler would do, and stops where it would."""

import io
import pickle
import pickletools
from contextlib import suppress

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hublish.audit.blob import MemoryBlob
from hublish.audit.opcodes import OPERATION_LIMIT, Ending, walk
from hublish.audit.pickles import pickle_in
from tests.faults.projects import rounds


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
        (b"S'" + b"a" * 100_000 + b"'\n.", Ending.STOPPED),
        (b"](K\x01eK\x00Ns.", Ending.STOPPED),  # a list takes an item
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


class Recording:
    """Stands in for everything a pickle imports, and remembers that it was called."""

    def __init__(self) -> None:
        self.called = False

    def __call__(self, *_: object) -> "Recording":
        self.called = True
        return self


def calls(unpickler: type[pickle.Unpickler], program: bytes) -> bool:
    """Whether a real unpickler, which imports nothing here, calls what the program names."""
    recording = Recording()

    class Harmless(unpickler):  # type: ignore[misc,valid-type]  # either implementation
        def find_class(self, *_: object) -> Recording:
            return recording

        def persistent_load(self, key: object) -> object:
            return key

    with suppress(Exception):
        Harmless(io.BytesIO(program)).load()
    return recording.called


STEPS = [
    b"N",
    b"K\x00",
    b"K\x05",
    b"\x88",
    b"\x89",
    b"I1\n",
    b"F0.5\n",
    b"L1L\n",
    b"]",
    b"}",
    b")",
    b"\x8f",
    b"(",
    b"0",
    b"1",
    b"2",
    b"a",
    b"e",
    b"s",
    b"u",
    b"t",
    b"l",
    b"d",
    b"\x85",
    b"\x86",
    b"\x87",
    b"\x90",
    b"\x91",
    b"\x94",
    b"q\x00",
    b"p0\n",
    b"h\x00",
    b"g0\n",
    b"j\x00\x00\x00\x00",
    b"S'x'\n",
    b'S"x"\n',
    b"Vx\n",
    b"X\x01\x00\x00\x00a",
    b"\x8c\x01a",
    b"U\x01a",
    b"\x96\x01\x00\x00\x00\x00\x00\x00\x00a",
    b"C\x01a",
    b"Px\n",
    b"Q",
    b"b",
    b"cos\nsystem\n",
    b"\x93",
    b"R",
    b"\x81",
    b"\x92",
    b"o",
    b"(ios\nsystem\n",
    b"\x80\x02",
    b"\x95\x01\x00\x00\x00\x00\x00\x00\x00",
    b"G\x00\x00\x00\x00\x00\x00\x00\x00",
]
"""Most instructions, with arguments."""


@pytest.mark.parametrize("unpickler", [pickle.Unpickler, pickle._Unpickler], ids=["in C", "in Python"])
@settings(max_examples=rounds(150))
@given(st.lists(st.sampled_from(STEPS), max_size=12))
@example([b"K\x05", b"(", b"e"])
@example([b"](K\x01e", b"K\x00", b"N", b"s"])
@example([b"\x96\x01\x00\x00\x00\x00\x00\x00\x00a", b"K\x05", b"a"])
def test_whatever_makes_an_unpickler_call_is_recognised(unpickler: type[pickle.Unpickler], steps: list[bytes]) -> None:
    program = b"".join(steps) + b"cos\nsystem\n(S'x'\ntR."
    assert not calls(unpickler, program) or pickle_in(MemoryBlob(program)) is not None
