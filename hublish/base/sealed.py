"""Read sealed files again: the bytes are those that were sealed, or an error names every file that changed."""

import hashlib
from collections.abc import Callable, Iterable
from typing import TypeVar

from hublish.base.content import ContentChangedError
from hublish.base.errors import SourceChangedError
from hublish.base.values import ReleaseFile
from hublish.schemas.diagnose.problems import Problem

T = TypeVar("T")


def each(files: Iterable[ReleaseFile], read: Callable[[ReleaseFile], T]) -> tuple[T, ...]:
    """Apply `read` to every file and return the results.

    Raises:
        SourceChangedError: naming every file for which `read` raised ContentChangedError or OSError.
    """
    done: list[T] = []
    problems: list[Problem] = []
    for file in files:
        try:
            done.append(read(file))
        except OSError as error:
            problems.append(_problem(file, error.strerror or "cannot be read"))
        except ContentChangedError as error:
            problems.append(_problem(file, str(error)))
    if problems:
        msg = "files changed after they were sealed; nothing was committed"
        raise SourceChangedError(msg, hint="wait until the files are complete, then run again", problems=problems)
    return tuple(done)


def sealed_bytes(file: ReleaseFile) -> bytes:
    """Return all bytes of a small file, hashed once more.

    The digest decides, not the identity: a file that was only touched since is still the file that was sealed.

    Raises:
        ContentChangedError, OSError: when they are not those that were sealed.
    """
    # One more byte shows that the file grew, and a file of gigabytes that replaced it is not read.
    data = file.content.read_at(0, file.size + 1)
    if hashlib.sha256(data).hexdigest() != file.sha256:
        msg = "changed since it was sealed"
        raise ContentChangedError(msg)
    return data


def _problem(file: ReleaseFile, reason: str) -> Problem:
    return Problem("source.changed", f"'{file.origin.source}' ({file.path_in_repo}): {reason}")
