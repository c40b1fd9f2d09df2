"""Xorbs on disk, by their hash; every stored xorb was decoded and hashed before."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice
from pathlib import Path

from hublish.hub.server.durable_files import IncomingFile, locked
from hublish.hub.server.xet.database import Database
from hublish.hub.server.xet.hashing import MalformedError, hash_xorb, to_text
from hublish.hub.server.xet.shard_format import Term
from hublish.hub.server.xet.xorb_format import MAX_BODY, ChunkTable, read_chunks

# Bytes read from a xorb at once, at most.
_BUFFER = 1 << 20


class Spool(IncomingFile):
    """A request body on disk, while it arrives and is checked."""

    def __init__(self, scratch: Path, limit: int) -> None:
        super().__init__(scratch)
        self._limit = limit

    def write(self, data: bytes | memoryview) -> None:
        """Append `data`; raise MalformedError when the body becomes larger than any valid one."""
        super().write(data)
        if self.size > self._limit:
            raise MalformedError(f"body is larger than {self._limit} bytes")


class XorbStore:
    """Files under `folder/ab/<hash>`, recorded in the database.

    Safe for many threads and processes: a xorb appears by a rename and then in the database, and never changes.
    """

    def __init__(self, folder: Path, scratch: Path, database: Database) -> None:
        self._folder = folder
        self._scratch = scratch
        self._database = database
        # Chunk tables never change, so a cached one cannot be stale.
        self.table = lru_cache(maxsize=32)(self._table)

    def _table(self, digest: bytes) -> ChunkTable:
        """Return the chunk table of a stored xorb; raise MalformedError for any other."""
        table = self._database.chunk_table(digest)
        if table is None:
            raise MalformedError(f"xorb {to_text(digest)} is not stored here")
        return table

    def path(self, digest: bytes) -> Path:
        """Return the path of the xorb, stored or not."""
        text = to_text(digest)
        return self._folder / text[:2] / text

    def has(self, digest: bytes, sender: str | None) -> bool:
        """Return whether the xorb is stored and this user (None: any) has sent it."""
        return self._database.has_xorb(digest, sender)

    def receive(self) -> Spool:
        """Return a writer for a xorb's body; use it in a `with` block and end with `add`."""
        return Spool(self._scratch, MAX_BODY)

    def add(self, body: Spool, digest: bytes, session: str, user: str) -> bool:
        """Store a body that a user sent as the xorb with their `digest`; return whether it is new from this user.

        Raise MalformedError, and store nothing, when the body is not a xorb or has another hash.
        """
        # Checked even if the xorb is known: only the user who has its content may refer to it.
        body.file.seek(0)
        table = ChunkTable.of(body.file)
        actual = hash_xorb(table.nodes(0, len(table)))
        if actual != digest:
            raise MalformedError(f"xorb hashes to {to_text(actual)}, not to {to_text(digest)}")
        body.file.truncate(table.stored_offset(len(table)))  # without the footer
        text = to_text(digest)
        # A chunk can be compressed in several ways: the file and the offsets of its chunks must be of one writer.
        with locked(self._folder.with_name("locks") / text[:2]):
            if not self._database.has_xorb(digest):
                body.keep(self.path(digest))
                # The xorbs of one upload session are reported together to later clients.
                self._database.add_xorb(digest, session or text, table)
        return self._database.add_sender(digest, user)

    def content(self, terms: Iterable[Term]) -> Iterator[bytes]:
        """Yield the plain content of terms, chunk by chunk; they must be within their xorbs."""
        for term in terms:
            table = self.table(term.xorb)
            start, stop = table.stored_offset(term.start), table.stored_offset(term.stop)
            with self.path(term.xorb).open("rb", buffering=min(_BUFFER, stop - start)) as file:
                file.seek(start)
                for chunk in islice(read_chunks(file), term.stop - term.start):
                    yield chunk.decode()
