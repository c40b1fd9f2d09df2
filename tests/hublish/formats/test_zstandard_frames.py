"""Members of a zip that zstandard compressed are searched as every reader reads them, or refused."""

import sys
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import hublish
from hublish.api.session import Session
from hublish.audit.containers import carried_pickle, members
from hublish.formats.blob import MemoryBlob
from hublish.formats.input_files import InvalidFileError
from hublish.formats.zip_reader import read_zip
from hublish.formats.zstandard_frames import frame_ends
from tests.hublish.audit.payloads import call, zipped
from tests.hublish.cards.results.harness_files import zip_of

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

TEXT = b"some text " * 50
SKIPPED = b"\x50\x2a\x4d\x18\x04\0\0\0skip"


def framed(content: bytes, **options: int) -> bytes:
    chosen = {getattr(zstd.CompressionParameter, name): value for name, value in options.items()}
    return zstd.compress(content, options=chosen)


def streamed(content: bytes) -> bytes:
    """Return a frame in whose header the size of the content is missing, of several blocks."""
    writer = zstd.ZstdCompressor()
    pieces = [writer.compress(content[:20], mode=writer.FLUSH_BLOCK), writer.compress(content[20:]), writer.flush()]
    return b"".join(pieces)


FRAMES = {
    "plain": framed(TEXT),
    "with a checksum": framed(TEXT, checksum_flag=1),
    "without the size": framed(TEXT, content_size_flag=0),
    "streamed": streamed(TEXT),
    "of one byte": framed(b"x"),
    "of raw bytes": framed(bytes(range(256))),
    "of zeros": framed(bytes(300_000)),
    "of nothing": framed(b""),
}


@pytest.mark.parametrize("first", FRAMES.values(), ids=FRAMES)
def test_the_end_of_each_frame_is_found(first: bytes) -> None:
    second = framed(TEXT)
    assert list(frame_ends(MemoryBlob(first + second))) == [len(first), len(first) + len(second)]


BAD = {
    "other bytes": (b"x" * 50, "not only zstandard frames"),
    "bytes after the frame": (framed(TEXT) + b"x", "not only zstandard frames"),
    "bytes between frames": (framed(TEXT) + b"\0" + framed(TEXT), "not only zstandard frames"),
    "a skippable frame": (SKIPPED + framed(TEXT), "not only zstandard frames"),
    "cut short": (framed(TEXT)[:-1], "its zstandard frames are damaged"),
    "without the checksum": (framed(TEXT, checksum_flag=1)[:-4], "its zstandard frames are damaged"),
    "a block of a reserved kind": (b"\x28\xb5\x2f\xfd\x20\x01\x07\0\0x", "its zstandard frames are damaged"),
    "many blocks": (b"\x28\xb5\x2f\xfd\x20\x01" + bytes(3_100_000), "its zstandard frames are damaged"),
    "a dictionary": (b"\x28\xb5\x2f\xfd\x21\x07\x01\x01\0\0", "it needs a dictionary"),
}


@pytest.mark.parametrize(("data", "problem"), BAD.values(), ids=BAD)
def test_data_that_readers_may_read_differently_is_refused(data: bytes, problem: str) -> None:
    with pytest.raises(InvalidFileError, match=problem):
        list(frame_ends(MemoryBlob(data)))
    found = carried_pickle(MemoryBlob(zip_of("a", TEXT, 93, data)))
    assert found is not None
    assert problem in found
    assert found.endswith("which cannot be inspected")


@given(st.binary(max_size=60), st.binary(max_size=8), st.integers(0, 100))
def test_any_bytes_give_ends_or_a_reason(content: bytes, junk: bytes, place: int) -> None:
    data = framed(content)
    data = data[:place] + junk + data[place:]
    try:
        ends = list(frame_ends(MemoryBlob(data)))
    except InvalidFileError:
        return
    assert ends[-1] == len(data)


def log_of(data: bytes, size: int = len(TEXT)) -> MemoryBlob:
    return MemoryBlob(zip_of("header.json", bytes(size), 93, data))


def test_a_member_is_searched_as_each_reader_reads_it() -> None:
    inner = zipped({"data.pkl": call()})
    # A reader that stops after the first frame finds an archive there.
    hidden = log_of(framed(b"self-extracting" + inner) + framed(bytes(80_000)), 80_000 + 15 + len(inner))
    assert carried_pickle(hidden) == "header.json in it is data.pkl in it is a pickle of protocol 4"
    contents = [
        member.blob.read_at(0, 999) for member in members(log_of(framed(TEXT[:100]) + framed(TEXT[100:]))) or ()
    ]
    assert contents == [TEXT[:100], TEXT]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (TEXT, None),
        (call(), "header.json in it is a pickle of protocol 4"),
        (TEXT + b"x", "a zip archive (member 'header.json': its content is longer than its size in the directory)"),
    ],
    ids=["clean", "a pickle", "longer"],
)
def test_a_compressed_member_is_searched(content: bytes, found: str | None) -> None:
    result = carried_pickle(log_of(framed(content)))
    assert result == (found if found is None or "longer" not in found else f"{found}, which cannot be inspected")


def test_a_damaged_member_is_refused() -> None:
    data = bytearray(framed(bytes(range(256)) + TEXT, checksum_flag=1))
    data[-2] ^= 1
    found = carried_pickle(log_of(bytes(data), 256 + len(TEXT)))
    assert found is not None
    assert "its zstandard frames are damaged" in found


def test_without_zstandard_the_reason_and_the_fix_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hublish.formats.zip_reader.zstandard_opener", lambda: None)
    found = carried_pickle(log_of(framed(TEXT)))
    assert found is not None
    assert "compressed with zstandard, which this Python cannot expand: install the package backports.zstd" in found


def test_a_deflated_member_that_is_longer_than_its_size_is_refused() -> None:
    stream = zlib.compressobj(wbits=-15)
    data = stream.compress(TEXT) + stream.flush()
    found = carried_pickle(MemoryBlob(zip_of("a", TEXT[:100], 8, data)))
    assert found is not None
    assert "its content is longer than its size in the directory" in found


def test_a_log_is_published_and_pulled(tmp_path: Path) -> None:
    folder = tmp_path / "release"
    folder.mkdir()
    header = framed(b'{"version": 2}') + framed(b" ")
    (folder / "log.eval").write_bytes(zip_of("header.json", b'{"version": 2} ', 93, header))
    (folder / "hub.yaml").write_text("schema_version: 1\nrepo: {repo_id: a/b}\nartifacts: [{source: log.eval}]\n")
    with Session(endpoint="embedded", folder=folder) as session:
        hublish.publish(folder / "hub.yaml", endpoint="embedded", digest_cache=False)
        pulled = hublish.pull("a/b", endpoint=session.hub.endpoint, local_dir=tmp_path / "out")
    assert pulled is not None
    archive = read_zip(MemoryBlob((tmp_path / "out" / "log.eval").read_bytes()))
    assert archive.read("header.json", 99) == b'{"version": 2} '
