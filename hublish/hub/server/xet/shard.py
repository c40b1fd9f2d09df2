"""Shards: the list of files that an upload ends with.

Source: Xet protocol specification, "Shard format". A header of 48 bytes (tag, version, footer size), then
records of 48 bytes each, little-endian. For every file:

    file          32 bytes hash, u32 flags, u32 number of terms, 8 bytes unused
    term, n times 32 bytes hash of a xorb, u32 flags, u32 plain length, u32 first chunk, u32 end of chunks
    proof, n times, if flag 31 is set: 32 bytes hash, 16 bytes unused
    metadata, if flag 30 is set: 32 bytes sha256, 16 bytes unused

A record whose hash is all ones ends the list. A second list, of the new xorbs and their chunks, and lookup
tables may follow. They are not read, nor are the proofs: the store hashed all chunks itself when the xorbs
came in, and computes the hash of each file from these.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from mmap import mmap

from hublish.hub.server.xet.errors import MalformedError
from hublish.hub.server.xet.hashing import to_text

TAG = b"HFRepoMetaData\0UigEj{\x81W\x83\xa5\xbd\xd9\\\xcd\xd1J\xa9"
VERSION = 2
HEADER = struct.Struct("<32sQQ")
END = b"\xff" * 32
RECORD = 48
"""Bytes in each record of the lists."""

MAX_BODY = 128 << 20
"""Bytes of a shard, at most; clients start a new one at 64 MiB."""

_FILE = struct.Struct("<32sIIQ")
_TERM = struct.Struct("<32s4xIII")
_HAS_PROOFS = 1 << 31
_HAS_METADATA = 1 << 30


@dataclass(frozen=True, slots=True)
class Term:
    """A run of chunks of one xorb: a part of a file."""

    xorb: bytes
    length: int
    """Bytes of plain content."""
    start: int
    stop: int


def read_terms(packed: bytes) -> Iterator[Term]:
    """Give the terms out of their records."""
    for xorb, length, start, stop in _TERM.iter_unpack(packed):
        yield Term(xorb, length, start, stop)


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file in a shard."""

    digest: bytes
    """Its xet hash."""
    packed_terms: bytes
    """Records of its terms, for `read_terms`: a large file has many, so they stay packed."""
    sha256: str | None
    """Of the plain content in hexadecimal, if the client knows it."""


def read_files(shard: bytes | mmap) -> Iterator[FileEntry]:
    """Give the files of a shard, in order.

    Raises:
        MalformedError: It is not a shard, or a list is longer than the body; files before it were given.
    """
    _check_header(shard)
    offset = HEADER.size
    while True:
        digest, flags, count, _ = _FILE.unpack(_take(shard, offset, 1))
        if digest == END:
            return
        terms_at = offset + RECORD
        metadata_at = terms_at + count * RECORD * (2 if flags & _HAS_PROOFS else 1)
        offset = metadata_at + (RECORD if flags & _HAS_METADATA else 0)
        packed_terms = _take(shard, terms_at, count)
        sha256 = to_text(_take(shard, metadata_at, 1)[:32]) if flags & _HAS_METADATA else None
        yield FileEntry(digest, packed_terms, sha256)


def _check_header(shard: bytes | mmap) -> None:
    if len(shard) < HEADER.size:
        msg = f"shard of {len(shard)} bytes has no header"
        raise MalformedError(msg)
    tag, version, _ = HEADER.unpack(shard[: HEADER.size])
    if tag != TAG or version != VERSION:
        msg = f"not a shard of version {VERSION}"
        raise MalformedError(msg)


def _take(shard: bytes | mmap, offset: int, records: int) -> bytes:
    end = offset + records * RECORD
    if end > len(shard):
        msg = f"shard of {len(shard)} bytes ends inside of a list that runs to byte {end}"
        raise MalformedError(msg)
    return shard[offset:end]
