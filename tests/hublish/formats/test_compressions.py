"""Compressed files are detected by content, and read at least as far as any common reader reads them."""

import bz2
import gzip
import io
import lzma
import os
import random
import struct
import sys
import zlib
from collections.abc import Callable
from functools import partial

import lz4.frame
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.audit.containers import carried_pickle
from hublish.formats.blob import MemoryBlob, measured
from hublish.formats.compressions import compressions_of
from tests.hublish.audit.payloads import call

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

TEXT = b"one\ntwo\n" * 100
PAYLOAD = call()


def alone(data: bytes, **filters: int) -> bytes:
    chain = [{"id": lzma.FILTER_LZMA1, "preset": 6, **filters}]
    return lzma.compress(data, lzma.FORMAT_ALONE, filters=chain)


EMPTY_ALONE = b"\x5d\0\0\x80\0" + bytes(13)
NO_LITERALS = {"lc": 0, "lp": 0, "pb": 0}


def sized(data: bytes, **filters: int) -> bytes:
    """Write the size in the header, as the tools of the LZMA SDK do, and any size of the dictionary."""
    found = alone(data, dict_size=4096, **filters)
    return found[:1] + struct.pack("<IQ", 5000, len(data)) + found[13:]


def member(data: bytes, flags: int = 0, extra: bytes = b"") -> bytes:
    """Return a gzip member with these flags and fields."""
    stream = zlib.compressobj(wbits=-15)
    body = stream.compress(data) + stream.flush()
    tail = struct.pack("<II", zlib.crc32(data), len(data))
    return b"\x1f\x8b\x08" + bytes([flags]) + bytes(6) + extra + body + tail


def zlib_with(window: int, level: int) -> Callable[[bytes], bytes]:
    def compress(data: bytes) -> bytes:
        stream = zlib.compressobj(level, wbits=window)
        return stream.compress(data) + stream.flush()

    return compress


COMPRESSED: dict[str, Callable[[bytes], bytes]] = {
    "zstandard": zstd.compress,
    "zstandard in two frames": lambda data: zstd.compress(data[:7]) + zstd.compress(data[7:]),
    "zstandard behind an empty frame": lambda data: zstd.compress(b"") + zstd.compress(data),
    "zstandard behind a skippable frame": lambda data: b"\x5a\x2a\x4d\x18\x04\0\0\0abcd" + zstd.compress(data),
    "gzip": gzip.compress,
    "gzip with a name and a comment": lambda data: member(data, 0x18, b"name\0comment\0"),
    "gzip with extra fields": lambda data: member(data, 0x04, b"\x05\0hello"),
    "gzip in two members": lambda data: gzip.compress(data[:7]) + gzip.compress(data[7:]),
    "gzip behind an empty member": lambda data: gzip.compress(b"") + gzip.compress(data),
    "gzip behind an empty member and zeros": lambda data: gzip.compress(b"") + bytes(16) + gzip.compress(data),
    "gzip with many zeros": lambda data: gzip.compress(data[:7]) + bytes(200_000) + gzip.compress(data[7:]),
    "gzip, then zeros": lambda data: gzip.compress(data) + bytes(999),
    "gzip, then other bytes": lambda data: gzip.compress(data) + b"garbage",
    "bzip2": bz2.compress,
    "bzip2 in two streams": lambda data: bz2.compress(data[:7]) + bz2.compress(data[7:]),
    "bzip2 behind an empty stream": lambda data: bz2.compress(b"") + bz2.compress(data),
    "xz": lzma.compress,
    "xz with padding": lambda data: lzma.compress(data[:7]) + bytes(8) + lzma.compress(data[7:]) + bytes(4),
    "xz behind an empty stream": lambda data: lzma.compress(b"") + lzma.compress(data),
    "xz, then LZMA alone": lambda data: lzma.compress(data[:7]) + alone(data[7:]),
    "LZMA alone": alone,
    "LZMA alone, then xz": lambda data: alone(data[:7]) + lzma.compress(data[7:]),
    "LZMA alone with a small dictionary": lambda data: alone(data, dict_size=4096),
    "LZMA alone with an odd dictionary": lambda data: alone(data, dict_size=3 << 20),
    "LZMA alone with other properties": lambda data: alone(data, lc=0, lp=2, pb=0),
    "LZMA alone without literal bits": lambda data: alone(data, lc=0, lp=0, pb=0),
    "LZMA alone with a size": sized,
    "LZMA alone behind an empty stream": lambda data: EMPTY_ALONE + alone(data),
    "LZMA alone behind empty streams of zeros": lambda data: bytes(18 * 7) + alone(data, **NO_LITERALS),
    "LZMA alone behind zeros in the middle": lambda data: alone(data[:7]) + bytes(180_000) + alone(data[7:]),
    "LZMA alone, then one whose header begins with zero": lambda data: alone(data[:7]) + alone(data[7:], **NO_LITERALS),
    "xz, then LZMA alone behind zeros": lambda data: (
        lzma.compress(data[:7]) + bytes(36) + alone(data[7:], **NO_LITERALS)
    ),
    "lz4": lz4.frame.compress,
    "lz4 in two frames": lambda data: lz4.frame.compress(data[:7]) + lz4.frame.compress(data[7:]),
    **{f"zlib, window {bits}": zlib_with(bits, 6) for bits in range(9, 16)},
    **{f"zlib, level {level}": zlib_with(15, level) for level in range(10)},
    "gzip in bzip2": lambda data: bz2.compress(gzip.compress(data)),
}


