"""Writing so that nothing is lost: a temporary name in the same folder, fsync, rename, fsync the folder."""

import fcntl
import os
import re
import tempfile
from contextlib import suppress
from pathlib import Path


def write(path: Path, data: bytes) -> bool:
    """Make `path` hold `data`; return False when it does already.

    A killed process leaves the old content or the new, never a mixture; the next write removes its draft.

    Raises:
        OSError: when the folder cannot be written.
    """
    _remove_leftovers(path)
    if path.is_file() and path.read_bytes() == data:
        return False
    descriptor, draft = _draft(path)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            os.fchmod(file.fileno(), 0o666 & ~_umask())
            draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)
    return True


def settle(source: Path, target: Path) -> None:
    """Move a file that was written into its place on the same file system, once its bytes are on the disk."""
    with source.open("rb") as file:
        os.fsync(file.fileno())
    target.parent.mkdir(parents=True, exist_ok=True)
    source.replace(target)
    sync_folder(target.parent)


def is_leftover(name: str, of: str) -> bool:
    """Whether a file name is what a killed run left of writing `of`."""
    start = f".{of}."  # asked of every name of a tree, and hardly ever true
    return name.startswith(start) and re.fullmatch(r"[a-z0-9_]{8}\.tmp", name.removeprefix(start)) is not None


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _draft(path: Path) -> tuple[int, Path]:
    """Open a new file beside `path`, locked for as long as its writer lives: by that a leftover is known."""
    while True:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
        with suppress(OSError):  # a file system without locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        if os.fstat(descriptor).st_nlink:
            return descriptor, Path(name)
        os.close(descriptor)  # another writer took it for a leftover before it was locked


def _remove_leftovers(path: Path) -> None:
    for name in [name for name in os.listdir(path.parent) if is_leftover(name, path.name)]:  # noqa: PTH208 (names, fast)
        with suppress(OSError):  # its writer lives, or another one removed it
            descriptor = os.open(path.with_name(name), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.with_name(name).unlink()
            finally:
                os.close(descriptor)


def _umask() -> int:
    # There is no way to read it without setting it.
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
