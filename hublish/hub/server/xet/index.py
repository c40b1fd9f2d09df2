"""What is known of xorbs, chunks and files: a SQLite database beside the xorbs.

SQLite gives what the store must promise: a change is there whole or not at all whenever the process dies,
and several processes on one root see each other's changes at once.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from hublish.hub.server.xet.hashing import is_sampled
from hublish.hub.server.xet.xorb import ChunkTable

_SCHEMA = """
CREATE TABLE IF NOT EXISTS xorbs (
    number INTEGER PRIMARY KEY,  -- the order of arrival
    digest BLOB NOT NULL UNIQUE,
    session TEXT NOT NULL,       -- of the client's upload that brought it
    chunks BLOB NOT NULL         -- rows of a ChunkTable
);
CREATE INDEX IF NOT EXISTS xorbs_of_session ON xorbs (session, number);
CREATE TABLE IF NOT EXISTS chunks (  -- those that clients ask for
    digest BLOB PRIMARY KEY,
    xorb BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS files (
    number INTEGER PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE,
    sha256 TEXT NOT NULL,        -- not unique: another way to cut the chunks gives another digest
    size INTEGER NOT NULL,
    first_chunk BLOB,            -- NULL for an empty file
    terms BLOB NOT NULL          -- records as in a shard
);
CREATE INDEX IF NOT EXISTS files_by_sha256 ON files (sha256, number);
CREATE INDEX IF NOT EXISTS files_by_first_chunk ON files (first_chunk, number);
"""

_WAIT = 60.0
"""Seconds to wait for another process that is writing."""


@dataclass(frozen=True, slots=True)
class FileRecord:
    """A file whose content was rebuilt and checked."""

    digest: bytes
    """Its xet hash."""
    sha256: str
    size: int
    first_chunk: bytes | None
    packed_terms: bytes


class Index:
    """The database; safe for many threads and processes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._idle: SimpleQueue[sqlite3.Connection] = SimpleQueue()
        with self._connection() as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the connections that are not in use."""
        while True:
            try:
                self._idle.get_nowait().close()
            except Empty:
                return

    def add_xorb(self, digest: bytes, session: str, table: ChunkTable) -> bool:
        """Record a xorb that is on disk; tell whether it is new."""
        sampled = {table.digest(0)} | {chunk for chunk, _ in table.nodes(0, len(table)) if is_sampled(chunk)}
        with self._transaction() as connection:
            added = connection.execute(
                "INSERT OR IGNORE INTO xorbs (digest, session, chunks) VALUES (?, ?, ?)",
                (digest, session, table.rows),
            )
            connection.executemany("INSERT OR IGNORE INTO chunks VALUES (?, ?)", [(chunk, digest) for chunk in sampled])
            return added.rowcount == 1

    def has_xorb(self, digest: bytes) -> bool:
        """Tell whether a xorb is recorded."""
        return self._row("SELECT 1 FROM xorbs WHERE digest = ?", digest) is not None

    def chunk_table(self, xorb: bytes) -> ChunkTable | None:
        """Return where the chunks of a xorb lie, or None where it is not recorded."""
        row = self._row("SELECT chunks FROM xorbs WHERE digest = ?", xorb)
        return ChunkTable(row[0]) if row else None

    def add_files(self, files: Iterable[FileRecord]) -> None:
        """Record files, all or none; those that are known are left as they are."""
        rows = [(file.digest, file.sha256, file.size, file.first_chunk, file.packed_terms) for file in files]
        with self._transaction() as connection:
            connection.executemany(
                "INSERT OR IGNORE INTO files (digest, sha256, size, first_chunk, terms) VALUES (?, ?, ?, ?, ?)",
                rows,
            )

    def file(self, digest: bytes) -> FileRecord | None:
        """Return the file with this xet hash."""
        row = self._row("SELECT digest, sha256, size, first_chunk, terms FROM files WHERE digest = ?", digest)
        return FileRecord(*row) if row else None

    def digest_of(self, sha256: str) -> bytes | None:
        """Return the xet hash of the file with this sha256, the same one whenever it is asked."""
        row = self._row("SELECT digest FROM files WHERE sha256 = ? ORDER BY number LIMIT 1", sha256)
        return bytes(row[0]) if row else None

    def latest_terms_starting_with(self, chunk: bytes) -> bytes | None:
        """Return the terms of the newest file whose first chunk is `chunk`."""
        row = self._row("SELECT terms FROM files WHERE first_chunk = ? ORDER BY number DESC LIMIT 1", chunk)
        return bytes(row[0]) if row else None

    def xorbs_from(self, chunk: bytes) -> list[bytes]:
        """Return the xorb that holds a sampled chunk, and those its session brought after it."""
        with self._connection() as connection:
            rows = connection.execute(
                "SELECT later.digest FROM chunks"
                " JOIN xorbs AS holder ON holder.digest = chunks.xorb"
                " JOIN xorbs AS later ON later.session = holder.session AND later.number >= holder.number"
                " WHERE chunks.digest = ? ORDER BY later.number",
                (chunk,),
            )
            return [bytes(row[0]) for row in rows]

    def _row(self, query: str, key: bytes | str) -> tuple[Any, ...] | None:
        with self._connection() as connection:
            row: tuple[Any, ...] | None = connection.execute(query, (key,)).fetchone()
            return row

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._connection() as connection, connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """Lend an idle connection, or a new one."""
        try:
            connection = self._idle.get_nowait()
        except Empty:
            connection = self._connect()
        try:
            yield connection
        finally:
            self._idle.put(connection)

    def _connect(self) -> sqlite3.Connection:
        # Threads take turns with a connection, which SQLite allows; Python's check would forbid it.
        connection = sqlite3.connect(self._path, timeout=_WAIT, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA synchronous=FULL")
        return connection
