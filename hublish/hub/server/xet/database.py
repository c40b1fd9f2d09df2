"""The known xorbs, chunks and files: a SQLite database beside the xorbs.

SQLite gives the guarantees that the store needs: a change is there completely or not at all whenever the process
dies, and several processes on one root see each other's changes at once.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import astuple, dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from hublish.hub.server.xet.hashing import is_sampled
from hublish.hub.server.xet.xorb_format import ChunkTable

_SCHEMA = """
CREATE TABLE IF NOT EXISTS xorbs (
    number INTEGER PRIMARY KEY,  -- the order of arrival
    digest BLOB NOT NULL UNIQUE,
    session TEXT NOT NULL,       -- of the client's upload that brought it
    chunks BLOB NOT NULL         -- rows of a ChunkTable
);
CREATE INDEX IF NOT EXISTS xorbs_of_session ON xorbs (session, number);
CREATE TABLE IF NOT EXISTS holders (  -- xorbs of the chunks that clients query
    chunk BLOB NOT NULL,
    xorb BLOB NOT NULL,
    PRIMARY KEY (chunk, xorb)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS senders (  -- users who have the content of a xorb
    xorb BLOB NOT NULL,
    user TEXT NOT NULL,
    PRIMARY KEY (xorb, user)
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

# Version 0 kept one xorb for each chunk.
_VERSION = 1

# Newest files with one first chunk that are considered for an answer.
_CANDIDATES = 8

# Seconds to wait for another process that is writing.
_WAIT = 60.0


@dataclass(frozen=True, slots=True)
class FileRecord:
    """A file whose content was rebuilt and checked."""

    digest: bytes  # its xet hash
    sha256: str
    size: int
    first_chunk: bytes | None
    packed_terms: bytes


class Database:
    """The database; safe for many threads and processes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._idle: SimpleQueue[sqlite3.Connection] = SimpleQueue()
        with self._connection() as connection:
            # With a write-ahead log, readers do not wait for a writer.
            connection.execute("PRAGMA journal_mode=WAL")
        # In one transaction, whose end alone waits for the disk: every hub begins here.
        with self._transaction() as connection:
            for statement in _SCHEMA.split(";\n"):
                connection.execute(statement)
            if connection.execute("PRAGMA user_version").fetchone()[0] < _VERSION:
                if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'chunks'").fetchone():
                    connection.execute("INSERT OR IGNORE INTO holders SELECT digest, xorb FROM chunks")
                connection.execute(f"PRAGMA user_version = {_VERSION}")

    def close(self) -> None:
        """Close the idle connections."""
        with suppress(Empty):
            while True:
                self._idle.get_nowait().close()

    def add_xorb(self, digest: bytes, session: str, table: ChunkTable) -> None:
        """Record a xorb that is on disk."""
        # Clients query the first chunk of a file, and sampled chunks anywhere in it.
        queried = {table.digest(0)} | {chunk for chunk, _ in table.nodes(0, len(table)) if is_sampled(chunk)}
        with self._transaction() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO xorbs (digest, session, chunks) VALUES (?, ?, ?)", (digest, session, table.rows)
            )
            rows = [(chunk, digest) for chunk in queried]
            connection.executemany("INSERT OR IGNORE INTO holders VALUES (?, ?)", rows)

    def add_sender(self, xorb: bytes, user: str) -> bool:
        """Record that a user has sent a xorb; return whether that is new."""
        with self._transaction() as connection:
            return connection.execute("INSERT OR IGNORE INTO senders VALUES (?, ?)", (xorb, user)).rowcount == 1

    def has_xorb(self, digest: bytes, sender: str | None = None) -> bool:
        """Return whether a xorb is recorded, with `sender` as one that this user sent."""
        if sender is None:
            return self._row("SELECT 1 FROM xorbs WHERE digest = ?", digest) is not None
        return self._row("SELECT 1 FROM senders WHERE xorb = ? AND user = ?", digest, sender) is not None

    def chunk_table(self, xorb: bytes) -> ChunkTable | None:
        """Return the chunk table of a xorb, or None when it is not recorded."""
        row = self._row("SELECT chunks FROM xorbs WHERE digest = ?", xorb)
        return ChunkTable(row[0]) if row else None

    def add_files(self, files: Iterable[FileRecord]) -> None:
        """Record files, all or none; known files stay as they are."""
        rows = [astuple(file) for file in files]  # before the transaction: this waits for the files to be rebuilt
        with self._transaction() as connection:
            connection.executemany(
                "INSERT OR IGNORE INTO files (digest, sha256, size, first_chunk, terms) VALUES (?, ?, ?, ?, ?)", rows
            )

    def file(self, digest: bytes) -> FileRecord | None:
        """Return the file with this xet hash."""
        row = self._row("SELECT digest, sha256, size, first_chunk, terms FROM files WHERE digest = ?", digest)
        return FileRecord(*row) if row else None

    def digest_of(self, sha256: str) -> bytes | None:
        """Return the xet hash of the file with this sha256, the same one on every call."""
        row = self._row("SELECT digest FROM files WHERE sha256 = ? ORDER BY number LIMIT 1", sha256)
        return bytes(row[0]) if row else None

    def latest_terms_starting_with(self, chunk: bytes) -> list[bytes]:
        """Return the terms of the newest files whose first chunk is `chunk`, the newest first."""
        query = "SELECT terms FROM files WHERE first_chunk = ? ORDER BY number DESC LIMIT ?"
        return [bytes(row[0]) for row in self._rows(query, chunk, _CANDIDATES)]

    def xorbs_from(self, chunk: bytes, sender: str | None) -> list[bytes]:
        """Return a xorb with a queried chunk, and the xorbs that its session brought afterwards.

        With `sender`, all of them are xorbs that this user sent.
        """
        rows = self._rows(
            "SELECT later.digest FROM xorbs AS later JOIN ("
            " SELECT session, number FROM holders JOIN xorbs ON digest = xorb"
            " WHERE chunk = ? AND (? IS NULL OR EXISTS (SELECT 1 FROM senders WHERE xorb = digest AND user = ?))"
            " ORDER BY number LIMIT 1"
            ") AS holder ON later.session = holder.session AND later.number >= holder.number"
            " WHERE ? IS NULL OR EXISTS (SELECT 1 FROM senders WHERE xorb = later.digest AND user = ?)"
            " ORDER BY later.number",
            *(chunk, sender, sender, sender, sender),
        )
        return [bytes(row[0]) for row in rows]

    def _row(self, query: str, *values: bytes | str | None) -> tuple[Any, ...] | None:
        with self._connection() as connection:
            row: tuple[Any, ...] | None = connection.execute(query, values).fetchone()
            return row

    def _rows(self, query: str, *values: bytes | str | int | None) -> list[tuple[Any, ...]]:
        with self._connection() as connection:
            return connection.execute(query, values).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._connection() as connection, connection:
            # Takes the write lock at once: an upgrade of a read lock fails when another process wrote meanwhile.
            connection.execute("BEGIN IMMEDIATE")
            yield connection

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """Lend an idle connection, or a new one."""
        try:
            connection = self._idle.get_nowait()
        except Empty:
            # Threads use a connection one after the other, which SQLite allows; Python's check would forbid it.
            connection = sqlite3.connect(self._path, timeout=_WAIT, isolation_level=None, check_same_thread=False)
            connection.execute("PRAGMA synchronous=FULL")
        try:
            yield connection
        finally:
            self._idle.put(connection)
