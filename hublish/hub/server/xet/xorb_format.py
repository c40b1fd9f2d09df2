"""Xorbs: bodies of up to 64 MiB of plain content, stored as a sequence of compressed chunks.

Source: Xet protocol specification, "Xorb format". A chunk is a header of 8 bytes and its payload:

    offset  0  u8   version, 0
            1  u24  length of the payload
            4  u8   scheme: 0 stored, 1 an LZ4 frame, 2 an LZ4 frame of byte-grouped content
            5  u24  length of the plain content, at most 128 KiB

Numbers are little-endian. A footer may follow the chunks. It repeats values that can be computed from them, so
it is neither read nor stored; a `ChunkTable` holds the computed values.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Self

import lz4.frame
import numpy as np

from hublish.hub.server.xet.hashing import SIZE, MalformedError, Node, hash_chunk

# Bytes of plain content in a chunk, at most.
MAX_CHUNK = 128 << 10

# Chunks in a xorb, at most.
MAX_CHUNKS = 8 << 10

# Bytes of a xorb as sent, at most: 64 MiB of incompressible content, headers and a footer.
MAX_BODY = 66 << 20

_HEADER = struct.Struct("<BHBBHB")  # u24 as u16 and u8
_FOOTER = b"XETBLOB"
_STORED, _LZ4, _GROUPED_LZ4 = range(3)


@dataclass(frozen=True, slots=True)
class EncodedChunk:
    """One chunk as it is stored in a xorb."""

    scheme: int
    length: int  # bytes of plain content
    payload: bytes

    @property
    def stored_length(self) -> int:
        """Bytes in the xorb, including the header."""
        return _HEADER.size + len(self.payload)

    def decode(self) -> bytes:
        """Return the plain content; raise MalformedError when the payload does not decode to `length` bytes."""
        plain = self.payload if self.scheme == _STORED else _decompress(self.payload, self.length)
        if len(plain) != self.length:
            raise MalformedError(f"chunk has {len(plain)} bytes, its header declares {self.length}")
        return _ungroup(plain) if self.scheme == _GROUPED_LZ4 else plain


def _decompress(frame: bytes, length: int) -> bytes:
    # One byte more than declared is enough to detect a wrong length, however large the frame would become.
    decompressor = lz4.frame.LZ4FrameDecompressor()
    try:
        plain: bytes = decompressor.decompress(frame, max_length=length + 1)
    except (RuntimeError, MemoryError, EOFError) as error:
        raise MalformedError(f"chunk is not an LZ4 frame: {error}") from None
    if not decompressor.eof or decompressor.unused_data:
        raise MalformedError("chunk's LZ4 frame does not end where the chunk ends")
    return plain


def _ungroup(grouped: bytes) -> bytes:
    """Undo byte grouping: all bytes at positions 0 modulo 4 come first, then those at 1, 2 and 3."""
    source = np.frombuffer(grouped, dtype=np.uint8)
    plain = np.empty_like(source)
    start = 0
    for phase in range(4):
        lane = plain[phase::4]
        lane[:] = source[start : start + len(lane)]
        start += len(lane)
    return plain.tobytes()


def read_chunks(file: BinaryIO) -> Iterator[EncodedChunk]:
    """Yield the chunks from the position of `file` to its end or footer; raise MalformedError at an invalid one."""
    while header := file.read(_HEADER.size):
        if header.startswith(_FOOTER):
            return
        if len(header) < _HEADER.size:
            raise MalformedError("xorb ends inside of a chunk header")
        yield _read_payload(file, header)


def _read_payload(file: BinaryIO, header: bytes) -> EncodedChunk:
    version, stored_low, stored_high, scheme, length_low, length_high = _HEADER.unpack(header)
    stored, length = stored_low | stored_high << 16, length_low | length_high << 16
    # LZ4 may expand content a little; twice the size of a chunk is an ample limit.
    if version or scheme > _GROUPED_LZ4 or not 0 < length <= MAX_CHUNK or stored > 2 * MAX_CHUNK:
        msg = f"chunk header is invalid: version {version}, scheme {scheme}, {stored} bytes for {length}"
        raise MalformedError(msg)
    payload = file.read(stored)
    if len(payload) != stored:
        raise MalformedError(f"xorb ends inside of a chunk: {len(payload)} of {stored} bytes")
    return EncodedChunk(scheme, length, payload)


_ROW = struct.Struct(f"<{SIZE}sII")


@dataclass(frozen=True, slots=True)
class ChunkTable:
    """Positions and hashes of the chunks of one xorb."""

    rows: bytes  # 40 bytes a chunk: its hash, then its end in the xorb and in the plain content (u32 each)

    @classmethod
    def of(cls, file: BinaryIO) -> Self:
        """Decode and hash all chunks of a xorb; raise MalformedError when `file` is not one."""
        rows = bytearray()
        stored_end = plain_end = 0
        for chunk in read_chunks(file):
            stored_end += chunk.stored_length
            plain_end += chunk.length
            rows += _ROW.pack(hash_chunk(chunk.decode()), stored_end, plain_end)
            if len(rows) > MAX_CHUNKS * _ROW.size or stored_end > MAX_BODY:
                raise MalformedError(f"xorb is larger than {MAX_CHUNKS} chunks or {MAX_BODY} bytes")
        if not rows:
            raise MalformedError("xorb has no chunk")
        return cls(bytes(rows))

    def __len__(self) -> int:
        return len(self.rows) // _ROW.size

    def digest(self, chunk: int) -> bytes:
        """Return the hash of a chunk."""
        return self.rows[chunk * _ROW.size : chunk * _ROW.size + SIZE]

    def stored_offset(self, chunk: int) -> int:
        """Return the start of a chunk in the xorb; for `len(self)`, the end of the last one."""
        return int(_ROW.unpack_from(self.rows, (chunk - 1) * _ROW.size)[1]) if chunk else 0

    def plain_offset(self, chunk: int) -> int:
        """Return the start of a chunk in the plain content; for `len(self)`, the end of the last one."""
        return int(_ROW.unpack_from(self.rows, (chunk - 1) * _ROW.size)[2]) if chunk else 0

    def plain_length(self, start: int, stop: int) -> int:
        """Return the number of plain bytes in the chunks from `start` up to `stop`."""
        return self.plain_offset(stop) - self.plain_offset(start)

    def nodes(self, start: int, stop: int) -> Iterator[Node]:
        """Yield hash and plain length of the chunks from `start` up to `stop`."""
        before = self.plain_offset(start)
        for digest, _, end in _ROW.iter_unpack(self.rows[start * _ROW.size : stop * _ROW.size]):
            yield digest, end - before
            before = end
