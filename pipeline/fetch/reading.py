"""Read downloaded files once each, for the digest and for the search for pickles, right behind their downloads."""

import os
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from dataclasses import replace
from io import BufferedReader, FileIO
from threading import Lock
from typing import Final

from hublish.audit.containers import carried_pickle
from hublish.audit.fingerprint import CHUNK
from hublish.base import digests
from hublish.base.content import Identity
from hublish.base.values import Digest, Finding, LocalFile
from hublish.base.workers import run_each
from hublish.formats.blob import MemoryBlob, StreamBlob

LARGE: Final = 8 << 20
"""The size from which a file is worth the wait until it can be read."""
SETTLING: Final = 0.025
"""Seconds after which a file has settled: the cache of fingerprints remembers files that were read later than this."""


def inspect(file: LocalFile, advance: Callable[[int], None], now: Callable[[], int] = time.time_ns) -> Finding:
    """Read a downloaded file, compare it with its digest and search it for pickles.

    Args:
        file: the file.
        advance: called after every piece with its size in bytes.
        now: returns the nanoseconds since the epoch.
    """
    promised, began = file.promised, now()
    try:
        # One descriptor for both, so that the bytes that are searched are those that were hashed.
        with FileIO(file.path) as stream:
            before = Identity.of(os.fstat(stream.fileno()))
            # A wrong size needs no reading, and git's blob id is computed over the expected size.
            if before.size != promised.size:
                return _other_bytes(promised.digest)
            buffered = BufferedReader(stream)
            try:
                small = promised.size <= CHUNK
                source = MemoryBlob(buffered.read(promised.size)) if small else StreamBlob(buffered, promised.size)
                blob = HashedBlob(source, promised.digest, advance)
                pickle = carried_pickle(blob)
                if blob.hexdigest() != promised.digest.value:
                    return _other_bytes(promised.digest)
            finally:
                buffered.detach()  # otherwise it closes the stream, whose descriptor is still needed
            after = Identity.of(os.fstat(stream.fileno()))
            return Finding(pickle=pickle, identity=before if before == after else None, began_ns=began)
    except OSError as error:
        return Finding(f"cannot be read: {error.strerror}")


def _other_bytes(digest: Digest) -> Finding:
    return Finding(f"does not have the expected {digest.algorithm} digest")


def _has_arrived(file: LocalFile) -> bool:
    """Return whether a file was written by this download. The cache of fingerprints may know an older one."""
    try:
        return file.path.stat().st_ctime_ns >= file.began_ns
    except OSError:
        return False


class HashedBlob:
    """Bytes that are hashed as they are searched: the search reads almost every file from the beginning to the end.

    Args:
        blob: the bytes.
        digest: the expected digest, for its algorithm.
        advance: called with the number of bytes after they were hashed.
    """

    def __init__(self, blob: MemoryBlob | StreamBlob, digest: Digest, advance: Callable[[int], None]) -> None:
        self._blob = blob
        self._hasher = digests.hasher_of(digest, blob.size)
        self._advance = advance
        self._hashed = 0

    @property
    def size(self) -> int:
        """Number of bytes."""
        return self._blob.size

    def read_at(self, offset: int, length: int) -> bytes:
        """Read, and hash the bytes that follow those that were hashed."""
        data = self._blob.read_at(offset, length)
        if offset <= self._hashed < offset + len(data):
            new = data if offset == self._hashed else memoryview(data)[self._hashed - offset :]
            # In this thread: hashing takes four fifths of the time, and another thread for it saves nothing.
            self._hasher.update(new)
            self._hashed += len(new)
            self._advance(len(new))
        return data

    def hexdigest(self) -> str:
        """Hash the rest, and return the digest of all bytes."""
        while self.read_at(self._hashed, CHUNK):
            pass
        return self._hasher.hexdigest()


class Arrivals:
    """Reads the files that arrive, in the threads that download them, while others are still downloaded.

    Args:
        advance: called after every piece with its size in bytes.
        executor: reads the files that arrived last.
        now: returns the nanoseconds since the epoch.
    """

    def __init__(self, advance: Callable[[int], None], executor: Executor, now: Callable[[], int]) -> None:
        self._advance, self._executor, self._now = advance, executor, now
        # Small files wait here until they have settled.
        self._waiting: deque[tuple[float, LocalFile]] = deque()
        self._lock = Lock()
        self._findings: dict[str, Finding] = {}

    def add(self, file: LocalFile) -> None:
        """Take a file if it has just arrived, and read the files that have settled."""
        if not _has_arrived(file):
            return
        if file.promised.size >= LARGE:  # a moment, compared with its download
            time.sleep(SETTLING)
            self._read(file)
            return
        with self._lock:
            self._waiting.append((time.monotonic() + SETTLING, file))
        while (settled := self._settled()) is not None:
            self._read(settled)

    def with_findings(self, files: Iterable[LocalFile]) -> tuple[LocalFile, ...]:
        """Read the rest, and return the files with the findings in those that have arrived."""
        rest, self._waiting = self._waiting, deque()
        if rest:
            time.sleep(max(0.0, rest[-1][0] - time.monotonic()))
        run_each(self._executor, self._read, [file for _, file in rest])
        return tuple(replace(file, finding=self._findings.get(file.promised.path_in_repo)) for file in files)

    def _settled(self) -> LocalFile | None:
        with self._lock:
            if self._waiting and self._waiting[0][0] <= time.monotonic():
                return self._waiting.popleft()[1]
        return None

    def _read(self, file: LocalFile) -> None:
        self._findings[file.promised.path_in_repo] = inspect(file, self._advance, self._now)
