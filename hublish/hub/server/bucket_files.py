"""The files of a bucket: a SQLite database in its folder, of paths and what they refer to.

SQLite gives the guarantees that a bucket needs: a change is there completely or not at all whenever the process dies,
and pages of a listing cost as much as their entries, however many files there are. Content is stored by sha256, as that
of large files in repositories. Callers that change a bucket hold its lock; a rename of the folder holds it as well.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path

from hublish.hub.server.refusals import repo_not_found

_SCHEMA = """
CREATE TABLE files (
    path TEXT PRIMARY KEY,
    xet_hash TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    size INTEGER NOT NULL,
    mtime INTEGER NOT NULL,       -- milliseconds, of the sender's file
    uploaded INTEGER NOT NULL,    -- milliseconds
    content_type TEXT
) WITHOUT ROWID;
CREATE INDEX files_by_sha256 ON files (sha256);
CREATE INDEX files_by_xet_hash ON files (xet_hash);
CREATE TABLE folders (            -- times alone; a folder exists while a file is in it
    path TEXT PRIMARY KEY,
    uploaded INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE totals (files INTEGER NOT NULL, size INTEGER NOT NULL);
INSERT INTO totals VALUES (0, 0);
CREATE TRIGGER added AFTER INSERT ON files BEGIN
    UPDATE totals SET files = files + 1, size = size + new.size;
END;
CREATE TRIGGER removed AFTER DELETE ON files BEGIN
    UPDATE totals SET files = files - 1, size = size - old.size;
END;
"""

# Seconds to wait for another process that is writing.
_WAIT = 60.0

_COLUMNS = "path, xet_hash, sha256, size, mtime, uploaded, content_type"


@dataclass(frozen=True, slots=True)
class BucketFile:
    """A file of a bucket."""

    path: str
    xet_hash: str
    sha256: str
    size: int
    mtime: int
    uploaded: int
    content_type: str | None = None


@dataclass(frozen=True, slots=True)
class BucketFolder:
    """A folder in a listing."""

    path: str
    uploaded: int  # milliseconds, of the last upload into it


class BucketFiles:
    """The files of one bucket, for one call; use `opened`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def get(self, path: str) -> BucketFile | None:
        """Return the file at a path, or None."""
        row = self._connection.execute(f"SELECT {_COLUMNS} FROM files WHERE path = ?", (path,)).fetchone()  # noqa: S608 - constant
        return BucketFile(*row) if row else None

    def with_xet_hash(self, xet_hash: str) -> BucketFile | None:
        """Return a file with this xet hash, or None."""
        query = f"SELECT {_COLUMNS} FROM files WHERE xet_hash = ? LIMIT 1"  # noqa: S608 - constant
        row = self._connection.execute(query, (xet_hash,)).fetchone()
        return BucketFile(*row) if row else None

    def has_content(self, sha256: str) -> bool:
        """Return whether a file has this content."""
        query = "SELECT 1 FROM files WHERE sha256 = ? LIMIT 1"
        return self._connection.execute(query, (sha256,)).fetchone() is not None

    def totals(self) -> tuple[int, int]:
        """Return the number of files and of their bytes."""
        files, size = self._connection.execute("SELECT files, size FROM totals").fetchone()
        return int(files), int(size)

    def put(self, file: BucketFile) -> None:
        """Add or replace a file."""
        self.remove(file.path)
        self._connection.execute("INSERT INTO files VALUES (?, ?, ?, ?, ?, ?, ?)", astuple(file))
        parents = [(path, file.uploaded) for path in _parents(file.path)]
        self._connection.executemany("INSERT OR REPLACE INTO folders VALUES (?, ?)", parents)

    def remove(self, path: str) -> None:
        """Remove a file, if it exists."""
        self._connection.execute("DELETE FROM files WHERE path = ?", (path,))

    def collides(self, path: str) -> bool:
        """Return whether `path` would be a folder as well, or something above it a file."""
        if next(self._from(f"{path}/", f"{path}0"), None):
            return True
        return any(self.get(parent) for parent in _parents(path))

    def walk(self, prefix: str, after: str = "") -> Iterator[BucketFile]:
        """Yield the files whose path begins with `prefix` and follows `after`, by path."""
        for file in self._from(max(prefix, f"{after}\0" if after else "")):
            if not file.path.startswith(prefix):
                return
            yield file

    def children(self, prefix: str, after: str = "") -> Iterator[BucketFile | BucketFolder]:
        """Yield files and folders one level below `prefix`, or beside it when it is the beginning of a name."""
        # The end of a folder's paths: "0" follows "/".
        start = max(prefix, f"{after[:-1]}0" if after.endswith("/") else f"{after}\0" if after else "")
        while file := next(self._from(start), None):
            if not file.path.startswith(prefix):
                return
            # `logs` lists what is in logs/, and logs.json and logs_old/.
            end = file.path.find("/", len(prefix) + 1)
            if end < 0:
                yield file
                start = f"{file.path}\0"
            else:
                yield self._folder(file.path[:end])
                start = f"{file.path[:end]}0"

    def _folder(self, path: str) -> BucketFolder:
        row = self._connection.execute("SELECT uploaded FROM folders WHERE path = ?", (path,)).fetchone()
        return BucketFolder(path, row[0])

    def _from(self, start: str, stop: str | None = None) -> Iterator[BucketFile]:
        # SQLite compares the bytes of UTF-8, which have the order of Python's strings.
        query = f"SELECT {_COLUMNS} FROM files WHERE path >= ? AND (? IS NULL OR path < ?) ORDER BY path"  # noqa: S608 - constant
        return (BucketFile(*row) for row in self._connection.execute(query, (start, stop, stop)))


def _parents(path: str) -> Iterator[str]:
    while path := path.rpartition("/")[0]:
        yield path


def create(folder: Path) -> None:
    """Create the database of an empty bucket in its folder."""
    (folder / "hub").mkdir(exist_ok=True)
    with closing(sqlite3.connect(_path(folder))) as connection:
        connection.executescript(f"BEGIN; {_SCHEMA} COMMIT;")


@contextmanager
def opened(folder: Path, *, to_write: bool = False) -> Iterator[BucketFiles]:
    """Open the files of a bucket, `to_write` as a transaction; raise 404 when the bucket does not exist."""
    # Never created: a bucket that was deleted meanwhile must not leave a file behind. No write-ahead log: its shared
    # memory would not survive that the folder is renamed.
    try:
        connection = sqlite3.connect(f"{_path(folder).as_uri()}?mode=rw", _WAIT, isolation_level=None, uri=True)
    except sqlite3.OperationalError:
        raise repo_not_found() from None
    with closing(connection):
        # Readers too: all queries of a call see one state.
        connection.execute("BEGIN IMMEDIATE" if to_write else "BEGIN")
        with connection:
            yield BucketFiles(connection)


def _path(folder: Path) -> Path:
    return folder / "hub" / "files.sqlite"
