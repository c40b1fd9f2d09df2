"""Write files so that a crash loses nothing: a draft in the same folder, fsync, rename, fsync of the folder."""

import errno
import fcntl
import os
import re
import stat
import tempfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

# Makes the pieces of a file's content anew each time: a large file is never in memory as a whole.
Pieces = Callable[[], Iterable[bytes]]


def write(path: Path, data: bytes | Pieces) -> bool:
    """Write `data` to `path`, unless it has this content already; return whether it was written.

    A killed process leaves the old content or the new one, never a mixture; the next write removes its draft.

    Args:
        path: the file.
        data: its content, whole or in pieces.

    Raises:
        OSError: when the folder cannot be written.
    """
    _remove_drafts(path)
    # An unchanged lock keeps its mtime: build tools and watchers do not run for nothing.
    pieces: Pieces = data if callable(data) else lambda: (data,)
    if path.is_file() and holds(path, pieces):
        return False
    descriptor, draft = _draft(path)
    try:
        with os.fdopen(descriptor, "wb") as file:
            for piece in pieces():
                file.write(piece)
            file.flush()
            # Before the rename: after a power failure the new name must not point to blocks that were never written.
            os.fsync(file.fileno())
            # mkstemp creates files for the owner alone.
            os.fchmod(file.fileno(), 0o666 & ~_umask())
            draft.replace(path)
    # KeyboardInterrupt as well: Ctrl-C must not leave a draft either.
    except BaseException as error:
        draft.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename is None:
            error.filename = str(path)  # the system names no file when a write fails
        raise
    sync_folder(path.parent)
    return True


def holds(path: Path, pieces: Pieces) -> bool:
    """Return whether a file has exactly this content.

    Raises:
        OSError: when it cannot be read.
    """
    with path.open("rb") as file:
        return all(file.read(len(piece)) == piece for piece in pieces()) and not file.read(1)


def require_writable(path: Path, size: int = 0) -> None:
    """Try whether `write` could write `size` bytes to `path`, without changing it.

    Raises:
        OSError: when it could not.
    """
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    descriptor, draft = _draft(path)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(bytes(size))
    finally:
        draft.unlink()


def settle(source: Path, target: Path) -> None:
    """Move a finished file to its final path on the same file system, after its bytes are on the disk."""
    with source.open("rb") as file:
        os.fsync(file.fileno())
    target.parent.mkdir(parents=True, exist_ok=True)
    source.replace(target)
    sync_folder(target.parent)


def is_private(path: Path, kind: Callable[[int], bool] = stat.S_ISDIR) -> bool:
    """Return whether a folder, or a file with `kind=stat.S_ISREG`, exists and no other user can write it."""
    try:
        status = path.lstat()
    except OSError:
        return False
    return kind(status.st_mode) and status.st_uid == os.geteuid() and not status.st_mode & 0o022


def make_private(folder: Path) -> bool:
    """Create a folder that only this user can read or write, and return whether it is one now."""
    with suppress(OSError):
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
    return is_private(folder)


def is_leftover(name: str, of: str) -> bool:
    """Return whether a file name is a draft of `of` that a killed run left behind."""
    start = f".{of}."
    # The prefix is compared first: this runs for every name in a tree.
    return name.startswith(start) and re.fullmatch(r"[a-z0-9_]{8}\.tmp", name.removeprefix(start)) is not None


def sync_folder(folder: Path) -> None:
    """Flush a folder, so that a rename in it survives a power failure."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _draft(path: Path) -> tuple[int, Path]:
    """Open a new file beside `path`, locked while its writer lives."""
    while True:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
        # The lock marks drafts in use, so that only those of killed runs are removed. Some file systems have none.
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        # Without a name left, the draft was removed between its creation and the lock.
        if os.fstat(descriptor).st_nlink:
            return descriptor, Path(name)
        os.close(descriptor)


def _remove_drafts(path: Path) -> None:
    for name in [name for name in os.listdir(path.parent) if is_leftover(name, path.name)]:  # noqa: PTH208 (names, fast)
        with suppress(OSError):  # its writer lives, or another writer removed it
            # Opened without following links: in a shared folder, others can create a link of that name.
            descriptor = os.open(path.with_name(name), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.with_name(name).unlink()
            finally:
                os.close(descriptor)


def _umask() -> int:
    # POSIX has no call that reads the umask without setting it.
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
