"""Shards: the list of files at the end of an upload, and the list of known chunks that a client need not send.

Source: Xet protocol specification, "Shard format" and "Global deduplication". A header of 48 bytes (tag, version,
footer size), then records of 48 bytes each, little-endian. For every file:

    file          32 bytes hash, u32 flags, u32 number of terms, 8 bytes unused
    term, n times 32 bytes hash of a xorb, u32 flags, u32 plain length, u32 first chunk, u32 end of chunks
    proof, n times, if flag 31 is set: 32 bytes hash, 16 bytes unused
    metadata, if flag 30 is set: 32 bytes sha256, 16 bytes unused

A record whose hash is all ones ends the list. For every xorb of the second list:

    xorb          32 bytes hash, u32 flags, u32 number of chunks, u32 plain length, u32 stored length
    chunk, n times 32 bytes hash, u32 plain offset, u32 plain length, u32 flags, u32 unused

Three lookup tables (files, xorbs, chunks) map the first 8 bytes of a hash to the number of its record, and a footer of
200 bytes holds the offsets of all parts.
"""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate, starmap
from mmap import mmap

from hublish.hub.server.xet.hashing import MalformedError, keyed, to_text
from hublish.hub.server.xet.xorb_format import ChunkTable

TAG = b"HFRepoMetaData\0UigEj{\x81W\x83\xa5\xbd\xd9\\\xcd\xd1J\xa9"
VERSION = 2
HEADER = struct.Struct("<32sQQ")
END = b"\xff" * 32

# Bytes in each record of the lists.
RECORD = 48

# Bytes of a shard, at most; clients start a new one at 64 MiB.
MAX_BODY = 128 << 20

# Files in a shard, at most.
MAX_FILES = 300_000

# Chunks in one response to a client, at most: 8 GiB of content, in 8 MiB of shard.
MAX_CHUNKS = 1 << 17

_FILE = struct.Struct("<32sIIQ")
_TERM = struct.Struct("<32s4xIII")
_HAS_PROOFS = 1 << 31
_HAS_METADATA = 1 << 30

_XORB = struct.Struct("<32sIIII")
_CHUNK = struct.Struct("<32sIIII")
_XORB_LOOKUP = struct.Struct("<8sI")
_CHUNK_LOOKUP = struct.Struct("<8sII")
_FOOTER = struct.Struct("<Q 8Q 32s QQ 48x 3Q Q")
_FOOTER_VERSION = 1
_END_RECORD = END + bytes(RECORD - len(END))


@dataclass(frozen=True, slots=True)
class Term:
    """A range of chunks of one xorb: a part of a file."""

    xorb: bytes
    length: int  # bytes of plain content
    start: int
    stop: int


def read_terms(packed: bytes) -> Iterator[Term]:
    """Return the terms of packed records, one by one."""
    return starmap(Term, _TERM.iter_unpack(packed))


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file in a shard."""

    digest: bytes  # its xet hash
    packed_terms: bytes  # records for `read_terms`: a large file has many, so they stay packed
    sha256: str | None  # of the plain content in hexadecimal, if the client knows it


def read_files(shard: bytes | mmap) -> Iterator[FileEntry]:
    """Yield the files of a shard, in order; raise MalformedError where it is invalid or ends inside of a list."""
    # Proofs and the second list are skipped: the store hashed all chunks itself when the xorbs arrived, and computes
    # the hash of each file from these.
    if len(shard) < HEADER.size:
        raise MalformedError(f"shard of {len(shard)} bytes has no header")
    tag, version, _ = HEADER.unpack(shard[: HEADER.size])
    if tag != TAG or version != VERSION:
        raise MalformedError(f"not a shard of version {VERSION}")
    offset = HEADER.size
    while True:
        digest, flags, count, _ = _FILE.unpack(_take(shard, offset, 1))
        if digest == END:
            return
        terms_at = offset + RECORD
        metadata_at = terms_at + count * RECORD * (2 if flags & _HAS_PROOFS else 1)
        offset = metadata_at + (RECORD if flags & _HAS_METADATA else 0)
        packed_terms = _take(shard, terms_at, count)
        # The wire keeps the sha256 as a xet hash, so its text form is that of a xet hash, too.
        sha256 = to_text(_take(shard, metadata_at, 1)[:32]) if flags & _HAS_METADATA else None
        yield FileEntry(digest, packed_terms, sha256)


def _take(shard: bytes | mmap, offset: int, records: int) -> bytes:
    end = offset + records * RECORD
    if end > len(shard):
        raise MalformedError(f"shard of {len(shard)} bytes ends inside of a list that continues to byte {end}")
    return shard[offset:end]


@dataclass(frozen=True, slots=True)
class KnownXorb:
    """A stored xorb."""

    digest: bytes
    table: ChunkTable


def write_dedup_shard(xorbs: Iterable[KnownXorb], *, key: bytes, created: int, expires: int) -> bytes:
    """Return a shard without files that lists the chunks of one or more xorbs, their hashes keyed with 32 bytes.

    The client may rely on the xorbs from `created` until `expires`, both in seconds since the epoch.
    """
    # The client receives the key. The keyed hashes let it recognize its own chunks, and reveal nothing about the
    # others, which may belong to repositories that it cannot see.
    records = bytearray()
    xorb_lookup: list[bytes] = []
    chunk_lookup: list[bytes] = []
    plain = stored = 0
    for xorb in xorbs:
        row = len(records) // RECORD
        hashes = [keyed(key, digest) for digest, _ in xorb.table.nodes(0, len(xorb.table))]
        records += _xorb_records(xorb, hashes)
        xorb_lookup.append(_XORB_LOOKUP.pack(xorb.digest[:8], row))
        chunk_lookup += [_CHUNK_LOOKUP.pack(digest[:8], row, at) for at, digest in enumerate(hashes)]
        plain += xorb.table.plain_offset(len(xorb.table))
        stored += xorb.table.stored_offset(len(xorb.table))
    parts = [
        HEADER.pack(TAG, VERSION, _FOOTER.size),
        _END_RECORD,
        bytes(records) + _END_RECORD,
        _join_sorted(xorb_lookup),
        _join_sorted(chunk_lookup),
    ]
    files_at, xorbs_at, lookups_at, chunk_lookup_at, footer_at = accumulate(map(len, parts))
    footer = _FOOTER.pack(
        _FOOTER_VERSION,
        *(files_at, xorbs_at, lookups_at, 0, lookups_at, len(xorb_lookup), chunk_lookup_at, len(chunk_lookup)),
        key,
        *(created, expires),
        *(stored, plain, plain),
        footer_at,
    )
    return b"".join([*parts, footer])


def _xorb_records(xorb: KnownXorb, keyed_hashes: list[bytes]) -> bytes:
    table = xorb.table
    end = len(table)
    records = bytearray(_XORB.pack(xorb.digest, 0, end, table.plain_offset(end), table.stored_offset(end)))
    offset = 0
    for digest, (_, length) in zip(keyed_hashes, table.nodes(0, end), strict=True):
        records += _CHUNK.pack(digest, offset, length, 0, 0)
        offset += length
    return bytes(records)


def _join_sorted(lookup: list[bytes]) -> bytes:
    # Clients search the tables by bisection.
    lookup.sort(key=lambda entry: int.from_bytes(entry[:8], "little"))
    return b"".join(lookup)
