"""Compare bytes with the digests that a commit or a sealed release expects."""

import hashlib
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from io import FileIO
from typing import Final, TypeVar

from hublish.base.content import ContentChangedError, blob_hasher
from hublish.base.errors import SourceChangedError, disk_full
from hublish.base.values import Digest, ReleaseFile, RemoteFile
from hublish.schemas.diagnose.problems import Problem

_CHUNK: Final = 1 << 20

Result = TypeVar("Result")


def listed_digest(file: RemoteFile) -> Digest:
    """Return the digest in the Hub's listing: sha256 for LFS files, git's blob id for the others."""
    # For an LFS file the blob id is that of its pointer, not of its content.
    if file.sha256 is not None:
        return Digest("sha256", file.sha256)
    return Digest("git-blob", file.blob_id)


def matches(stream: FileIO, size: int, digest: Digest, advance: Callable[[int], None]) -> bool:
    """Read an open file once and return whether it has the size and digest; `advance` gets the bytes of every chunk.

    Raises:
        OSError: when it cannot be read.
    """
    # A wrong size needs no reading, and git's blob id is computed over the expected size.
    if os.fstat(stream.fileno()).st_size != size:
        return False
    hasher = hasher_of(digest, size)
    # One buffer for the whole file: a new `bytes` for every chunk would double the time for a cached file.
    buffer = memoryview(bytearray(_CHUNK))
    while count := stream.readinto(buffer):
        hasher.update(buffer[:count])
        advance(count)
    return hasher.hexdigest() == digest.value


def has_digest(data: bytes, digest: Digest) -> bool:
    """Return whether the bytes have the digest."""
    hasher = hasher_of(digest, len(data))
    hasher.update(data)
    return hasher.hexdigest() == digest.value


def hasher_of(digest: Digest, size: int) -> "hashlib._Hash":
    """Return a hasher that is fed with `size` bytes and then gives the value to compare with that of `digest`."""
    return hashlib.sha256() if digest.algorithm == "sha256" else blob_hasher(size)


def each_sealed(files: Iterable[ReleaseFile], read: Callable[[ReleaseFile], Result]) -> tuple[Result, ...]:
    """Apply `read` to every sealed file and return the results.

    Raises:
        SourceChangedError: naming every file for which `read` raised ContentChangedError or OSError.
    """
    # All files are tried before the error is raised: a user wants the whole list, not one file for each run.
    done: list[Result] = []
    problems: list[Problem] = []
    for file in files:
        try:
            done.append(read(file))
        except OSError as error:
            if full := disk_full(error):
                raise full from error  # `read` may write a copy
            problems.append(_problem(file, error.strerror or "cannot be read"))
        except ContentChangedError as error:
            problems.append(_problem(file, str(error)))
    if problems:
        msg = "files changed after they were sealed; nothing was committed"
        raise SourceChangedError(msg, hint="wait until the files are complete, then run again", problems=problems)
    return tuple(done)


def sealed_bytes(file: ReleaseFile) -> bytes:
    """Return all bytes of a small sealed file: those that were hashed, or read and hashed once more.

    Raises:
        ContentChangedError, OSError: when the file has other bytes by now.
    """
    # A release is refused when a file changed, although its own bytes are in memory: its author expects the change.
    if file.data is not None:
        with suppress(ContentChangedError):
            file.content.unchanged()
            return file.data
    # The digest decides, not the identity: a file that was only touched is still the file that was sealed. One more
    # byte than its size shows that it grew, without reading the gigabytes of a file that replaced it.
    data = file.content.read_at(0, file.size + 1)
    if hashlib.sha256(data).hexdigest() != file.sha256:
        raise ContentChangedError("changed since it was sealed")
    return data


def _problem(file: ReleaseFile, reason: str) -> Problem:
    return Problem("source.changed", f"'{file.origin.source}' ({file.path_in_repo}): {reason}")
