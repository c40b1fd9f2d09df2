"""Regular files read by range, under the promise that they stay what they were when they were described."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hublish.base.errors import SourceChangedError
from hublish.base.values import Identity
from hublish.formats.tensors.errors import InvalidFileError, named
from hublish.formats.tensors.output import Sink


@contextmanager
def opened(path: Path) -> Iterator[tuple[int, Identity]]:
    """Open a regular file for reading: its descriptor and what identifies it.

    Raises:
        InvalidFileError: when it cannot be opened, or is a folder, a pipe or a device.
    """
    try:
        # Without O_NONBLOCK, opening a pipe waits for a writer for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        msg = f"it cannot be read: {error.strerror}"
        raise InvalidFileError(msg) from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            msg = "it is not a regular file"
            raise InvalidFileError(msg)
        yield descriptor, Identity.of(status)
    finally:
        os.close(descriptor)


@contextmanager
def unchanged(path: Path, identity: Identity) -> Iterator[int]:
    """Open `path`, and check before and after its use that it still is the file with `identity`.

    Raises:
        SourceChangedError: when it is another, or was written to.
    """
    with named(path), opened(path) as (descriptor, found):
        if found != identity:
            raise _changed(path)
        yield descriptor
        if Identity.of(os.fstat(descriptor)) != identity:
            raise _changed(path)


def _changed(path: Path) -> SourceChangedError:
    return SourceChangedError(f"{path} changed while it was read", hint="wait until nothing writes to it; run again")


@dataclass(frozen=True, slots=True)
class FileRange:
    """Bytes of a file that already are what a safetensors file holds."""

    path: Path
    identity: Identity
    offset: int
    length: int

    def write_to(self, output: Sink) -> None:
        """Copy the range."""
        with unchanged(self.path, self.identity) as descriptor:
            if output.copy(descriptor, self.offset, self.length) != self.length:
                raise _changed(self.path)
