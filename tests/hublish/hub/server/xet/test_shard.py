from __future__ import annotations

import contextlib
import struct
from mmap import mmap
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.hub.server.xet.errors import MalformedError
from hublish.hub.server.xet.shard import Term, read_files, read_terms

if TYPE_CHECKING:
    from tests.hublish.hub.server.xet.conftest import Writers

DIGESTS = st.binary(min_size=32, max_size=32).filter(lambda digest: digest != b"\xff" * 32)
NUMBERS = st.integers(0, 2**32 - 1)
TERMS = st.builds(Term, DIGESTS, NUMBERS, NUMBERS, NUMBERS)
FILES = st.lists(
    st.tuples(DIGESTS, st.lists(TERMS, max_size=4), st.none() | st.from_regex("[0-9a-f]{64}", fullmatch=True)),
    max_size=4,
)


@given(files=FILES, proofs=st.booleans(), rest=st.binary(max_size=100))
def test_files_are_read_as_they_were_written(
    write: Writers, files: list[tuple[bytes, list[Term], str | None]], *, proofs: bool, rest: bytes
) -> None:
    body = write.shard(*(write.entry(*file) for file in files), proofs=proofs) + rest
    found = [(entry.digest, list(read_terms(entry.packed_terms)), entry.sha256) for entry in read_files(body)]
    assert found == files


def test_a_mapped_file_is_read_like_bytes(write: Writers) -> None:
    body = write.shard(write.entry(b"f" * 32, [Term(b"x" * 32, 5, 0, 1)], "0" * 64))
    with mmap(-1, len(body)) as mapped:
        mapped.write(body)
        assert list(read_files(mapped)) == list(read_files(body))


@given(files=FILES, cut=st.integers(1, 10_000))
def test_a_shard_that_is_cut_off_is_refused(
    write: Writers, files: list[tuple[bytes, list[Term], str | None]], cut: int
) -> None:
    body = write.shard(*(write.entry(*file) for file in files))
    with pytest.raises(MalformedError):
        list(read_files(body[: -(cut % len(body) or 1)]))


@pytest.mark.parametrize("flags", [0, 1 << 30, 1 << 31, 3 << 30])
@pytest.mark.parametrize("count", [1, 2**31, 2**32 - 1])
def test_a_count_beyond_the_body_is_refused_without_allocating(write: Writers, flags: int, count: int) -> None:
    body = write.shard()[:48] + struct.pack("<32sIIQ", bytes(32), flags, count, 0)
    with pytest.raises(MalformedError, match="ends inside of a list"):
        list(read_files(body))


@pytest.mark.parametrize("at", [0, 20, 31, 32], ids=["tag", "middle of the tag", "end of the tag", "version"])
def test_another_header_is_refused(write: Writers, at: int) -> None:
    body = bytearray(write.shard())
    body[at] ^= 1
    with pytest.raises(MalformedError, match="not a shard"):
        list(read_files(bytes(body)))


@given(body=st.binary(max_size=400))
def test_any_bytes_after_a_header_are_files_or_refused(write: Writers, body: bytes) -> None:
    with contextlib.suppress(MalformedError):
        list(read_files(write.shard()[:48] + body))
