"""One pass over a large file feeds the digests and every search."""

import hashlib
import json
import struct
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import BinaryIO

import pytest

import hublish.formats.tar_archives as tar_archives
from hublish.audit.containers import carried_pickle
from hublish.audit.fingerprint import CHUNK, Fingerprint, Interest, fingerprint
from hublish.base.content import OnDisk
from hublish.formats.blob import MemoryBlob
from tests.hublish.formats.test_tar_archives import END, header, member

# Bytes with a value that no checksum of a tar header begins with.
JUNK = b"\x11" * 512
PLANTED = member(b"api_key = 'hf_" + b"aZ3bY7cX1d" * 3 + b"qwer'\n") + END


class Counting:
    """A file that counts the bytes that are read of it."""

    def __init__(self, path: Path) -> None:
        self._content = OnDisk.at(path)
        self.size = self._content.size
        self.local_path = path
        self.read = 0

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        with self._content.open() as stream:
            yield self._Stream(stream, self)  # type: ignore[misc]

    class _Stream:
        def __init__(self, stream: BinaryIO, counts: "Counting") -> None:
            self._stream, self._counts, self.seek = stream, counts, stream.seek

        def read(self, length: int) -> bytes:
            data = self._stream.read(length)
            self._counts.read += len(data)
            return data

        def readinto(self, buffer: memoryview) -> int:
            count: int = self._stream.readinto(buffer)  # type: ignore[attr-defined]
            self._counts.read += count
            return count


def written(folder: Path, data: bytes) -> Counting:
    path = folder / "w.bin"
    path.write_bytes(data)
    return Counting(path)


def printed(content: Counting) -> Fingerprint:
    with ThreadPoolExecutor(2) as executor:
        return fingerprint(content, Interest(), lambda _: None, executor)  # type: ignore[arg-type]


@pytest.mark.parametrize("numbers", [1 << 18, 9 << 18])
def test_weights_are_read_once(tmp_path: Path, numbers: int) -> None:
    head = json.dumps({"w": {"dtype": "F32", "shape": [numbers], "data_offsets": [0, 4 * numbers]}}).encode()
    data = struct.pack("<Q", len(head)) + head + Random(1).randbytes(4 * numbers)
    content = written(tmp_path, data)
    found = printed(content)
    assert found.sha256 == hashlib.sha256(data).hexdigest()
    assert found.blob_id == hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
    # Beside the pass itself, only the ends by which formats are recognized.
    assert content.read < len(data) + (300 << 10)


@pytest.mark.parametrize("before", [1, 2047, 2048], ids=lambda blocks: f"{blocks} blocks")
@pytest.mark.parametrize("begins_with", [JUNK, bytes(512)], ids=["numbers", "zeros"])
def test_an_archive_behind_other_bytes_is_searched(tmp_path: Path, begins_with: bytes, before: int) -> None:
    data = begins_with + JUNK * before + PLANTED + JUNK * (1 << 11)
    inspection = printed(written(tmp_path, data)).inspection
    assert len(data) > CHUNK
    assert inspection.pickle == carried_pickle(MemoryBlob(data))
    assert [found.member for found in inspection.secrets] == [None]


def test_a_pickle_in_an_archive_behind_other_bytes_is_found(tmp_path: Path) -> None:
    data = JUNK * (1 << 11) + member() + END
    assert printed(written(tmp_path, data)).inspection.pickle == carried_pickle(MemoryBlob(data)) is not None


def test_more_headers_than_fit_in_memory_are_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tar_archives, "_MAX_HEADERS", 3)
    data = JUNK * (1 << 11) + header(0) * 5 + member() + END
    content = written(tmp_path, data)
    assert printed(content).inspection.pickle == carried_pickle(MemoryBlob(data)) is not None
    assert content.read > 2 * len(data)
