"""Remember the fingerprints of files across runs, so that an unchanged tree costs its `stat` calls alone.

One SQLite file, shared by all processes of a user, is only a memory. When it is damaged, locked, full or not writable,
files are read as if it did not exist; a damaged one is replaced. An entry counts when all of this holds:

* Path, device, inode, size, mtime and ctime of the file are the recorded ones, and so is the version of the audit's
  rules. They are the entry's key. No program can set ctime back after a write. The path is in the key because some
  network file systems give the inode of a file that is gone to another one.
* When the file was read, its last change was older than a tick of the file system's clock. A second write within the
  tick of the first would not change the times; git has the same rule for entries of its index that are "racily clean".
* The clock has not been set back since: a later change could then get the recorded time.
* The checksum of the entry is right, so that a flipped bit in the file never becomes a digest.
"""

import hashlib
import json
import os
import sqlite3
import stat
import struct
import time
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from functools import cache
from itertools import islice, repeat
from pathlib import Path
from typing import Final, NamedTuple

from hublish._version import __version__
from hublish.audit.fingerprint import Fingerprint, Inspection, Interest
from hublish.base import durable
from hublish.base.content import Content, Identity, OnDisk
from hublish.base.values import Digest

# About 80 MB. The entries that were made first are removed first.
_MOST_ENTRIES: Final = 500_000
# About the bytes of an entry in the file.
_ENTRY: Final = 125
# The parameters of one statement; SQLite before 3.32 allows 999.
_BATCH: Final = 500
# Files that are kept at once.
_PART: Final = 10_000
# Seconds to wait for another process that writes. Reading the files again is the alternative.
_PATIENCE: Final = 2.0
# Two ticks of the slowest clock in use, that of a kernel with 100 ticks per second; in nanoseconds.
_TICK: Final = 20_000_000
# FAT keeps two seconds, some network file systems one: their times are whole seconds.
_COARSE_TICK: Final = 2_000_000_000

_VALUE: Final = struct.Struct("<qBI32s20s")
_CHECKSUM_SIZE: Final = 8
# The folders of the package with the code that reads files and judges them.
_RULES: Final = ("audit", "formats", "base", "schemas/secrets")
_PICKLES, _SECRETS, _BINARY, _SHA256, _BLOB_ID = 1, 2, 4, 8, 16
# The results of SQLite that concern the moment or the place, and not the content of the file.
_CIRCUMSTANCES: Final = frozenset(
    [
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_READONLY,
    ]
)


class Place(NamedTuple):
    """A file on this machine, as it was when it was looked at."""

    path: str
    identity: Identity

    @classmethod
    def of(cls, content: Content) -> "Place | None":
        """Return the file that contains exactly the bytes of `content`; None without one."""
        identity = content.identity
        if not isinstance(identity, Identity):
            return None
        # The files of a release are of this kind: making a `Path` of each takes longer than all else here.
        return cls(str(content.file if isinstance(content, OnDisk) else content.local_path), identity)

    @classmethod
    def opened(cls, path: Path, descriptor: int) -> "Place":
        """Return the open file that `path` leads to, through links as well."""
        return cls(str(path), Identity.of(os.fstat(descriptor)))

    @classmethod
    def at(cls, path: Path) -> "Place | None":
        """Return the file that `path` leads to, through links as well; None without one."""
        try:
            return cls(str(path), Identity.of(path.stat()))
        except OSError:
            return None


class Known(NamedTuple):
    """The results of reading one file: its digests and findings, as far as they were wanted."""

    sha256: str | None
    blob_id: str | None
    links: int
    inspection: Inspection
    searched: Interest
    """The kinds of findings that were searched for."""

    def is_promised(self, digest: Digest) -> bool:
        """Return whether the bytes have the digest; False when another algorithm was used."""
        return digest.value == (self.sha256 if digest.algorithm == "sha256" else self.blob_id)

    def answers(self, interest: Interest) -> bool:
        """Return whether everything in `interest` was searched for."""
        return self.searched.pickles >= interest.pickles and self.searched.secrets >= interest.secrets


