"""Large content by its sha256, beside the git repositories: what an LFS pointer points at."""

import hashlib
import os
import re
import tempfile
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from hublish.hub.server.files import replace_durably

SHA256 = re.compile(r"[0-9a-f]{64}")
"""A sha256 as the protocol writes it: 64 lower-case hexadecimal digits."""


class MismatchError(ValueError):
    """What arrived is not what was announced; nothing was stored."""


class ObjectStore:
    """Files under `root/objects/ab/cd/<sha256>`; one that is there is whole and right.

    Safe for many threads and processes on one root: an object appears by a rename, and two writers of
    the same object write the same bytes.
    """

    def __init__(self, root: Path) -> None:
        self._objects = root / "objects"
        self.scratch = root / "incoming"
        """Where bytes lie while they arrive; on the file system of the objects."""
        self._objects.mkdir(parents=True, exist_ok=True)
        self.scratch.mkdir(parents=True, exist_ok=True)

    def path(self, sha256: str) -> Path:
        """Return where the content with this sha256 lies, or would lie.

        Raises:
            ValueError: `sha256` is not 64 lower-case hexadecimal digits, so it could name any path.
        """
        if not SHA256.fullmatch(sha256):
            msg = f"not a sha256 in lower-case hexadecimal: {sha256[:80]!r}"
            raise ValueError(msg)
        return self._objects / sha256[:2] / sha256[2:4] / sha256

    def has(self, sha256: str) -> bool:
        """Tell whether the content with this sha256 is stored."""
        return self.path(sha256).is_file()

    def size(self, sha256: str) -> int | None:
        """Return the size of the stored content in bytes, or None where there is none."""
        try:
            return self.path(sha256).stat().st_size
        except FileNotFoundError:
            return None

    def incoming(self) -> "Incoming":
        """Open a place for new content; use it in a `with` block and end with `seal`."""
        return Incoming(self)


class Incoming:
    """Content on its way in: hashed while it is written, kept only if it is sealed.

    Its methods block on the disk; call them off the event loop (`streaming.receive_into` does).
    """

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._sha256 = hashlib.sha256()
        self.size = 0
        """Bytes written so far."""

    def __enter__(self) -> Self:
        descriptor, name = tempfile.mkstemp(dir=self._store.scratch)
        self._path = Path(name)
        self._file = os.fdopen(descriptor, "wb", buffering=0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        with suppress(FileNotFoundError):  # sealed: the file is at its final name
            self._path.unlink()

    def write(self, data: bytes | memoryview) -> None:
        """Append `data`, any number of bytes."""
        self._sha256.update(data)
        rest = memoryview(data)
        while rest:
            rest = rest[self._file.write(rest) :]
        self.size += len(data)

    def seal(self, expected_sha256: str | None = None, expected_size: int | None = None) -> str:
        """Store what was written under its sha256, durably, and return that sha256.

        Raises:
            MismatchError: The sha256 or the size is not the expected one. Nothing is stored.
        """
        sha256 = self._sha256.hexdigest()
        if expected_size is not None and self.size != expected_size:
            msg = f"expected {expected_size} bytes, received {self.size}"
            raise MismatchError(msg)
        if expected_sha256 is not None and sha256 != expected_sha256:
            msg = f"expected sha256 {expected_sha256}, received {sha256}"
            raise MismatchError(msg)
        if not self._store.has(sha256):
            os.fchmod(self._file.fileno(), 0o444)
            os.fsync(self._file.fileno())
            replace_durably(self._path, self._store.path(sha256))
        return sha256
