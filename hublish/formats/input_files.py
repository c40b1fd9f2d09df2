"""Input files: opened only when they are regular, checked for changes, and rejected with one kind of error."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hublish.base.content import Identity
from hublish.base.errors import HublishError, SourceChangedError


class InvalidFileError(ValueError):
    """A file violates its format, or exceeds a limit.

    Readers do not know whether they run for a dump or for a load: their caller translates with `invalid_file_as`.

    Args:
        message: the violation.
        hint: how to fix it.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


@contextmanager
def named(place: object) -> Iterator[None]:
    """Prefix the message of an `InvalidFileError` with the place, such as the file, that it is about."""
    try:
        yield
    except InvalidFileError as error:
        raise InvalidFileError(f"{place}: {error.message}", hint=error.hint) from None


@contextmanager
def opened(path: Path) -> Iterator[tuple[int, Identity]]:
    """Open a regular file for reading; yield its descriptor and its identity.

    Raises:
        InvalidFileError: when it cannot be opened, or is a folder, a pipe or a device.
    """
    try:
        # Without O_NONBLOCK, opening a FIFO blocks until a writer appears.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise InvalidFileError(f"it cannot be read: {error.strerror}") from None
    try:
        # The open file is checked and not its path, which may lead to another file by now.
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise InvalidFileError("it is not a regular file")
        yield descriptor, Identity.of(status)
    finally:
        os.close(descriptor)


@contextmanager
def unchanged(path: Path, identity: Identity) -> Iterator[int]:
    """Open `path`, and check before and after its use that it is still the file with `identity`.

    Raises:
        SourceChangedError: when the file was replaced or modified.
    """
    with named(path), opened(path) as (descriptor, found):
        if found != identity:
            raise changed(path)
        yield descriptor
        # A writer may be at work while we read, so the check before the use is not enough.
        if Identity.of(os.fstat(descriptor)) != identity:
            raise changed(path)


def changed(path: Path) -> SourceChangedError:
    """Return the error for a file that changed while it was in use."""
    return SourceChangedError(f"{path} changed while it was read", hint="wait until nothing writes to it; run again")


@contextmanager
def invalid_file_as(kind: type[HublishError]) -> Iterator[None]:
    """Raise `kind` instead of `InvalidFileError`, with the same message and hint."""
    try:
        yield
    except InvalidFileError as error:
        raise kind(error.message, hint=error.hint) from None
