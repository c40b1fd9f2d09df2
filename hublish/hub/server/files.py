"""Durable changes on disk: what is at a name is always whole, whatever moment the process dies."""

import fcntl
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any


def fsync_directory(directory: Path) -> None:
    """Make the names in `directory` durable: a rename is lost in a crash until its folder is synced."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace_durably(source: Path, target: Path) -> None:
    """Rename `source`, whose bytes are already synced, to `target` on the same file system."""
    target.parent.mkdir(parents=True, exist_ok=True)
    source.replace(target)
    fsync_directory(target.parent)


def write_atomically(target: Path, content: bytes, *, scratch: Path, mode: int = 0o644) -> None:
    """Put `content` at `target`: a reader, or a crash, sees the old file or the new one.

    Args:
        target: The file to create or replace.
        content: All of its bytes.
        scratch: A folder on the same file system for the temporary file. It is apart from the target's,
            because a stray file among git refs would look like a ref.
        mode: Permission bits of the new file.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=scratch)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, mode)
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        replace_durably(Path(name), target)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(name).unlink()
        raise


def write_json(target: Path, value: Any, *, scratch: Path, mode: int = 0o644) -> None:
    """Put `value` at `target` as JSON, atomically."""
    content = json.dumps(value, indent=1, ensure_ascii=False, sort_keys=True).encode()
    write_atomically(target, content, scratch=scratch, mode=mode)


def read_json(path: Path, default: Any = None) -> Any:
    """Return the JSON at `path`, or `default` where there is no file."""
    try:
        return json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return default


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the exclusive lock named by the file `path`, across threads and processes.

    The kernel drops an flock with its process, so kill -9 leaves no stale lock; the file itself stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
