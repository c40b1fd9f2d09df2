"""Read a file once, for its digests and for the audit, so that both see the same bytes."""

import hashlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from hublish.audit.blob import Blob, MemoryBlob, StreamBlob
from hublish.audit.inspection import Inspection, Interest, inspect
from hublish.audit.secrets import SecretScanner
from hublish.base.content import Content, ContentChangedError

CHUNK: Final = 1 << 20
"""Bytes read at once."""
_PARALLEL: Final = 8 << 20
"""From this size on, the two digests are computed beside each other."""


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
        ContentChangedError: when the bytes are not, or do not stay, those that were collected.
        OSError: when they cannot be read.
    """
    with content.open() as stream:
        # A small file is read once; of a large one, only the parts that the audit inspects are read again.
        small = content.size <= CHUNK
        blob = MemoryBlob(stream.read(content.size)) if small else StreamBlob(stream, content.size)
        return _read(blob, _links(content), interest, advance)


def _links(content: Content) -> int:
    return 1 if content.local_path is None else os.lstat(content.local_path).st_nlink


def _read(blob: MemoryBlob | StreamBlob, links: int, interest: Interest, advance: Callable[[int], None]) -> Fingerprint:
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
            raise ContentChangedError(msg)
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
