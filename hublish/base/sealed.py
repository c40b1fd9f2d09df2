"""Sealed files, opened again: what is read is what was sealed, or an error names the file."""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import BinaryIO, TypeVar

from hublish.base.errors import SourceChangedError
from hublish.base.values import Identity, InMemory, OnDisk, ReleaseFile
from hublish.schemas.diagnose.problems import Problem

# Neither a link nor a FIFO that took the file's place is followed or waited for.
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CHANGED = "changed since it was sealed"

T = TypeVar("T")


class ChangedError(Exception):
    """One file is not what was sealed; the message says how."""


def each(files: Iterable[ReleaseFile], read: Callable[[ReleaseFile], T]) -> tuple[T, ...]:
    """Apply `read` to every file.

    Raises:
        SourceChangedError: naming every file that is not what was sealed.
    """
    done: list[T] = []
    problems: list[Problem] = []
    for file in files:
        try:
            done.append(read(file))
        except OSError as error:
            problems.append(_problem(file, error.strerror or "cannot be read"))
        except ChangedError as error:
            problems.append(_problem(file, str(error)))
    if problems:
        msg = "files changed after they were sealed; nothing was committed"
        raise SourceChangedError(msg, hint="let the writing end, then run again", problems=problems)
    return tuple(done)


def first_bytes(file: ReleaseFile, count: int) -> bytes:
    """Return up to `count` bytes from the start of a file.

    Raises:
        ChangedError, OSError: when it is not the file that was sealed.
    """
    if isinstance(file.content, InMemory):
        return file.content.data[:count]
    with _opened(file.content) as stream:
        if Identity.of(os.fstat(stream.fileno())) != file.content.identity:
            raise ChangedError(_CHANGED)
        return stream.read(count)


def content(file: ReleaseFile) -> bytes:
    """Return all bytes of a file, hashed once more.

    Raises:
        ChangedError, OSError: when they are not those that were sealed.
    """
    if isinstance(file.content, InMemory):
        return file.content.data
    with _opened(file.content) as stream:
        # One byte more would show that it grew; a file of gigabytes that took its place is not read.
        data = stream.read(file.size + 1)
    if hashlib.sha256(data).hexdigest() != file.sha256:
        raise ChangedError(_CHANGED)
    return data


def require_identity(file: ReleaseFile) -> None:
    """Check that a file is untouched, without reading it: its inode, size and times are those that were sealed.

    Raises:
        ChangedError, OSError: when it is not.
    """
    if isinstance(file.content, OnDisk) and Identity.of(os.lstat(file.content.path)) != file.content.identity:
        raise ChangedError(_CHANGED)


@contextmanager
def _opened(content: OnDisk) -> Iterator[BinaryIO]:
    with os.fdopen(os.open(content.path, _FLAGS), "rb") as stream:
        yield stream


def _problem(file: ReleaseFile, why: str) -> Problem:
    return Problem("source.changed", f"'{file.origin.source}' ({file.path_in_repo}): {why}")
