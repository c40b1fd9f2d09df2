"""Writing so that nothing is lost: a temporary name in the same folder, fsync, rename, fsync the folder."""

import os
import tempfile
from pathlib import Path


def write(path: Path, data: bytes) -> bool:
    """Make `path` hold `data`; return False when it does already.

    A killed process leaves the old content or the new, never a mixture.

    Raises:
        OSError: when the folder cannot be written.
    """
    if path.is_file() and path.read_bytes() == data:
        return False
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            os.fchmod(file.fileno(), 0o666 & ~_umask())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
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
    return name.startswith(f".{of}.") and name.endswith(".tmp")


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _umask() -> int:
    # There is no way to read it without setting it.
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
