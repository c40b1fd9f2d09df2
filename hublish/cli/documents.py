"""Documents a person asked to have written."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path


def write_document(path: Path, text: str) -> None:
    """Put `text` at `path`: whoever looks sees the old file or the whole new one.

    Raises:
        OSError: when the folder does not exist or cannot be written.
    """
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            os.fchmod(descriptor, _mode_of(path))
            file.write(text)
            file.flush()
            os.fsync(descriptor)
        Path(name).replace(path)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(name).unlink()
        raise
    _sync_folder(path.parent)


def _mode_of(path: Path) -> int:
    """Return the permissions of the file that is replaced, or what the umask leaves of a new one's."""
    with suppress(FileNotFoundError):
        return path.stat().st_mode & 0o777
    umask = os.umask(0)
    os.umask(umask)
    return 0o666 & ~umask


def _sync_folder(folder: Path) -> None:
    # A rename is lost in a crash until its folder is synced.
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
