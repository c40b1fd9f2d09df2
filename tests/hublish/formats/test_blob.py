"""Every kind of blob reads the same bytes."""

import gzip
import os
import zlib
from functools import partial
from pathlib import Path

import pytest

from hublish.formats.blob import (
    Blob,
    BlobFile,
    ExpandedBlob,
    MemoryBlob,
    SliceBlob,
    StreamBlob,
    TooLargeError,
    ZlibStream,
    measured,
    raw_deflate,
)

DATA = os.urandom(100_000) + b"line\n" * 40_000 + bytes(200_000)


def raw(data: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-15)
    return stream.compress(data) + stream.flush()


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
    blob = ExpandedBlob(MemoryBlob(gzip.compress(os.urandom(5000))[:2000]), partial(ZlibStream, 31))
    assert 0 < len(blob.read_at(0, 5000)) < 5000


def test_the_size_of_an_expanded_blob_is_measured_by_reading_it() -> None:
    assert measured(ExpandedBlob(MemoryBlob(raw(DATA)), raw_deflate)) == len(DATA)


def test_a_blob_is_read_as_a_file() -> None:
    file = BlobFile(MemoryBlob(b"abcdef"))
    assert (file.seek(2), file.read(3), file.seek(-1, os.SEEK_END), file.read()) == (2, b"cde", 5, b"f")
    with pytest.raises(OSError, match="negative position"):
        file.seek(-1)


def test_a_stream_that_does_not_fit_into_memory_is_too_large() -> None:
    class Greedy:
        eof, unused_data = False, b""

        def decompress(self, data: bytes, /, max_length: int = -1) -> bytes:
            raise MemoryError

    with pytest.raises(TooLargeError):
        ExpandedBlob(MemoryBlob(b"x"), Greedy).read_at(0, 1)
