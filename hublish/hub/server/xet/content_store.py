"""The content store: takes xorbs and shards, and rebuilds the plain content of files by sha256."""

import hashlib
import hmac
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from mmap import ACCESS_READ, mmap
from pathlib import Path

from hublish.hub.server.durable_files import locked, shared_secret
from hublish.hub.server.objects import MAX_FILE, MismatchError, ObjectStore
from hublish.hub.server.xet.database import Database, FileRecord
from hublish.hub.server.xet.hashing import MalformedError, Node, hash_file, to_text
from hublish.hub.server.xet.reconstruction import Reconstruction, plan
from hublish.hub.server.xet.shard_format import (
    MAX_BODY,
    MAX_CHUNKS,
    FileEntry,
    KnownXorb,
    read_files,
    read_terms,
    write_dedup_shard,
)
from hublish.hub.server.xet.tokens import Signer
from hublish.hub.server.xet.xorb_store import Spool, XorbStore

# Chunks in a file, at most: four times the average number for a file of `MAX_FILE` bytes.
MAX_FILE_CHUNKS = 1 << 25

# Seconds that a client may rely on a list of known chunks; xorbs are never deleted.
DEDUP_LIFETIME = 7 * 24 * 3600

# Xorbs and shards that are processed at once.
_WORKERS = 8

# Files of a shard that are rebuilt at once: small ones mostly wait for the disk to sync.
_REBUILDERS = 4


class XetStore:
    """All xet data under `root/xet`, and the plain content in `objects`.

    No changeable state is kept in memory, so several processes may serve one root.
    """

    def __init__(self, root: Path, objects: ObjectStore, clock: Callable[[], float] = time.time) -> None:
        folder = root / "xet"
        self._objects = objects
        self._clock = clock
        secret = shared_secret(folder / "secret", lock=folder / "lock", scratch=objects.scratch)
        with locked(folder / "lock"):
            self._database = Database(folder / "index.sqlite")
        self.xorbs = XorbStore(folder / "xorbs", objects.scratch, self._database)
        self.signer = Signer(_derive(secret, "signer"), clock)
        # Not secret. Clients remember for weeks which chunks an address knows; with the identity in the address, a new
        # store on an old port is not mistaken for its predecessor.
        self.identity = _derive(secret, "identity").hex()[:16]
        self._dedup_key = _derive(secret, "dedup")
        # Checks xorbs and rebuilds files, which takes seconds, so that other calls need not wait.
        self.executor = ThreadPoolExecutor(_WORKERS, "xet")

    def close(self) -> None:
        """Wait for running work and close the database."""
        self.executor.shutdown(cancel_futures=True)  # work that has not begun is dropped: clients retry
        self._database.close()

    def xet_hash(self, sha256: str) -> str | None:
        """Return the xet hash (text form) of the content with this sha256, or None without an upload by xet."""
        digest = self._database.digest_of(sha256)
        return to_text(digest) if digest else None

    def receive_shard(self) -> Spool:
        """Return a writer for a shard's body; use it in a `with` block and end with `add_shard`."""
        return Spool(self._objects.scratch, MAX_BODY)

    def add_shard(self, body: Spool) -> bool:
        """Rebuild the plain content of all files in a shard, and record them; return whether any was new.

        Raise MalformedError, and record no file, when the body is not a shard, or when a file in it cannot be
        rebuilt or has another hash than the shard declares.
        """
        if not body.size:
            raise MalformedError("shard is empty")
        body.file.flush()
        with mmap(body.file.fileno(), 0, access=ACCESS_READ) as shard:
            new = [entry for entry in read_files(shard) if not self._is_known(entry)]
        with ThreadPoolExecutor(_REBUILDERS) as pool:
            self._database.add_files(pool.map(self._rebuild, new))
        return bool(new)

    def _is_known(self, entry: FileEntry) -> bool:
        known = self._database.file(entry.digest)
        return known is not None and entry.sha256 in (known.sha256, None) and self._objects.has(known.sha256)

    def _rebuild(self, entry: FileEntry) -> FileRecord:
        # The commit names the file by its sha256 alone, and clients without xet download the plain content.
        size = self._check(entry)
        try:
            with self._objects.incoming() as incoming:
                for chunk in self.xorbs.content(read_terms(entry.packed_terms)):
                    incoming.write(chunk)
                sha256 = incoming.seal(entry.sha256, size)
        except MismatchError as error:
            raise MalformedError(f"file {to_text(entry.digest)}: {error}") from None
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
            raise MalformedError(f"terms of file {to_text(entry.digest)} hash to {to_text(actual)}")
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
        return self._database.file(digest)

    def plan(self, file: FileRecord, start: int, stop: int) -> Reconstruction:
        """Plan how to fetch and assemble the bytes from `start` up to `stop` of a file."""
        return plan(read_terms(file.packed_terms), start, stop, self.xorbs.table)

    def dedup_shard(self, chunk: bytes) -> bytes | None:
        """Return a shard of the xorbs that a file with this chunk will probably need; None for an unknown chunk."""
        terms = self._database.latest_terms_starting_with(chunk)
        # An interrupted upload has xorbs and no file yet; its next try must not send them again.
        if terms is None:
            digests = self._database.xorbs_from(chunk)
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


def _derive(secret: bytes, purpose: str) -> bytes:
    return hmac.digest(secret, purpose.encode(), hashlib.sha256)
