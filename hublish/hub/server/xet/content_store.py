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
from hublish.hub.server.xet.hashing import MalformedError, Node, from_text, hash_file, to_text
from hublish.hub.server.xet.reconstruction import Reconstruction, plan
from hublish.hub.server.xet.shard_format import (
    MAX_BODY,
    MAX_CHUNKS,
    MAX_FILES,
    FileEntry,
    KnownXorb,
    read_files,
    read_terms,
    write_dedup_shard,
)
from hublish.hub.server.xet.tokens import Access, Signer
from hublish.hub.server.xet.xorb_store import Spool, XorbStore

# Chunks in a file, at most: four times the average number for a file of `MAX_FILE` bytes.
MAX_FILE_CHUNKS = 1 << 25

# Chunks and terms of a file that are free of the following limits.
_FREE = 1 << 16

# Bytes of content for each further chunk and term of a file, at least. Clients cut no chunk shorter than 8 KiB.
_CHUNK = 4 << 10
_TERM = 32 << 10

# Seconds that a client may rely on a list of known chunks; xorbs are never deleted.
DEDUP_LIFETIME = 7 * 24 * 3600

# Xorbs and shards that are processed at once.
_WORKERS = 8

# Files of a shard that are rebuilt at once: small ones mostly wait for the disk to sync.
_REBUILDERS = 4
_BATCH = 1024


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
        self._secret = secret
        self._dedup_key = _derive(secret, "dedup")
        # Checks xorbs and rebuilds files, which takes seconds, so that other calls need not wait.
        self.executor = ThreadPoolExecutor(_WORKERS, "xet")

    def close(self) -> None:
        """Wait for running work and close the database."""
        self.executor.shutdown(cancel_futures=True)  # work that has not begun is dropped: clients retry
        self._database.close()

    def identity(self, user: str) -> str:
        """Return the part of the address that is particular to this store and to one of its users.

        Not secret. Clients remember for weeks which chunks an address knows: a new store on an old port must not be
        mistaken for its predecessor, nor the chunks of one user for those of another one on the same machine.
        """
        return _derive(self._secret, f"identity 2 {user}").hex()[:16]

    def cas_path(self, user: str) -> str:
        """Return the path under which a user (empty: an anonymous caller) reaches the store."""
        return f"/xet/{self.identity(user)}"

    def write_token(self, repo: str, user: str) -> tuple[str, int]:
        """Return a token for uploads to a repository, and the second of its expiry."""
        return self.signer.issue(Access("write", repo, user))

    def xet_hash(self, sha256: str) -> str | None:
        """Return the xet hash (text form) of the content with this sha256, or None without an upload by xet."""
        digest = self._database.digest_of(sha256)
        return to_text(digest) if digest else None

    def known_file(self, xet_hash: str) -> tuple[str, int] | None:
        """Return the sha256 and the size of the file with this xet hash (text form), or None for any other text."""
        try:
            file = self._database.file(from_text(xet_hash))
        except MalformedError:
            return None
        return (file.sha256, file.size) if file else None

    def receive_shard(self) -> Spool:
        """Return a writer for a shard's body; use it in a `with` block and end with `add_shard`."""
        return Spool(self._objects.scratch, MAX_BODY)

    def add_shard(self, body: Spool, sender: str | None) -> list[str]:
        """Rebuild the plain content of the new files in a shard, and record them; return the sha256 of all files.

        The files may consist of the xorbs that `sender` has sent (None: of all xorbs).

        Raise MalformedError, and record no file, when the body is not a shard, or when a file in it cannot be
        rebuilt or has another hash than the shard declares.
        """
        if not body.size:
            raise MalformedError("shard is empty")
        body.file.flush()
        with mmap(body.file.fileno(), 0, access=ACCESS_READ) as shard:
            entries: dict[bytes, FileEntry] = {}
            for number, entry in enumerate(read_files(shard), 1):
                if number > MAX_FILES:
                    raise MalformedError(f"shard has more than {MAX_FILES} files")
                entries[entry.digest] = entry
        known: list[str] = []
        new: list[FileEntry] = []
        for entry in entries.values():
            # Known files as well: whoever cannot name the content of a file must not get access to it by its hash.
            self._check(entry, sender)
            if sha256 := self._known_sha256(entry):
                known.append(sha256)
            else:
                new.append(entry)
        with ThreadPoolExecutor(_REBUILDERS) as pool:
            records = [record for part in _batches(new) for record in pool.map(self._rebuild, part)]
        self._database.add_files(records)
        return known + [record.sha256 for record in records]

    def _known_sha256(self, entry: FileEntry) -> str | None:
        known = self._database.file(entry.digest)
        if known is None or entry.sha256 not in (known.sha256, None) or not self._objects.has(known.sha256):
            return None
        return known.sha256

    def _rebuild(self, entry: FileEntry) -> FileRecord:
        # The commit names the file by its sha256 alone, and clients without xet download the plain content.
        size = sum(term.length for term in read_terms(entry.packed_terms))
        try:
            with self._objects.incoming() as incoming:
                for chunk in self.xorbs.content(read_terms(entry.packed_terms)):
                    incoming.write(chunk)
                sha256 = incoming.seal(entry.sha256, size)
        except MismatchError as error:
            raise MalformedError(f"file {to_text(entry.digest)}: {error}") from None
        first = next(self._nodes(entry), None)
        return FileRecord(entry.digest, sha256, size, first[0] if first else None, entry.packed_terms)

    def _check(self, entry: FileEntry, sender: str | None) -> None:
        """Check terms and hash of a file without reading its content."""
        size = chunks = terms = 0
        xorbs = set()
        for term in read_terms(entry.packed_terms):
            size, chunks, terms = size + term.length, chunks + max(0, term.stop - term.start), terms + 1
            xorbs.add(term.xorb)
        # Clients cut chunks of 64 KiB on average: more of them, or shorter terms, only cost memory and time.
        most_chunks, most_terms = (min(MAX_FILE_CHUNKS, _FREE + size // least) for least in (_CHUNK, _TERM))
        if size > MAX_FILE or chunks > most_chunks or terms > most_terms:
            limits = f"{MAX_FILE} bytes, {most_chunks} chunks or {most_terms} terms"
            raise MalformedError(f"file {to_text(entry.digest)} is larger than {limits}")
        for xorb in xorbs:
            if not self.xorbs.has(xorb, sender):
                raise MalformedError(f"xorb {to_text(xorb)} is not stored here")
        actual = hash_file(self._nodes(entry))
        if actual != entry.digest:
            raise MalformedError(f"terms of file {to_text(entry.digest)} hash to {to_text(actual)}")

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

    def dedup_shard(self, chunk: bytes, sender: str | None) -> bytes | None:
        """Return a shard of the xorbs that a file with this chunk will probably need; None for an unknown chunk.

        It lists xorbs that `sender` has sent (None: all xorbs), since others would reveal the content of other users.
        """
        digests = self._needed(chunk, sender)
        if not digests:
            return None
        now = int(self._clock())
        known = self._known(digests)
        return write_dedup_shard(known, key=self._dedup_key, created=now, expires=now + DEDUP_LIFETIME)

    def _needed(self, chunk: bytes, sender: str | None) -> list[bytes]:
        for terms in self._database.latest_terms_starting_with(chunk):
            digests = list(dict.fromkeys(term.xorb for term in read_terms(terms)))
            if all(self.xorbs.has(digest, sender) for digest in digests):
                return digests
        # An interrupted upload has xorbs and no file yet; its next try must not send them again.
        return self._database.xorbs_from(chunk, sender)

    def _known(self, digests: list[bytes]) -> Iterator[KnownXorb]:
        total = 0
        for digest in digests:
            table = self.xorbs.table(digest)
            total += len(table)
            if total > MAX_CHUNKS:
                return
            yield KnownXorb(digest, table)


def _batches(entries: list[FileEntry]) -> Iterator[list[FileEntry]]:
    # An executor would take all entries at once, and keep a future for each.
    yield from (entries[at : at + _BATCH] for at in range(0, len(entries), _BATCH))


def _derive(secret: bytes, purpose: str) -> bytes:
    return hmac.digest(secret, purpose.encode(), hashlib.sha256)
