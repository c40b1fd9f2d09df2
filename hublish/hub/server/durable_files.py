"""Durable changes on disk: a file at its final name is always complete, whenever the process dies."""

import fcntl
import json
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from hublish.base.durable import settle

# Bytes: many clients may send a file at once.
_BUFFER = 64 << 10


class IncomingFile:
    """A new file in a scratch folder, removed at the end of the `with` block unless `keep` moved it."""

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch
        self.size = 0  # bytes written so far

    def __enter__(self) -> Self:
        self._scratch.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=self._scratch)
        self._path = Path(name)
        self.file = os.fdopen(descriptor, "w+b", _BUFFER)
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.file.close()
        finally:
            self._path.unlink(missing_ok=True)

    def write(self, data: bytes | memoryview) -> None:
        """Append `data`."""
        self.file.write(data)
        self.size += len(data)

    def keep(self, target: Path, mode: int = 0o444) -> None:
        """Move the file to `target`, durably; it must be on the same file system."""
        self.file.flush()
        os.fchmod(self.file.fileno(), mode)
        settle(self._path, target)


def write_atomically(target: Path, content: bytes, *, scratch: Path, mode: int = 0o644) -> None:
    """Put `content` at `target`: a reader, or a crash, sees the old file or the new one.

    The temporary file is in `scratch`, a folder on the same file system. It is not the target's own folder, because
    a stray file among git refs would look like a ref.
    """
    with IncomingFile(scratch) as file:
        file.write(content)
        file.keep(target, mode)


def write_json(target: Path, value: Any, *, scratch: Path, mode: int = 0o644) -> None:
    """Put `value` at `target` as JSON, atomically."""
    content = json.dumps(value, indent=1, ensure_ascii=False, sort_keys=True)
    write_atomically(target, content.encode(), scratch=scratch, mode=mode)


def shared_secret(path: Path, *, lock: Path, scratch: Path) -> bytes:
    """Return 32 random bytes, created on first use and the same for all processes on a root."""
    with locked(lock):
        if not path.exists():
            write_atomically(path, secrets.token_bytes(32), scratch=scratch, mode=0o600)
        return path.read_bytes()


def read_json(path: Path, default: Any = None) -> Any:
    """Return the JSON at `path`, or `default` when the file does not exist."""
    try:
        return json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return default


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the exclusive lock named by the file `path`, across threads and processes."""
    # The kernel drops an flock with its process, so kill -9 leaves no stale lock. The file itself stays: another
    # process may have opened it, and a lock on a deleted file excludes only those that opened the same one.
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
