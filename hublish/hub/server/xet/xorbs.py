"""Xorbs on disk, by their hash; one that is there was decoded and hashed, and is right."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice
from pathlib import Path

from hublish.hub.server.xet.errors import MalformedError
from hublish.hub.server.xet.hashing import hash_xorb, to_text
from hublish.hub.server.xet.index import Index
from hublish.hub.server.xet.shard import Term
from hublish.hub.server.xet.spool import Spool
from hublish.hub.server.xet.xorb import MAX_BODY, ChunkTable, read_chunks

_BUFFER = 1 << 20
"""Bytes read from a xorb at once, at most."""


class XorbStore:
    """Files under `folder/ab/<hash>`, recorded in an index.

    Safe for many threads and processes: a xorb appears by a rename and then in the index, and two writers
    of the same one write chunks with the same content.
    """

    def __init__(self, folder: Path, scratch: Path, index: Index) -> None:
        self._folder = folder
        self._scratch = scratch
        self._index = index
        # Chunk tables never change, so keeping some cannot make them stale.
        self.table = lru_cache(maxsize=32)(self._table)

    def _table(self, digest: bytes) -> ChunkTable:
        """Return the chunk table of a stored xorb.

        Raises:
            MalformedError: There is no such xorb.
        """
        table = self._index.chunk_table(digest)
        if table is None:
            msg = f"xorb {to_text(digest)} is not stored here"
            raise MalformedError(msg)
        return table

    def path(self, digest: bytes) -> Path:
        """Return where the xorb lies, or would lie."""
        text = to_text(digest)
        return self._folder / text[:2] / text

    def has(self, digest: bytes) -> bool:
        """Tell whether the xorb is stored."""
        return self._index.has_xorb(digest)

    def receive(self) -> Spool:
        """Open a place for a xorb's body; use it in a `with` block and end with `add`."""
        return Spool(self._scratch, MAX_BODY)

    def add(self, body: Spool, digest: bytes, session: str) -> bool:
        """Store a body that was received as the xorb with this hash; tell whether it is new.

        Args:
            body: What `receive` gave, filled.
            digest: The hash the client gave.
            session: Of the upload; one upload's xorbs are told of together.

        Raises:
            MalformedError: The body is not a xorb, or not this one. Nothing is stored.
        """
        body.file.seek(0)
        table = ChunkTable.of(body.file)
        actual = hash_xorb(table.nodes(0, len(table)))
        if actual != digest:
            msg = f"xorb hashes to {to_text(actual)}, not to {to_text(digest)}"
            raise MalformedError(msg)
        body.keep(self.path(digest), table.stored_offset(len(table)))
        return self._index.add_xorb(digest, session or to_text(digest), table)

    def content(self, terms: Iterable[Term]) -> Iterator[bytes]:
        """Give the plain content of terms, chunk by chunk; they must lie within their xorbs."""
        for term in terms:
            table = self.table(term.xorb)
            start, stop = table.stored_offset(term.start), table.stored_offset(term.stop)
            with self.path(term.xorb).open("rb", buffering=min(_BUFFER, stop - start)) as file:
                file.seek(start)
                for chunk in islice(read_chunks(file), term.stop - term.start):
                    yield chunk.decode()