@pytest.mark.parametrize("compress", COMPRESSED.values(), ids=COMPRESSED)
def test_a_pickle_in_a_compressed_file_is_found(compress: Callable[[bytes], bytes]) -> None:
    found = carried_pickle(MemoryBlob(compress(PAYLOAD)))
    assert found is not None
    assert "cannot be inspected" not in found


@pytest.mark.parametrize("compress", COMPRESSED.values(), ids=COMPRESSED)
def test_text_in_a_compressed_file_is_clean(compress: Callable[[bytes], bytes]) -> None:
    assert carried_pickle(MemoryBlob(compress(TEXT))) is None


LARGE = os.urandom(100_000) + b"line\n" * 40_000 + bytes(200_000)


@pytest.mark.parametrize("name", sorted(set(COMPRESSED) - {"gzip in bzip2"}))
def test_a_compressed_blob_reads_like_its_content(name: str) -> None:
    data = COMPRESSED[name](LARGE)
    contents = [found.content(MemoryBlob(data)) for found in compressions_of(data[:1024])]
    blob = next(one for one in contents if one is not None)
    assert measured(blob) == len(LARGE)
    for offset, length in ((0, 10), (99_990, 20), (300_000, 150_000), (5, 5), (len(LARGE) - 3, 10), (len(LARGE), 1)):
        assert blob.read_at(offset, length) == LARGE[offset : offset + length]


DAMAGED = {
    "gzip with a wrong checksum, and another member": gzip.compress(TEXT)[:-8] + bytes(8) + gzip.compress(PAYLOAD),
    "gzip with a reserved flag, which Python ignores": member(PAYLOAD, 0xE0),
    "gzip with a wrong checksum of the header": member(PAYLOAD, 0x02, b"\1\2"),
    "gzip with a damaged second member": gzip.compress(TEXT) + b"\x1f\x8b\x08" + bytes(20) + gzip.compress(PAYLOAD),
    "bzip2 that is damaged": bz2.compress(TEXT)[:20] + bytes(20) + bz2.compress(PAYLOAD),
    "xz that is damaged": lzma.compress(TEXT)[:30] + bytes(30),
    "lz4 that is damaged": lz4.frame.compress(TEXT)[:10] + b"\xff" * 99,
    "lz4, then a skippable frame and another one": lz4.frame.compress(TEXT)
    + b"\x50\x2a\x4d\x18\x04\0\0\0abcd"
    + lz4.frame.compress(PAYLOAD),
    "zstandard that is damaged": zstd.compress(TEXT)[:10] + b"\xff" * 30,
    "zstandard with a dictionary": b"\x28\xb5\x2f\xfd\x21\x07\x04" + zstd.compress(TEXT)[6:],
    "snappy": b"\xff\x06\x00\x00sNaPpY" + bytes(20),
    "LZO": b"\x89LZO\x00\r\n\x1a\n" + bytes(20),
    "lzip": b"LZIP\x01" + bytes(20),
    "compress": b"\x1f\x9d\x90" + bytes(20),
}


