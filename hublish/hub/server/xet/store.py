"""The content store: takes xorbs and shards, and rebuilds the plain content of files by sha256."""

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from mmap import ACCESS_READ, mmap
from pathlib import Path

from hublish.hub.server.files import locked, write_atomically
from hublish.hub.server.objects import MismatchError, ObjectStore
from hublish.hub.server.xet.dedup import MAX_CHUNKS, KnownXorb, write_dedup_shard
from hublish.hub.server.xet.errors import MalformedError
from hublish.hub.server.xet.hashing import Node, hash_file, to_text
from hublish.hub.server.xet.index import FileRecord, Index
from hublish.hub.server.xet.reconstruction import Reconstruction, plan
from hublish.hub.server.xet.shard import MAX_BODY, FileEntry, read_files, read_terms
from hublish.hub.server.xet.spool import Spool
from hublish.hub.server.xet.tokens import Signer
from hublish.hub.server.xet.xorbs import XorbStore

MAX_FILE = 500 * 10**9
"""Bytes in a file, at most: the Hub's hard limit."""

MAX_FILE_CHUNKS = 1 << 25
"""Chunks in a file, at most: four times what a file of `MAX_FILE` bytes has on average."""

DEDUP_LIFETIME = 7 * 24 * 3600
"""Seconds a client may rely on an answer about known chunks; xorbs are never deleted."""

_WORKERS = 8
"""Xorbs and shards that are worked on at once."""

_REBUILDERS = 4
"""Files of a shard that are rebuilt at once: small ones mostly wait for the disk to sync."""


class XetStore:
    """Everything xet under `root/xet`, and the plain content in `objects`.

    Nothing that can change is kept in memory, so several processes may serve one root.

    Attributes:
        signer: Issues and checks access tokens and signed addresses.
        executor: Runs what takes seconds, checking xorbs and rebuilding files, so that nothing else waits.
        identity: Names this store, and is not secret. Clients remember which chunks an address knows;
            with it in the address, a new store on an old port is not taken for its predecessor.
    """

    def __init__(self, root: Path, objects: ObjectStore, clock: Callable[[], float] = time.time) -> None:
        folder = root / "xet"
        self._objects = objects
        self._clock = clock
        with locked(folder / "lock"):
            secret = _read_or_make_secret(folder / "secret", objects.scratch)
            self._index = Index(folder / "index.sqlite")
        self.xorbs = XorbStore(folder / "xorbs", objects.scratch, self._index)
        self.signer = Signer(_derive(secret, "signer"), clock)
        self.identity = _derive(secret, "identity").hex()[:16]
        self._dedup_key = _derive(secret, "dedup")
        self.executor = ThreadPoolExecutor(_WORKERS, "xet")

    def close(self) -> None:
        """Wait for what is under way and release the index."""
        self.executor.shutdown(cancel_futures=True)
        self._index.close()

    def xet_hash(self, sha256: str) -> str | None:
        """Return the xet hash (text form) of the content with this sha256, or None if it did not come by xet."""
        digest = self._index.digest_of(sha256)
        return to_text(digest) if digest else None

    def receive_shard(self) -> Spool:
        """Open a place for a shard's body; use it in a `with` block and end with `add_shard`."""
        return Spool(self._objects.scratch, MAX_BODY)

    def add_shard(self, body: Spool) -> bool:
        """Rebuild the plain content of all files in a shard, and record them; tell whether any was new.

        Raises:
            MalformedError: It is not a shard, or a file in it cannot be rebuilt, or is not what the shard says
                it is. No file of it is recorded.
        """
        with _mapped(body) as shard:
            new = [entry for entry in read_files(shard) if not self._is_known(entry)]
        with ThreadPoolExecutor(_REBUILDERS) as pool:
            self._index.add_files(pool.map(self._rebuild, new))
        return bool(new)

    def _is_known(self, entry: FileEntry) -> bool:
        known = self._index.file(entry.digest)
        return known is not None and entry.sha256 in (known.sha256, None) and self._objects.has(known.sha256)

    def _rebuild(self, entry: FileEntry) -> FileRecord:
        size = self._check(entry)
        try:
            with self._objects.incoming() as incoming:
                for chunk in self.xorbs.content(read_terms(entry.packed_terms)):
                    incoming.write(chunk)
                sha256 = incoming.seal(entry.sha256, size)
        except MismatchError as error:
            msg = f"file {to_text(entry.digest)}: {error}"
            raise MalformedError(msg) from None
        first = next(self._nodes(entry), None)
        return FileRecord(entry.digest, sha256, size, first[0] if first else None, entry.packed_terms)

    def _check(self, entry: FileEntry) -> int:
        """Check terms and hash of a file without reading its content; return its size in bytes."""
        size = sum(term.length for term in read_terms(entry.packed_terms))
        chunks = sum(max(0, term.stop - term.start) for term in read_terms(entry.packed_terms))
        if size > MAX_FILE or chunks > MAX_FILE_CHUNKS:
            msg = f"file {to_text(entry.digest)} is larger than {MAX_FILE} bytes or {MAX_FILE_CHUNKS} chunks"
            raise MalformedError(msg)
        actual = hash_file(self._nodes(entry))
        if actual != entry.digest:
            msg = f"terms of file {to_text(entry.digest)} hash to {to_text(actual)}"
            raise MalformedError(msg)
        return size

    def _nodes(self, entry: FileEntry) -> Iterator[Node]:
        for term in read_terms(entry.packed_terms):
            table = self.xorbs.table(term.xorb)
            if not term.start < term.stop <= len(table) or term.length != table.plain_length(term.start, term.stop):
                msg = f"chunks {term.start} to {term.stop} of xorb {to_text(term.xorb)} are not {term.length} bytes"
                raise MalformedError(msg)
            yield from table.nodes(term.start, term.stop)

    def file(self, digest: bytes) -> FileRecord | None:
        """Return the file with this xet hash."""
        return self._index.file(digest)

    def plan(self, file: FileRecord, start: int, stop: int) -> Reconstruction:
        """Plan how to fetch and put together the bytes from `start` up to `stop` of a file."""
        return plan(read_terms(file.packed_terms), start, stop, self.xorbs.table)

    def dedup_shard(self, chunk: bytes) -> bytes | None:
        """Return a shard of the xorbs that a file with this chunk will probably need; None if it is unknown."""
        terms = self._index.latest_terms_starting_with(chunk)
        if terms is None:
            digests = self._index.xorbs_from(chunk)
        else:
            digests = list(dict.fromkeys(term.xorb for term in read_terms(terms)))
        if not digests:
            return None
        now = int(self._clock())
        known = self._known(digests)
        return write_dedup_shard(known, key=self._dedup_key, created=now, expires=now + DEDUP_LIFETIME)

    def _known(self, digests: list[bytes]) -> Iterator[KnownXorb]:
        total = 0
        for digest in digests:
            table = self.xorbs.table(digest)
            total += len(table)
            if total > MAX_CHUNKS:
                return
            yield KnownXorb(digest, table)


def _mapped(body: Spool) -> mmap:
    body.file.flush()
    if not body.size:
        msg = "shard is empty"
        raise MalformedError(msg)
    return mmap(body.file.fileno(), 0, access=ACCESS_READ)


def _read_or_make_secret(path: Path, scratch: Path) -> bytes:
    if not path.exists():
        write_atomically(path, secrets.token_bytes(32), scratch=scratch, mode=0o600)
    return path.read_bytes()


def _derive(secret: bytes, purpose: str) -> bytes:
    return hmac.digest(secret, purpose.encode(), hashlib.sha256)
