"""One pass over a file: its digests, and what the audit sees, from the same bytes.

The file is opened once, without following a link, and must be the one that was collected, before and after.
"""

import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from hublish.audit.blob import Blob, FileBlob, MemoryBlob
from hublish.audit.inspection import Inspection, Interest, inspect
from hublish.audit.secrets import SecretScanner
from hublish.base.values import Content, Identity, InMemory, OnDisk

CHUNK: Final = 1 << 20
"""Bytes read at once."""
_PARALLEL: Final = 8 << 20
"""From this size on, the two digests are computed beside each other."""
_FLAGS: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class ChangedError(Exception):
    """The file is not the one that was collected; the message says how."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """A file's digests and the audit of its content."""

    size: int
    """In bytes."""
    sha256: str
    blob_id: str
    """git's id of the bytes as a blob: sha1 over `blob <size>`, a NUL and the bytes."""
    links: int
    """Names the file has on this disk."""
    inspection: Inspection


def fingerprint(content: Content, interest: Interest, advance: Callable[[int], None]) -> Fingerprint:
    """Read `content` once.

    Args:
        content: what to read.
        interest: what the audit looks for.
        advance: told about every chunk, in bytes.

    Raises:
        ChangedError: when a file is not, or does not stay, what was collected.
        OSError: when it cannot be read.
    """
    if isinstance(content, InMemory):
        return _read(MemoryBlob(content.data), 1, interest, advance)
    with _opened(content) as descriptor:
        links = os.fstat(descriptor).st_nlink
        return _read(_blob(descriptor, content.identity.size), links, interest, advance)


def _blob(descriptor: int, size: int) -> MemoryBlob | FileBlob:
    """Read a small file at once; a large one stays where it is."""
    return FileBlob(descriptor, size) if size > CHUNK else MemoryBlob(os.pread(descriptor, size, 0))


@contextmanager
def _opened(content: OnDisk) -> Iterator[int]:
    try:
        descriptor = os.open(content.path, _FLAGS)
    except FileNotFoundError:
        msg = "missing since it was collected"
        raise ChangedError(msg) from None
    try:
        _check(descriptor, content.identity)
        yield descriptor
        _check(descriptor, content.identity)
    finally:
        os.close(descriptor)


def _check(descriptor: int, identity: Identity) -> None:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        msg = "no regular file any more"
        raise ChangedError(msg)
    if Identity.of(status) != identity:
        msg = "changed since it was collected"
        raise ChangedError(msg)


def _read(blob: MemoryBlob | FileBlob, links: int, interest: Interest, advance: Callable[[int], None]) -> Fingerprint:
    sha256, sha1 = hashlib.sha256(), hashlib.sha1(b"blob %d\0" % blob.size, usedforsecurity=False)
    scanner = SecretScanner(blob.size) if interest.secrets else None
    with _both(blob.size, sha256.update, sha1.update) as update:
        for chunk in _chunks(blob):
            waiting = update(chunk)
            # While the digests are computed in C, without the interpreter's lock.
            if scanner:
                scanner.feed(chunk)
            advance(len(chunk))
            for future in waiting:
                future.result()
    return Fingerprint(blob.size, sha256.hexdigest(), sha1.hexdigest(), links, inspect(blob, scanner, interest))


def _chunks(blob: Blob) -> Iterator[bytes]:
    offset, size = 0, blob.size or 0
    while offset < size:
        chunk = blob.read_at(offset, CHUNK)
        if not chunk:
            msg = "truncated since it was collected"
            raise ChangedError(msg)
        yield chunk
        offset += len(chunk)


@contextmanager
def _both(size: int, *updates: Callable[[bytes], Any]) -> Iterator[Callable[[bytes], list[Future[Any]]]]:
    """Give a function that starts all updates with a chunk; small files are done at once."""

    def at_once(chunk: bytes) -> list[Future[Any]]:
        for update in updates:
            update(chunk)
        return []

    if size < _PARALLEL:
        yield at_once
        return
    with ThreadPoolExecutor(len(updates)) as pool:
        yield lambda chunk: [pool.submit(update, chunk) for update in updates]