@pytest.mark.parametrize("data", DAMAGED.values(), ids=DAMAGED)
def test_a_stream_that_readers_may_read_otherwise_is_refused(data: bytes) -> None:
    assert carried_pickle(MemoryBlob(data)) is not None


@pytest.mark.parametrize(
    ("load", "data"),
    [
        (gzip.open, member(TEXT, 0xE0)),
        (gzip.open, member(TEXT, 0x02, b"\1\2")),
        (gzip.open, COMPRESSED["gzip with many zeros"](TEXT)),
        (lzma.open, COMPRESSED["xz, then LZMA alone"](TEXT)),
        (lzma.open, COMPRESSED["LZMA alone with other properties"](TEXT)),
        (lzma.open, COMPRESSED["LZMA alone behind an empty stream"](TEXT)),
        (lzma.open, COMPRESSED["LZMA alone behind empty streams of zeros"](TEXT)),
        (lzma.open, COMPRESSED["LZMA alone behind zeros in the middle"](TEXT)),
        (lzma.open, COMPRESSED["LZMA alone, then one whose header begins with zero"](TEXT)),
        (lzma.open, COMPRESSED["xz, then LZMA alone behind zeros"](TEXT)),
    ],
)
def test_the_readers_of_the_standard_library_read_these(load: Callable[..., io.BufferedIOBase], data: bytes) -> None:
    assert load(io.BytesIO(data)).read() == TEXT


def test_a_size_that_only_some_readers_accept_hides_nothing() -> None:
    content = PAYLOAD + random.Random(4).randbytes(100_000)
    data = alone(content)[:5] + struct.pack("<Q", 1 << 40) + alone(content)[13:]
    with lzma.open(io.BytesIO(data), format=lzma.FORMAT_ALONE) as stream:
        assert stream.read(len(PAYLOAD)) == PAYLOAD
    assert carried_pickle(MemoryBlob(data)) is not None


@pytest.mark.parametrize("compress", [partial(alone, preset=0), partial(zlib.compress, level=1)], ids=["lzma", "zlib"])
def test_no_length_before_a_pickle_is_too_long(compress: Callable[[bytes], bytes]) -> None:
    # One more than a header that other data may have by chance is believed to expand to.
    assert carried_pickle(MemoryBlob(compress(bytes(65 << 20) + PAYLOAD))) is not None


CLEAN = {
    "an empty gzip": gzip.compress(b""),
    "gzip that breaks off": gzip.compress(random.Random(5).randbytes(5000))[:2000],
    "xz that breaks off": lzma.compress(TEXT)[:-20],
    "prose that begins like bzip2": b"BZh91 is how a bzip2 file begins.\n",
    "prose that begins like zlib": b"x^2 + y^2 = z^2\n",
    "other prose that begins like zlib": b"hC and HG and X\xc3 have the checksum of zlib.\n",
    "an ELF file": b"\x7fELF\2\1\1" + bytes(9) + b"\3\0>\0\1" + bytes(10_000),
    "integers": struct.pack("<1000Q", 5, *range(999)),
    "integers and zeros": struct.pack("<3Q", 5, 1000, 0) + bytes(100_000),
    "zeros": bytes(100_000),
    "zeros and text": bytes(100_000) + TEXT,
    "integers, zeros and text": struct.pack("<3Q", 5, 1000, 0) + bytes(10_000) + TEXT,
}


@pytest.mark.parametrize("data", CLEAN.values(), ids=CLEAN)
def test_clean_bytes_are_not_refused(data: bytes) -> None:
    assert carried_pickle(MemoryBlob(data)) is None


def test_nested_streams_are_followed_to_a_limit() -> None:
    data = PAYLOAD
    for _ in range(4):
        data = gzip.compress(data)
    found = carried_pickle(MemoryBlob(data))
    assert found is not None
    assert "a pickle of protocol 4" in found
    nested = TEXT
    for _ in range(6):
        nested = gzip.compress(nested)
    assert carried_pickle(MemoryBlob(nested)) == "a container nested more than 4 deep, which cannot be inspected"


@given(st.binary(max_size=300))
def test_any_bytes_are_inspected_without_an_error(data: bytes) -> None:
    for magic in (b"\x1f\x8b\x08", b"BZh91AY&SY", b"\xfd7zXZ\0", b"\x04\x22\x4d\x18", b"x\x9c", b"\x5d" + bytes(12)):
        carried_pickle(MemoryBlob(magic + data))
