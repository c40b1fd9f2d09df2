"""Compressed streams around given bytes: every header field that a loader ignores, and several streams in a row.

Each builder takes `odd`: without it, the stream is one that ordinary tools write.
"""

import bz2
import gzip
import lzma
import struct
import sys
import zlib
from collections.abc import Sequence
from random import Random

import lz4.frame

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_JUNK = (b"", b"", b"", b"\0", bytes(16), bytes(600), b"junk", b"\x1f\x8b", b"BZh9", b"PK\x03\x04", b"text\n" * 300)


def in_gzip(rng: Random, data: bytes, odd: bool) -> bytes:
    """Compress to gzip members (RFC 1952)."""
    if not odd:
        padding, parts = bytes(rng.choice([0, 0, 16])), _in_two(rng, data)
        return padding.join(gzip.compress(part, rng.randint(0, 9), mtime=0) for part in parts)
    zeros = rng.choice([0, 0, 1, 16, 511, 8192, 20_000])
    members = [_gzip_member(rng, part) for part in _parts(rng, data)]
    return bytes(zeros).join(members) + rng.choice(_JUNK)


def _gzip_member(rng: Random, data: bytes) -> bytes:
    flags, optional = 0, b""
    if rng.random() < 0.3:
        extra = rng.randbytes(rng.choice([0, 4, 30, 5000]))
        flags, optional = flags | 4, struct.pack("<H", len(extra)) + extra
    for flag in (8, 16):
        if rng.random() < 0.2:
            flags, optional = flags | flag, optional + rng.choice([b"a", b"", b"\xff" * 40, b"x" * 5000]) + b"\0"
    head = b"\x1f\x8b" + bytes([8, flags | 2 * (rng.random() < 0.1)]) + rng.randbytes(6) + optional
    if flags and rng.random() < 0.1:
        head = head[:3] + bytes([head[3] | rng.choice([1, 32, 64, 128])]) + head[4:]
    if head[3] & 2:
        head += struct.pack("<H", zlib.crc32(head) & 0xFFFF)
    crc, size = zlib.crc32(data), len(data) & 0xFFFFFFFF
    if rng.random() < 0.1:
        crc, size = rng.choice([0, crc]), rng.choice([0, size + 1, 2**32 - 1])
    return head + _deflated(rng, data, -15) + struct.pack("<2L", crc, size)


def _deflated(rng: Random, data: bytes, window: int) -> bytes:
    strategy = rng.choice([0, 0, 0, zlib.Z_FILTERED, zlib.Z_HUFFMAN_ONLY, zlib.Z_RLE, zlib.Z_FIXED])
    packer = zlib.compressobj(rng.choice([0, 1, 6, 9]), zlib.DEFLATED, window, rng.randint(1, 9), strategy)
    at = rng.randrange(len(data) + 1)
    flush = rng.choice([zlib.Z_NO_FLUSH, zlib.Z_SYNC_FLUSH, zlib.Z_FULL_FLUSH])
    return packer.compress(data[:at]) + packer.flush(flush) + packer.compress(data[at:]) + packer.flush()


def in_zlib(rng: Random, data: bytes, odd: bool) -> bytes:
    """Compress to zlib streams (RFC 1950), with windows from 512 bytes on."""
    if not odd:
        return zlib.compress(data, rng.randint(0, 9))
    made = b"".join(_deflated(rng, part, rng.choice([15, 15, 14, 12, 10, 9])) for part in _parts(rng, data))
    if rng.random() < 0.2:
        made = made[:-4] + rng.randbytes(4)
    return made + rng.choice(_JUNK)


def in_bzip2(rng: Random, data: bytes, odd: bool) -> bytes:
    """Compress to bzip2 streams."""
    parts = _parts(rng, data) if odd else [data]
    made = b"".join(bz2.compress(part, rng.randint(1, 9)) for part in parts)
    return made + rng.choice(_JUNK) if odd else made


def in_xz(rng: Random, data: bytes, odd: bool) -> bytes:
    """Compress to xz streams with any check and filters."""
    if not odd:
        check = rng.choice([lzma.CHECK_NONE, lzma.CHECK_CRC64, lzma.CHECK_SHA256])
        return b"".join(lzma.compress(part, check=check, preset=0) for part in _in_two(rng, data))
    padding = bytes(rng.choice([0, 0, 0, 4, 8, 512]))
    return padding.join(_xz_stream(rng, part) for part in _parts(rng, data)) + rng.choice(_JUNK)


