"""The walk through a pickle goes wherever an unpickler goes, in C or in Python."""

import io
import pickle
import pickletools
from contextlib import suppress

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hublish.audit.pickle_walk import OPERATION_LIMIT, Budget, Ending, walk
from hublish.audit.pickles import pickle_in
from hublish.formats.blob import MemoryBlob
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
        (b"(.", Ending.BROKEN),  # a mark is not a value
        (b"(0N.", Ending.STOPPED),  # POP takes a mark away
        (b"NR.", Ending.BROKEN),  # REDUCE needs two
        (b"NNR.", Ending.BROKEN),  # None holds no arguments
        (b"N)R.", Ending.BROKEN),  # and cannot be called
        (b"cos\nsystem\n)R.", Ending.STOPPED),
        (b"t.", Ending.BROKEN),  # no mark
        (b"(t.", Ending.STOPPED),
        (b"(o.", Ending.BROKEN),  # OBJ needs a class behind the mark
        (b"h\x00.", Ending.BROKEN),  # nothing was memoized
        (b"Nq\x00h\x00.", Ending.STOPPED),
        (b"q\x00N.", Ending.BROKEN),  # nothing to memoize
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
    assert seen(b"NK\x05" * OPERATION_LIMIT) == (Ending.LIMIT, OPERATION_LIMIT)


def test_walks_share_a_budget() -> None:
    budget = Budget(5)
    assert [walk(MemoryBlob(b"NK\x05."), budget=budget).ending for _ in range(2)] == [Ending.STOPPED, Ending.LIMIT]


@pytest.mark.parametrize("unit", [b"N", b"K\x05", b"J\1\2\3\4", b"G" + bytes(8), b"(", b"\x80\x02", b"h\x00"])
def test_a_run_of_one_instruction_takes_one_step(unit: bytes) -> None:
    data = b"Nq\x00" + unit * 3_000_000
    result = walk(MemoryBlob(data))
    assert (result.ending, result.operations, result.end) == (Ending.CUT, 3_000_002, len(data))


def test_the_values_of_a_run_are_on_the_stack() -> None:
    assert seen(b"N" * 100 + b"0" * 99 + b".") == (Ending.STOPPED, 200)
    assert seen(b"N" * 100 + b"0" * 100 + b".")[0] is Ending.BROKEN
    assert seen(b"(" * 100 + b"t" * 100 + b".") == (Ending.STOPPED, 201)
    assert seen(b"(" * 100 + b"0" * 100 + b"N.") == (Ending.STOPPED, 202)


def test_a_walk_begins_at_the_given_offset() -> None:
    result = walk(MemoryBlob(b"junk" + pickle.dumps([1], 2)), 4)
    assert (result.ending, result.protocol) == (Ending.STOPPED, 2)


@given(st.binary(max_size=500))
def test_any_bytes_can_be_walked(data: bytes) -> None:
    assert walk(MemoryBlob(data)).end <= len(data)


class Recording:
    """Replaces everything a pickle imports, and accepts every use of it."""

    def __call__(self, *_: object) -> "Recording":
        return self


def imports(unpickler: type[pickle.Unpickler], program: bytes) -> bool:
    """Whether a real unpickler, which imports nothing here, reaches an import of consecutive pickles."""
    names: list[str] = []

    class Harmless(unpickler):  # type: ignore[misc,valid-type]  # either implementation
        def find_class(self, module: str, name: str) -> Recording:
            names.append(module)
            return Recording()

        def persistent_load(self, key: object) -> object:
            return key

    loader = Harmless(io.BytesIO(program))
    with suppress(Exception):
        while True:
            loader.load()
    return bool(names) and bool(names[0])


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
    b"cos\nno name\n",
    b"ios\nsystem\n",
    b"\x93",
    b"R",
    b"\x81",
    b"\x92",
    b"o",
    b"(ios\nsystem\n",
    b"\x80\x02",
    b"\x80\x06",
    b"\x95\x01\x00\x00\x00\x00\x00\x00\x00",
    b"\x95\xff\x00\x00\x00\x00\x00\x00\x00",
    b"I1\x00 and more\n",
    b"L0x1_0L\n",
    b"F1\x00\n",
    b"g0\x00\n",
    b"\x8a\x01(",
    b"\x8b\xff\xff\xff\xff",
    b"T\xff\xff\xff\xff",
    b"V\\u006fs\n",
    b"S'\\x6fs'\n",
    b"B\x01\x00\x00\x00a\x98",
    b".",
    b".\x00\x00",
    b"G\x00\x00\x00\x00\x00\x00\x00\x00",
]
"""Most instructions, with arguments."""


ENDS = [b"", b".", b"cos\nsystem\n(S'x'\ntR.", b"cstring\ndigits+", b"\x8c\x02os\x8c\x06system\x93\xff", b"\x00"]


@pytest.mark.parametrize("unpickler", [pickle.Unpickler, pickle._Unpickler], ids=["in C", "in Python"])
@settings(max_examples=rounds(200))
@given(st.lists(st.sampled_from(STEPS), max_size=12), st.sampled_from(ENDS))
@example([b"K\x05", b"(", b"e"], ENDS[2])
@example([b"](K\x01e", b"K\x00", b"N", b"s"], ENDS[2])
@example([b"\x96\x01\x00\x00\x00\x00\x00\x00\x00a", b"K\x05", b"a"], ENDS[2])
@example([b"I1\x00 and more\n"], ENDS[2])
@example([b"ios\nsystem\n"], b"\x00")
@example([b"N", b"q\x00", b".", b"h\x00"], ENDS[2])
@example([b"B\x01\x00\x00\x00a\x98"], ENDS[2])
def test_every_program_that_imports_is_detected(
    unpickler: type[pickle.Unpickler], steps: list[bytes], end: bytes
) -> None:
    program = b"".join(steps) + end
    assert not imports(unpickler, program) or pickle_in(MemoryBlob(program)) is not None
