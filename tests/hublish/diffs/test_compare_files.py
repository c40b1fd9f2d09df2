"""Any two files are compared, of any bytes and names; a file that cannot be read is named with the reason."""

import errno

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.base.content import ContentChangedError, InMemory
from hublish.diffs.compare_files import diff_file
from tests.hublish.diffs.sides import compared, npz, tarred, weights, zipped

PATHS = ["a.txt", "README.md", "a.json", "a.csv", "a.jsonl", "a.parquet", "a.safetensors", "a.gguf", "a.onnx", "a.npz"]
PATHS += ["a.npy", "a.zip", "a.tar", "a.tar.gz", "a.bin", "a"]
SEEDS = [
    weights(a=[1.0]),
    npz(a=[1]),
    zipped({"a": "1"}),
    tarred({"a": b"1"}),
    b'{"a": 1}',
    b"a,b\n1,2\n",
    b"GGUF",
    b"PAR1",
]


@given(st.sampled_from(PATHS), st.sampled_from(SEEDS), st.data())
def test_mutated_files_are_compared_without_an_exception(path: str, seed: bytes, data: st.DataObject) -> None:
    mutated = bytearray(seed)
    for _ in range(data.draw(st.integers(1, 4))):
        index = data.draw(st.integers(0, len(mutated) - 1))
        mutated[index : index + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=3))
        mutated = mutated or bytearray(b"x")
    for sides in ((seed, bytes(mutated)), (bytes(mutated), None), (None, bytes(mutated))):
        diff = compared(path, *sides, values=True)
        assert diff.summary
        assert "\n" not in diff.summary


@given(st.sampled_from(PATHS), st.binary(max_size=80), st.binary(max_size=80))
def test_any_bytes_are_compared_without_an_exception(path: str, before: bytes, after: bytes) -> None:
    diff = compared(path, before, after, values=True)
    assert (diff.before_size, diff.after_size) == (len(before), len(after))


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(errno.EFBIG, "is too large to be read from the Hub"), "it is too large to be read from the Hub"),
        (ContentChangedError("changed since it was collected"), "it changed since it was collected"),
    ],
)
@pytest.mark.parametrize("path", PATHS)
def test_a_file_that_cannot_be_read_is_named_with_the_reason(path: str, error: Exception, reason: str) -> None:
    class Unreadable(InMemory):
        def read(self) -> bytes:
            raise error

        def read_at(self, offset: int, length: int) -> bytes:
            raise error

    diff = diff_file(path, InMemory(b"abc"), Unreadable(b"abcd"))
    assert (diff.kind, diff.summary) == ("unread", f"3 B -> 4 B; not compared: {reason}")
    assert diff_file(path, None, Unreadable(b"abcd")).summary == f"added: 4 B; not compared: {reason}"


def test_a_file_that_is_on_neither_side_is_no_error() -> None:
    assert diff_file("a", None, None).kind == "binary"


_HEADER = b'{"__metadata__":{"a":"\\ud800","\\udfff":"b"},"w":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}'


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("a.json", b'{"\\ud800": "\\udfff"}'),
        ("a.jsonl", b'{"\\ud800": 1}\n'),
        ("a.safetensors", len(_HEADER).to_bytes(8, "little") + _HEADER),
        ("a.txt", b"\xed\xa0\x80\n"),
        ("a.txt", b"\xff\xfe\x00\xd8\n\x00"),
    ],
    ids=["JSON", "JSON Lines", "metadata", "UTF-8", "UTF-16"],
)
def test_half_of_a_surrogate_pair_is_escaped_as_no_page_can_have_it(path: str, data: bytes) -> None:
    other = {"a.safetensors": weights(w=[1.0])}.get(path, b"{}\n")
    for sides in ((data, other), (other, data), (None, data)):
        diff = compared(path, *sides)
        texts = [text for entry in diff.entries for text in (entry.name, entry.before or "", entry.after or "")]
        lines = [line.text for hunk in diff.hunks for line in hunk.lines]
        assert sides[0] is None or texts or lines
        "".join([diff.summary, *texts, *lines]).encode()
