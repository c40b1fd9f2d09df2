"""The answer to "do you know this chunk?": a shard of chunks that the client need not send.

Source: Xet protocol specification, "Shard format" and "Global deduplication". Such a shard lists no files.
Its second list holds, for every xorb, a record (32 bytes hash, u32 flags, u32 number of chunks, u32 bytes
of plain content, u32 bytes stored) and one record a chunk (32 bytes hash, u32 plain offset, u32 plain
length, u32 flags, u32 unused). Three lookup tables (files, xorbs, chunks) map the first 8 bytes of a hash
to the number of its record, and a footer of 200 bytes says where all of it lies.

The chunk hashes are keyed: a client can tell which of its own chunks are known, and learns nothing of the
others, which may belong to repositories it cannot see.
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass

from hublish.hub.server.xet.hashing import keyed
from hublish.hub.server.xet.shard import END, HEADER, RECORD, TAG, VERSION
from hublish.hub.server.xet.xorb import ChunkTable

MAX_CHUNKS = 1 << 17
"""Chunks told of in one answer, at most: 8 GiB of content, in 8 MiB of shard."""

_XORB = struct.Struct("<32sIIII")
_CHUNK = struct.Struct("<32sIIII")
_XORB_LOOKUP = struct.Struct("<8sI")
_CHUNK_LOOKUP = struct.Struct("<8sII")
_FOOTER = struct.Struct("<Q 8Q 32s QQ 48x 3Q Q")
_FOOTER_VERSION = 1
_END_RECORD = END + bytes(RECORD - len(END))


@dataclass(frozen=True, slots=True)
class KnownXorb:
    """A xorb that is stored."""

    digest: bytes
    table: ChunkTable


def write_dedup_shard(xorbs: Iterable[KnownXorb], *, key: bytes, created: int, expires: int) -> bytes:
    """Write the shard that tells a client of `xorbs`.

    Args:
        xorbs: At least one.
        key: 32 bytes that the chunk hashes are keyed with; they go to the client too.
        created: Seconds since the epoch.
        expires: Seconds since the epoch; until then the client may rely on the xorbs.
    """
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
    starts = [sum(map(len, parts[:count])) for count in range(1, len(parts) + 1)]
    files_at, xorbs_at, lookups_at, chunk_lookup_at, footer_at = starts
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
    lookup.sort(key=lambda entry: int.from_bytes(entry[:8], "little"))
    return b"".join(lookup)
