"""A request body on disk while it arrives and is looked at."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from hublish.hub.server.files import replace_durably
from hublish.hub.server.xet.errors import MalformedError


class Spool:
    """A temporary file, removed at the end of the `with` block unless it was kept."""

    def __init__(self, scratch: Path, limit: int) -> None:
        self._scratch = scratch
        self._limit = limit
        self.size = 0
        """Bytes written so far."""

    def __enter__(self) -> Self:
        descriptor, name = tempfile.mkstemp(dir=self._scratch)
        self._path = Path(name)
        self.file = os.fdopen(descriptor, "w+b")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.file.close()
        with suppress(FileNotFoundError):  # it was kept
            self._path.unlink()

    def write(self, data: bytes) -> None:
        """Append `data`.

        Raises:
            MalformedError: The body is larger than anything valid can be.
        """
        self.size += len(data)
        if self.size > self._limit:
            msg = f"body is larger than {self._limit} bytes"
            raise MalformedError(msg)
        self.file.write(data)

    def keep(self, target: Path, size: int) -> None:
        """Put the first `size` bytes at `target`, durably."""
        self.file.flush()
        self.file.truncate(size)
        os.fchmod(self.file.fileno(), 0o444)
        os.fsync(self.file.fileno())
        replace_durably(self._path, target)