class FingerprintCache:
    """Finds and keeps the fingerprints of files. Never raises because of its own file.

    Args:
        path: the SQLite file; None for a cache that knows and keeps nothing.
        clock: returns the nanoseconds since the epoch.
    """

    def __init__(self, path: Path | None, clock: Callable[[], int] = time.time_ns) -> None:
        self._path = path
        self.now = clock

    def find(self, places: Iterable[Place | None]) -> tuple[Known | None, ...]:
        """Return the fingerprint of each file; None for an unknown one."""
        keys = [place and _key(place) for place in places]
        known = self._read(keys)
        return tuple(map(known.get, keys))

    def fingerprints(self, contents: Sequence[Content], interest: Interest) -> tuple[Fingerprint | None, ...]:
        """Return the fingerprint of each content as reading it now would give it; None where that is not known."""
        return tuple(map(_fingerprint, contents, self.find(map(Place.of, contents)), repeat(interest)))

    def keep(self, entries: Iterable[tuple[Place, Known, int]]) -> None:
        """Remember files, each with the time (by `now`) at which reading it began."""
        settled = (entry for entry in entries if _is_settled(entry[0].identity, entry[2]))
        while part := list(islice(settled, _PART)):
            keys = [_key(place) for place, _, _ in part]
            rows = [(key, _packed(key, known, began)) for key, (_, known, began) in zip(keys, part, strict=True)]
            # Another process may hold the file: waiting once is enough.
            if not self._write(rows):
                return

    def _read(self, wanted: Iterable[bytes | None]) -> dict[bytes | None, Known]:
        found: dict[bytes | None, Known] = {}
        keys = {key for key in wanted if key is not None}
        # Nothing is created for a question.
        if self._path is not None and keys and _is_private(self._path):
            now = self.now()
            with _tolerating(self._path), closing(_connect(self._path)) as database:
                # One by one: the entries of 100,000 files take 25 MB.
                for key, entry in _select(database, keys):
                    if known := _unpacked(key, entry, now):
                        found[key] = known
        return found

    def _write(self, rows: Sequence[tuple[bytes, bytes]]) -> bool:
        """Write entries, and return whether they are in the file."""
        # The second time in place of a damaged file.
        for _ in range(2):
            if self._path is None or not _made(self._path):
                return False
            with _tolerating(self._path), closing(_connect(self._path)) as database, database:
                _insert(database, rows, self.now())
                return True
        return False


FORGETFUL: Final = FingerprintCache(None)
"""Knows nothing and keeps nothing."""


def _fingerprint(content: Content, known: Known | None, interest: Interest) -> Fingerprint | None:
    if known is None:
        return None
    sha256, blob_id, links, found, _ = known
    if sha256 is None or blob_id is None or not known.answers(interest):
        return None
    if not interest.secrets:
        # As a search for pickles alone would return it.
        found = Inspection(found.pickle)
    if not interest.pickles and found.pickle is not None:
        found = replace(found, pickle=None)
    return Fingerprint(content.size, sha256, blob_id, links, found)


def _is_settled(identity: Identity, began: int) -> bool:
    """Return whether any change after `began` gives a file other times than it had then."""
    times = identity.mtime_ns, identity.ctime_ns
    is_coarse = not any(each % 1_000_000_000 for each in times)
    return began - max(times) > (_COARSE_TICK if is_coarse else _TICK)


def _key(place: Place) -> bytes:
    path, (device, inode, size, mtime_ns, ctime_ns) = place
    # As text: some file systems have times that 64 bits do not hold.
    text = f"{device} {inode} {size} {mtime_ns} {ctime_ns} {path}"
    return hashlib.blake2b(_rules_version() + text.encode("utf-8", "surrogateescape"), digest_size=16).digest()


@cache
def _rules_version() -> bytes:
    """Return a digest that changes with the code that reads files and judges them."""
    # The sizes and times of the modules: reading a hundred of them would take longer than the answer is worth. An
    # installation without files, such as a zip archive, changes with its version.
    hasher = hashlib.blake2b(__version__.encode(), digest_size=16)
    package = Path(__file__).parents[1]
    for path in sorted(each for folder in _RULES for each in (package / folder).rglob("*.py")):
        status = path.stat()
        hasher.update(f"\n{path.name} {status.st_size} {status.st_mtime_ns}".encode())
    return hasher.digest()


def _packed(key: bytes, known: Known, began: int) -> bytes:
    found = known.inspection
    bits = {
        _PICKLES: known.searched.pickles,
        _SECRETS: known.searched.secrets,
        _BINARY: found.binary,
        _SHA256: known.sha256 is not None,
        _BLOB_ID: known.blob_id is not None,
    }
    flags = sum(bit for bit, is_set in bits.items() if is_set)
    digests = bytes.fromhex(known.sha256 or ""), bytes.fromhex(known.blob_id or "")
    value = _VALUE.pack(began, flags, known.links, *digests)
    if (findings := found.plain()) is not None:
        value += json.dumps(findings).encode()
    return value + _checksum(key, value)


