from __future__ import annotations

import contextlib
import struct
from mmap import mmap
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.hub.server.xet import content_store as store_module
from hublish.hub.server.xet.content_store import XetStore
from hublish.hub.server.xet.hashing import MalformedError, hash_chunk, keyed
from hublish.hub.server.xet.shard_format import KnownXorb, Term, read_files, read_terms, write_dedup_shard

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
def test_files_survive_a_round_trip(
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
def test_a_truncated_shard_is_refused(
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


if TYPE_CHECKING:
    from tests.hublish.hub.server.xet.conftest import Uploader, Writers, Xorb

KEY = bytes(range(32))


def test_every_chunk_is_found_through_the_lookup_table(
    upload: Uploader, store: XetStore, write: Writers, xorb: Xorb
) -> None:
    other = write.xorb(b"another", b"xorb")
    for brought in (xorb, other):
        upload.xorb(brought)
    known = [KnownXorb(one.digest, store.xorbs.table(one.digest)) for one in (xorb, other)]
    shard = write_dedup_shard(known, key=KEY, created=1, expires=2)

    assert list(read_files(shard)) == []
    footer = struct.unpack("<Q8Q32sQQ48x3QQ", shard[-200:])
    xorbs_at, _, _, _, count, chunks_at, chunk_count = footer[2:9]
    assert footer[9:12] == (KEY, 1, 2)
    assert footer[-1] == len(shard) - 200
    assert (count, chunk_count) == (2, 6)
    assert footer[12:15] == (len(xorb.body + other.body), *[sum(map(len, xorb.chunks + other.chunks))] * 2)
    entries = list(struct.iter_unpack("<QII", shard[chunks_at : footer[-1]]))
    assert entries == sorted(entries)
    for one in (xorb, other):
        for at, chunk in enumerate(one.chunks):
            wanted = keyed(KEY, hash_chunk(chunk))
            [row] = [row for short, row, index in entries if short.to_bytes(8, "little") == wanted[:8] and index == at]
            start = xorbs_at + row * 48
            assert shard[start : start + 32] == one.digest
            digest, offset, length = struct.unpack_from("<32sII", shard, start + (1 + at) * 48)
            assert (digest, offset, length) == (wanted, sum(map(len, one.chunks[:at])), len(chunk))


def test_the_first_chunk_of_a_file_returns_all_xorbs_of_the_newest_such_file(
    upload: Uploader, store: XetStore, write: Writers, xorb: Xorb
) -> None:
    other = write.xorb(b"other")
    for session, brought in enumerate([xorb, other]):
        upload.xorb(brought, str(session))
    upload.shard(write.shard(write.file((xorb, 1, 2)), write.file((xorb, 1, 3), (other, 0, 1))))
    answer = store.dedup_shard(hash_chunk(b"big "), "ann")
    assert answer is not None
    assert xorb.digest in answer
    assert other.digest in answer


def test_the_first_chunk_of_a_xorb_returns_that_xorb_and_the_later_ones_of_its_session(
    upload: Uploader, store: XetStore, write: Writers
) -> None:
    """An interrupted upload has xorbs and no files; the next attempt must not send them again."""
    xorbs = [write.xorb(b"chunk %d" % number) for number in range(4)]
    for session, brought in zip(["one", "one", "two", "one"], xorbs, strict=True):
        upload.xorb(brought, session)
    answer = store.dedup_shard(hash_chunk(b"chunk 1"), "ann")
    assert answer is not None
    assert [brought.digest in answer for brought in xorbs] == [False, True, False, True]


def test_a_response_does_not_reveal_chunk_hashes(upload: Uploader, store: XetStore, xorb: Xorb) -> None:
    upload.xorb(xorb)
    answer = store.dedup_shard(hash_chunk(xorb.chunks[0]), "ann")
    assert answer is not None
    assert not [chunk for chunk in xorb.chunks if hash_chunk(chunk) in answer]


def test_the_number_of_returned_chunks_is_limited(
    upload: Uploader, store: XetStore, write: Writers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "MAX_CHUNKS", 5)
    xorbs = [write.xorb(*(b"%d %d" % (number, chunk) for chunk in range(2))) for number in range(4)]
    for brought in xorbs:
        upload.xorb(brought)
    answer = store.dedup_shard(hash_chunk(b"0 0"), "ann")
    assert answer is not None
    assert [brought.digest in answer for brought in xorbs] == [True, True, False, False]


def test_an_unknown_chunk_has_no_shard(store: XetStore) -> None:
    assert store.dedup_shard(bytes(32), "ann") is None
