"""Writers of the xet formats, the counterpart of the readers, and a store for them."""

import hashlib
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import lz4.frame
import pytest

from hublish.hub.server.objects import ObjectStore
from hublish.hub.server.xet.content_store import XetStore
from hublish.hub.server.xet.hashing import from_text, hash_chunk, hash_file, hash_xorb
from hublish.hub.server.xet.shard_format import Term

TAG = b"HFRepoMetaData\0UigEj{\x81W\x83\xa5\xbd\xd9\\\xcd\xd1J\xa9"


@dataclass(frozen=True)
class Xorb:
    """A xorb as a client would send it."""

    chunks: tuple[bytes, ...]
    body: bytes

    @property
    def digest(self) -> bytes:
        return hash_xorb((hash_chunk(chunk), len(chunk)) for chunk in self.chunks)

    def term(self, start: int = 0, stop: int | None = None) -> Term:
        stop = len(self.chunks) if stop is None else stop
        return Term(self.digest, sum(map(len, self.chunks[start:stop])), start, stop)


@dataclass(frozen=True)
class File:
    """A file as a shard would list it."""

    digest: bytes
    terms: tuple[Term, ...]
    sha256: str | None = None


class Writers:
    """Writes chunks, xorbs and shards."""

    def chunk(self, content: bytes, scheme: int = 0) -> bytes:
        plain = b"".join(content[phase::4] for phase in range(4)) if scheme == 2 else content
        payload = lz4.frame.compress(plain) if scheme else plain
        return self.chunk_header(len(payload), scheme, len(content)) + payload

    def chunk_header(self, stored: int, scheme: int, length: int, version: int = 0) -> bytes:
        return bytes([version, *stored.to_bytes(3, "little"), scheme, *length.to_bytes(3, "little")])

    def xorb(self, *chunks: bytes, schemes: Sequence[int] = (0, 1, 2)) -> Xorb:
        body = b"".join(self.chunk(chunk, schemes[at % len(schemes)]) for at, chunk in enumerate(chunks))
        return Xorb(chunks, body)

    def file(self, *parts: tuple[Xorb, int, int]) -> File:
        """Return a file of chunks `start` to `stop` of xorbs, with correct hashes."""
        chunks = [chunk for xorb, start, stop in parts for chunk in xorb.chunks[start:stop]]
        digest = hash_file((hash_chunk(chunk), len(chunk)) for chunk in chunks)
        terms = tuple(xorb.term(start, stop) for xorb, start, stop in parts)
        return File(digest, terms, hashlib.sha256(b"".join(chunks)).hexdigest())

    def term(self, term: Term) -> bytes:
        return struct.pack("<32sIIII", term.xorb, 0, term.length, term.start, term.stop)

    def entry(self, digest: bytes, terms: Sequence[Term], sha256: str | None = None) -> File:
        """Return a file with arbitrary hashes and terms."""
        return File(digest, tuple(terms), sha256)

    def shard(self, *files: File, proofs: bool = True) -> bytes:
        body = struct.pack("<32sQQ", TAG, 2, 0)
        for file in files:
            flags = proofs << 31 | (file.sha256 is not None) << 30
            body += struct.pack("<32sIIQ", file.digest, flags, len(file.terms), 0)
            body += b"".join(map(self.term, file.terms))
            body += bytes(48 * len(file.terms)) if proofs else b""
            body += from_text(file.sha256) + bytes(16) if file.sha256 else b""
        return body + b"\xff" * 32 + bytes(16)


@pytest.fixture(scope="session")
def write() -> Writers:
    return Writers()


@pytest.fixture
def objects(tmp_path: Path) -> ObjectStore:
    return ObjectStore(tmp_path)


@pytest.fixture
def store(tmp_path: Path, objects: ObjectStore) -> Iterator[XetStore]:
    store = XetStore(tmp_path, objects)
    yield store
    store.close()


@dataclass(frozen=True)
class Uploader:
    """Uploads xorbs and shards to a store."""

    store: XetStore
    user: str = "ann"

    def xorb(self, xorb: Xorb, session: str = "session", *, body: bytes | None = None) -> bool:
        with self.store.xorbs.receive() as spool:
            spool.write(xorb.body if body is None else body)
            return self.store.xorbs.add(spool, xorb.digest, session, self.user)

    def shard(self, shard: bytes) -> list[str]:
        with self.store.receive_shard() as spool:
            spool.write(shard)
            return self.store.add_shard(spool, self.user)


@pytest.fixture
def upload(store: XetStore) -> Uploader:
    return Uploader(store)


@pytest.fixture
def xorb(write: Writers) -> Xorb:
    return write.xorb(b"hello ", b"big ", b"wide ", b"world")
