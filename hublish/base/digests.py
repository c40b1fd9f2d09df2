"""Whether a file holds the bytes that were promised."""

import hashlib
from collections.abc import Callable
from pathlib import Path

from hublish.base.values import Digest, RemoteFile

_CHUNK = 1 << 20


def promised_by(file: RemoteFile) -> Digest:
    """Return the digest the Hub's listing gives: sha256 for LFS files, git's blob id for the others."""
    if file.sha256 is not None:
        return Digest("sha256", file.sha256)
    return Digest("git-blob", file.blob_id)


def matches(path: Path, size: int, digest: Digest, advance: Callable[[int], None]) -> bool:
    """Read the file once and compare; `advance` is told in bytes.

    Raises:
        OSError: when it cannot be read.
    """
    if path.stat().st_size != size:
        return False
    hasher = _hasher(digest, size)
    buffer = memoryview(bytearray(_CHUNK))
    with path.open("rb", buffering=0) as stream:
        while count := stream.readinto(buffer):
            hasher.update(buffer[:count])
            advance(count)
    return hasher.hexdigest() == digest.value


def holds(data: bytes, digest: Digest) -> bool:
    """Whether the bytes are the promised ones."""
    hasher = _hasher(digest, len(data))
    hasher.update(data)
    return hasher.hexdigest() == digest.value


def _hasher(digest: Digest, size: int) -> "hashlib._Hash":
    return hashlib.sha256() if digest.algorithm == "sha256" else blob_hasher(size)


def blob_hasher(size: int) -> "hashlib._Hash":
    """Return a hasher whose hexdigest is git's id of a blob of `size` bytes, once it is fed with them."""
    # SHA-1 is git's format, not a security choice: it is the id that the Hub lists for files outside LFS.
    return hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
