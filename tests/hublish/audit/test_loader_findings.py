"""Files that `make fuzz-audit` found: a real loader runs each, so the audit refuses it."""

import gzip
import io
import random
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable

import lz4.frame
import pytest

from hublish.audit.containers import carried_pickle
from hublish.formats.blob import MemoryBlob, SliceBlob
from tests.fuzz.audit.forked import run_loaders
from tests.hublish.audit.payloads import tarred, zipped

MARKED = b"cstring\ncapwords\n(S'a'\ntR."
JUNK = b"junk" * 128
NOISE = random.Random(1).randbytes(200)
END = b"PK\x05\x06" + bytes(18)


def commented(archive: bytes, comment: bytes) -> bytes:
    return archive[:-2] + struct.pack("<H", len(comment)) + comment


def v7(data: bytes) -> bytes:
    """Write a tar without signature, as before POSIX."""
    header = bytearray(512)
    header[:1], header[100:124] = b"a", b"0000644\0" + b"0000000\0" * 2
    header[124:148] = b"%011o\0" % len(data) + b"%011o\0" % 0
    header[148:156] = b" " * 8
    header[148:156] = b"0o%05o " % sum(header)
    return bytes(header) + data.ljust(512, b"\0") + bytes(1024)


def sized_by_pax(data: bytes) -> bytes:
    """Write a tar whose header has the size 0, and the header before it the real one."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        info = tarfile.TarInfo("a")
        info.pax_headers = {"size": str(len(data))}
        archive.addfile(info)
    return buffer.getvalue()[:1536] + data.ljust(512, b"\0") + bytes(1024)


def flushed(data: bytes) -> bytes:
    """Compress data without an end, so that other bytes may follow."""
    packer = zlib.compressobj()
    return packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH)


def streamed_zip() -> bytes:
    """Write a zip as to a pipe, and let its directory count fewer bytes than the member takes."""
    buffer = io.BytesIO()
    buffer.seekable = lambda: False  # type: ignore[method-assign]
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", MARKED)
    data = buffer.getvalue()
    place = data.rindex(b"PK\x01\x02") + 20
    return data[:place] + struct.pack("<L", 5) + data[place + 4 :]


FOUND: dict[str, Callable[[], bytes]] = {
    "an integer of nothing but a NUL": lambda: b"I1\n.I\0 one\n0" + MARKED,
    "a stream of zlib in two members of gzip, of which the second breaks it": lambda: (
        gzip.compress(flushed(MARKED)) + gzip.compress(b"\xff" * 13)
    ),
    "a zip whose directory ends a member too early, but not its descriptor": streamed_zip,
    "a zip whose end is one byte further back than the longest comment": lambda: (
        JUNK + commented(zipped({"a": MARKED}), b"x" * 0xFFFF) + b"\n"
    ),
    "a zip after the end of another one, without a directory": lambda: (
        zipped({"a": b"text"}) + zipped({"b": MARKED})[:90]
    ),
    "a tar behind bytes that are no header": lambda: JUNK + tarred({"a": MARKED}),
    "a tar of version 7 behind other bytes": lambda: JUNK * 2100 + v7(MARKED),
    "a tar behind other bytes, with a size in a pax header": lambda: JUNK + sized_by_pax(MARKED),
    "a tar behind other bytes in a zip": lambda: zipped({"a": JUNK + tarred({"a": MARKED})}),
}


@pytest.mark.parametrize("content", FOUND.values(), ids=FOUND)
def test_a_file_that_a_loader_runs_is_refused(content: Callable[[], bytes]) -> None:
    data = content()
    assert run_loaders([data]) not in ([[]], [None]), "the file proves nothing"
    assert carried_pickle(MemoryBlob(data)) is not None
    # A part of a larger file is read in other pieces.
    assert carried_pickle(SliceBlob(MemoryBlob(b"x" * 9 + data), 9, len(data))) is not None


@pytest.mark.parametrize("front", [b"", JUNK])
def test_a_zip_whose_comment_has_another_end_is_refused(front: bytes) -> None:
    data = front + commented(zipped({"a": MARKED}), END)
    # zipfile sees an empty archive, and readers that compare the comment's length see the other one.
    assert zipfile.ZipFile(io.BytesIO(data)).namelist() == []
    assert carried_pickle(MemoryBlob(data)) is not None


@pytest.mark.parametrize(
    "data",
    [
        JUNK + tarred({"a": b"text\n"}),
        JUNK + zipped({"a": b"text\n"}),
        JUNK + commented(zipped({"a": b"text\n"}), b"x" * 0xFFFF),
        # The zip is in the compressed bytes as it is, but for a few that lz4 puts between and replaces.
        lz4.frame.compress(zipped({"a.npy": NOISE, "b": b"text\n"})),
        gzip.compress(zipped({"a.npy": NOISE, "b": b"text\n"}), 0),
    ],
)
def test_plain_text_in_the_same_places_passes(data: bytes) -> None:
    assert carried_pickle(MemoryBlob(data)) is None