def _xz_stream(rng: Random, data: bytes) -> bytes:
    if rng.random() < 0.15:
        return in_lzma(rng, data, rng.random() < 0.5)
    before = rng.choice(
        [
            [],
            [],
            [{"id": lzma.FILTER_DELTA, "dist": rng.randint(1, 9)}],
            [{"id": lzma.FILTER_X86}],
            [{"id": lzma.FILTER_ARM}],
        ]
    )
    filters = [*before, {"id": lzma.FILTER_LZMA2, "preset": 0, **_model(rng)}]
    check = rng.choice([lzma.CHECK_NONE, lzma.CHECK_CRC32, lzma.CHECK_CRC64, lzma.CHECK_SHA256])
    return lzma.compress(data, lzma.FORMAT_XZ, check, filters=filters)


def _model(rng: Random) -> dict[str, int]:
    lc = rng.randint(0, 4)
    return {
        "dict_size": rng.choice([4096, 4097, 65_536, 100_000, 1 << 20]),
        "lc": lc,
        "lp": rng.randint(0, 4 - lc),
        "pb": rng.randint(0, 4),
    }


def in_lzma(rng: Random, data: bytes, odd: bool) -> bytes:
    """Compress to the format before xz, `LZMA-alone`, or to that of lzip."""
    if not odd:
        filters = [
            {"id": lzma.FILTER_LZMA1, "preset": rng.randint(0, 3), "dict_size": rng.choice([4096, 1 << 16, 1 << 23])}
        ]
        return lzma.compress(data, lzma.FORMAT_ALONE, filters=filters)
    if rng.random() < 0.25:
        return b"".join(lzip(part) for part in _parts(rng, data)) + rng.choice(_JUNK)
    model = _model(rng)
    made = lzma.compress(data, lzma.FORMAT_ALONE, filters=[{"id": lzma.FILTER_LZMA1, "preset": 0, **model}])
    if rng.random() < 0.3:
        # liblzma accepts 2^n and 2^n + 2^(n-1), and all ones.
        made = (
            made[:1]
            + struct.pack("<I", rng.choice([0, 1, 4096, 6144, 1 << 16, 3 << 22, 2**32 - 1, rng.randrange(2**24)]))
            + made[5:]
        )
    if rng.random() < 0.3:
        made = made[:5] + struct.pack("<Q", rng.choice([len(data), len(data), len(data) + 1, 2**38 - 1])) + made[13:]
    return made + rng.choice(_JUNK)


def lzip(data: bytes, dictionary: int = 0x14) -> bytes:
    """Compress to one member of a .lz file, which liblzma detects from version 5.4 on."""
    filters = [{"id": lzma.FILTER_LZMA1, "preset": 0, "dict_size": 1 << 20, "lc": 3, "lp": 0, "pb": 2}]
    body = lzma.compress(data, lzma.FORMAT_ALONE, filters=filters)[13:]
    trailer = struct.pack("<LQQ", zlib.crc32(data), len(data), len(body) + 26)
    return b"LZIP\x01" + bytes([dictionary]) + body + trailer


def in_lz4(rng: Random, data: bytes, odd: bool) -> bytes:
    """Compress to lz4 frames, behind skippable ones."""
    if not odd:
        return bytes(lz4.frame.compress(data))
    made = b"".join(
        lz4.frame.compress(
            part,
            block_size=rng.randint(4, 7),
            block_linked=rng.random() < 0.5,
            content_checksum=rng.random() < 0.5,
            store_size=rng.random() < 0.5,
        )
        for part in _parts(rng, data)
    )
    return _skippable(rng) + made + rng.choice(_JUNK)


def in_zstandard(rng: Random, data: bytes, odd: bool) -> bytes:
    """Compress to zstandard frames, behind skippable ones."""
    if not odd:
        return zstd.compress(data, rng.randint(1, 9))
    options: dict[int, int] = {zstd.CompressionParameter.checksum_flag: rng.randint(0, 1)}
    options[zstd.CompressionParameter.content_size_flag] = rng.randint(0, 1)
    made = b"".join(zstd.compress(part, options=options) for part in _parts(rng, data))
    return _skippable(rng) + made + rng.choice(_JUNK)


def _skippable(rng: Random) -> bytes:
    """Return frames that readers of lz4 and zstandard skip."""
    note = rng.randbytes(rng.choice([0, 5, 5000]))
    return (struct.pack("<LL", 0x184D2A50 + rng.randrange(16), len(note)) + note) * rng.choice([0, 0, 1, 3])


def _in_two(rng: Random, data: bytes) -> Sequence[bytes]:
    at = rng.choice([0, len(data) // 2])
    return [data] if rng.random() < 0.5 else [data[:at], data[at:]]


def _parts(rng: Random, data: bytes) -> Sequence[bytes]:
    """Split data for streams in a row, of which some are empty."""
    chance = rng.random()
    if chance < 0.5:
        return [data]
    if chance < 0.75:
        return [*[b""] * rng.choice([1, 1, 2, 20]), data]
    at = rng.randrange(len(data) + 1)
    return [data[:at], *[b""] * rng.randint(0, 1), data[at:]]