def _unpacked(key: bytes, entry: object, now: int) -> Known | None:
    if not isinstance(entry, bytes) or len(entry) < _VALUE.size + _CHECKSUM_SIZE:
        return None
    value = entry[:-_CHECKSUM_SIZE]
    if _checksum(key, value) != entry[-_CHECKSUM_SIZE:]:
        return None
    began, flags, links, sha256, blob_id = _VALUE.unpack_from(value)
    if began > now:
        return None
    findings = json.loads(value[_VALUE.size :]) if len(value) > _VALUE.size else None
    return Known(
        sha256.hex() if flags & _SHA256 else None,
        blob_id.hex() if flags & _BLOB_ID else None,
        links,
        Inspection.of_plain(findings, binary=bool(flags & _BINARY)),
        _SEARCHED[flags & (_PICKLES | _SECRETS)],
    )


# Shared by all files.
_SEARCHED: Final = {bits: Interest(pickles=bool(bits & _PICKLES), secrets=bool(bits & _SECRETS)) for bits in range(4)}


def _checksum(key: bytes, value: bytes) -> bytes:
    return hashlib.blake2b(key + value, digest_size=_CHECKSUM_SIZE).digest()


def _is_private(path: Path) -> bool:
    """Return whether only this user can write or replace the file: its entries decide what is published."""
    return durable.is_private(path.parent) and durable.is_private(path, stat.S_ISREG)


def _made(path: Path) -> bool:
    """Create the file if it is missing, and return whether it can be used."""
    if not durable.make_private(path.parent):
        return False
    with suppress(OSError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
    return _is_private(path)


def _select(database: sqlite3.Connection, keys: Set[bytes]) -> Iterator[tuple[bytes, object]]:
    ((size,),) = database.execute("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
    # To read all entries takes less time than to look for every second one.
    if size < 2 * _ENTRY * len(keys):
        rows = database.execute("SELECT key, value FROM fingerprints")
        return (row for row in rows if row[0] in keys)
    return _look_up(database, keys)


def _look_up(database: sqlite3.Connection, keys: Iterable[bytes]) -> Iterator[tuple[bytes, object]]:
    # Sorted as in the file: neighbors are in one page of it.
    keys = sorted(keys)
    for start in range(0, len(keys), _BATCH):
        batch = keys[start : start + _BATCH]
        marks = ",".join("?" * len(batch))
        yield from database.execute(f"SELECT key, value FROM fingerprints WHERE key IN ({marks})", batch)  # noqa: S608


def _insert(database: sqlite3.Connection, rows: Sequence[tuple[bytes, bytes]], now: int) -> None:
    database.execute("BEGIN IMMEDIATE")
    # One tree, and no index beside it that could disagree.
    columns = "key BLOB PRIMARY KEY, value BLOB, kept INTEGER"
    database.execute(f"CREATE TABLE IF NOT EXISTS fingerprints ({columns}) WITHOUT ROWID")
    database.executemany("INSERT OR REPLACE INTO fingerprints VALUES (?, ?, ?)", ((*row, now) for row in rows))
    # Some damage shows only in entries that are not found again.
    if dict(_look_up(database, [key for key, _ in rows])) != dict(rows):
        raise sqlite3.DatabaseError
    ((count,),) = database.execute("SELECT count(*) FROM fingerprints")
    if count > _MOST_ENTRIES:
        oldest = "SELECT key FROM fingerprints ORDER BY kept LIMIT ?"
        database.execute(f"DELETE FROM fingerprints WHERE key IN ({oldest})", [count - _MOST_ENTRIES])  # noqa: S608


def _connect(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None)
    # After a power failure the file may be damaged, and is then made anew: no run waits for the disk.
    database.execute("PRAGMA synchronous = OFF")
    database.execute("PRAGMA cell_size_check = ON")
    return database


@contextmanager
def _tolerating(path: Path) -> Iterator[None]:
    """Ignore every failure of the database, and remove a damaged one."""
    try:
        yield
    # Also UnicodeDecodeError, when SQLite quotes damaged text in its message.
    except (sqlite3.Error, ValueError) as error:
        # The lower byte: the others say more about the same result.
        if getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF in _CIRCUMSTANCES:
            return
        for damaged in (path, path.with_name(f"{path.name}-journal")):
            with suppress(OSError):
                damaged.unlink()
