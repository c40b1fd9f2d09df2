"""A blob reads the same bytes whatever it is made of."""

import bz2
import gzip
import lzma
import os
import zlib
from pathlib import Path

import lz4.frame
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.audit.blob import Blob, Cursor, MemoryBlob, SliceBlob, StreamBlob
from hublish.audit.expanding import ExpandedBlob, compression_of, raw_deflate

DATA = os.urandom(100_000) + b"line\n" * 40_000 + bytes(200_000)


def raw(data: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-15)
    return stream.compress(data) + stream.flush()


COMPRESSED = {
    "gzip": gzip.compress(DATA),
    "several gzip streams": gzip.compress(DATA[:70_000]) + gzip.compress(DATA[70_000:]),
    "bzip2": bz2.compress(DATA),
    "xz": lzma.compress(DATA),
    "lzma": lzma.compress(DATA, lzma.FORMAT_ALONE),
    "zlib": zlib.compress(DATA),
    "lz4": lz4.frame.compress(DATA),
}


@pytest.mark.parametrize("data", COMPRESSED.values(), ids=COMPRESSED)
def test_a_compressed_blob_reads_like_its_content(data: bytes) -> None:
    found = compression_of(data)
    assert found is not None
    assert found[1] is not None
    check(ExpandedBlob(MemoryBlob(data), found[1]))


def test_a_deflated_member_reads_like_its_content() -> None:
    check(ExpandedBlob(MemoryBlob(raw(DATA)), raw_deflate))


def test_a_file_and_a_part_of_one_read_like_their_content(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"before" + DATA + b"after")
    with (tmp_path / "file").open("rb") as stream:
        check(SliceBlob(StreamBlob(stream, len(DATA) + 11), 6, len(DATA)))


def check(blob: Blob) -> None:
    for offset, length in ((0, 10), (99_990, 20), (300_000, 150_000), (5, 5), (len(DATA) - 3, 10), (len(DATA), 1)):
        assert blob.read_at(offset, length) == DATA[offset : offset + length]


def test_a_stream_that_breaks_off_ends_there() -> None:
    blob = ExpandedBlob(MemoryBlob(gzip.compress(os.urandom(5000))[:2000]), compression_of(b"\x1f\x8b\x08")[1])  # type: ignore[arg-type,index]  # gzip can be opened
    assert 0 < len(blob.read_at(0, 5000)) < 5000


@given(st.lists(st.binary(max_size=90_000).map(lambda line: line.replace(b"\n", b" ")), max_size=4))
def test_a_cursor_reads_lines_across_its_window(lines: list[bytes]) -> None:
    cursor = Cursor(MemoryBlob(b"".join(line + b"\n" for line in lines) + b"rest"))
    assert [cursor.line() for _ in lines] == [line[: Cursor.WINDOW] for line in lines]
    assert cursor.line() is None


def test_a_cursor_skips_within_the_bytes_only() -> None:
    cursor = Cursor(MemoryBlob(b"abcdef"))
    assert cursor.skip(4)
    assert cursor.take(1) == b"e"
    assert not cursor.skip(2)
    assert cursor.take(5) == b"f"
