from __future__ import annotations

import contextlib
import io
from typing import TYPE_CHECKING

import lz4.frame
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.hub.server.xet.hashing import MalformedError, hash_chunk
from hublish.hub.server.xet.xorb_format import MAX_CHUNK, MAX_CHUNKS, ChunkTable, read_chunks

if TYPE_CHECKING:
    from tests.hublish.hub.server.xet.conftest import Writers

CONTENTS = st.lists(st.binary(min_size=1, max_size=300), min_size=1, max_size=12)


@given(chunks=CONTENTS, schemes=st.lists(st.integers(0, 2), min_size=1, max_size=4))
def test_chunks_of_every_scheme_survive_a_round_trip(write: Writers, chunks: list[bytes], schemes: list[int]) -> None:
    body = write.xorb(*chunks, schemes=schemes).body
    assert [chunk.decode() for chunk in read_chunks(io.BytesIO(body))] == chunks


def test_a_chunk_of_the_largest_size_is_read(write: Writers) -> None:
    content = bytes(range(256)) * (MAX_CHUNK // 256)
    for scheme in range(3):
        assert [chunk.decode() for chunk in read_chunks(io.BytesIO(write.chunk(content, scheme)))] == [content]


def test_a_footer_ends_the_chunks(write: Writers) -> None:
    xorb = write.xorb(b"one", b"two")
    table = ChunkTable.of(io.BytesIO(xorb.body + b"XETBLOB\x01" + b"\xff" * 100))
    assert table == ChunkTable.of(io.BytesIO(xorb.body))
    assert table.stored_offset(len(table)) == len(xorb.body)


@given(chunks=CONTENTS)
def test_the_table_locates_each_chunk(write: Writers, chunks: list[bytes]) -> None:
    xorb = write.xorb(*chunks)
    table = ChunkTable.of(io.BytesIO(xorb.body))
    assert len(table) == len(chunks)
    plain = b"".join(chunks)
    for at, chunk in enumerate(chunks):
        file = io.BytesIO(xorb.body[table.stored_offset(at) : table.stored_offset(at + 1)])
        assert [found.decode() for found in read_chunks(file)] == [chunk]
        assert plain[table.plain_offset(at) : table.plain_offset(at + 1)] == chunk
        assert table.digest(at) == hash_chunk(chunk)
    assert list(table.nodes(0, len(table))) == [(hash_chunk(chunk), len(chunk)) for chunk in chunks]
    assert table.plain_length(1, len(table)) == len(plain) - len(chunks[0])


@pytest.mark.parametrize(
    ("name", "stored", "scheme", "length", "payload"),
    [
        ("an undefined scheme", 1, 3, 1, b"x"),
        ("an empty chunk", 0, 0, 0, b""),
        ("more content than a chunk may hold", 1, 1, MAX_CHUNK + 1, b"x"),
        ("more stored bytes than a chunk may take", 2 * MAX_CHUNK + 1, 1, 9, bytes(2 * MAX_CHUNK + 1)),
        ("stored bytes that are fewer than announced", 2, 0, 3, b"xx"),
        ("a truncated payload", 5, 0, 5, b"xxxx"),
        ("a payload that is not an LZ4 frame", 4, 1, 4, b"xxxx"),
        ("an empty payload", 0, 1, 4, b""),
        ("a frame that holds more than announced", 0, 1, 99, lz4.frame.compress(bytes(100))),
        ("a frame that holds less than announced", 0, 1, 101, lz4.frame.compress(bytes(100))),
        ("a frame that does not end", 0, 1, 100, lz4.frame.compress(bytes(100))[:-4]),
        ("a frame with trailing bytes", 0, 1, 100, lz4.frame.compress(bytes(100)) + b"x"),
        ("a frame that expands a thousandfold", 0, 1, 100, lz4.frame.compress(bytes(30 << 20))),
        ("a frame that claims terabytes", 0, 2, 100, lz4.frame.compress(bytes(9), content_checksum=True)[:-9]),
    ],
)
def test_a_chunk_that_does_not_match_its_header_is_refused(
    write: Writers, name: str, stored: int, scheme: int, length: int, payload: bytes
) -> None:
    body = write.chunk_header(stored or len(payload), scheme, length) + payload
    with pytest.raises(MalformedError):
        ChunkTable.of(io.BytesIO(body))


@pytest.mark.parametrize(
    "body",
    [b"", b"\0\0\0", b"\1" + bytes(40), b"XETBLOB\0"],
    ids=["empty", "part of a header", "another version", "only a footer"],
)
def test_data_that_is_not_a_xorb_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedError):
        ChunkTable.of(io.BytesIO(body))


def test_a_xorb_with_too_many_chunks_is_refused(write: Writers) -> None:
    chunk = write.chunk(b"x")
    assert len(ChunkTable.of(io.BytesIO(chunk * MAX_CHUNKS))) == MAX_CHUNKS
    with pytest.raises(MalformedError, match="larger than"):
        ChunkTable.of(io.BytesIO(chunk * (MAX_CHUNKS + 1)))


@given(body=st.binary(max_size=600))
def test_any_bytes_are_a_xorb_or_refused(body: bytes) -> None:
    with contextlib.suppress(MalformedError):
        ChunkTable.of(io.BytesIO(body))


@given(chunks=CONTENTS, at=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_a_flipped_bit_is_refused_or_changes_the_table(write: Writers, chunks: list[bytes], at: int, bit: int) -> None:
    body = bytearray(write.xorb(*chunks, schemes=[0, 1]).body)
    before = ChunkTable.of(io.BytesIO(bytes(body)))
    body[at % len(body)] ^= 1 << bit
    try:
        after = ChunkTable.of(io.BytesIO(bytes(body)))
    except MalformedError:
        return
    # Some bits of an LZ4 header have no effect: the content is then the same, and so are its hashes.
    assert [after.digest(i) for i in range(len(after))] != [
        before.digest(i) for i in range(len(before))
    ] or after.plain_offset(len(after)) == sum(map(len, chunks))
