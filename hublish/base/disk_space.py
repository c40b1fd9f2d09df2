"""Recognize a full disk behind any exception, and report it with the path and the space that is left there."""

import errno
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from hublish.base.errors import HublishError

_REASONS: Final = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "the file would exceed the limit for the size of a file",
}
NO_ROOM: Final = frozenset(_REASONS)
"""The numbers of the errors for which a file cannot grow."""

# xet is written in Rust, and only its texts have the number of the error; SQLite has an error of its own.
_RUST: Final = re.compile(r"\(os error (\d+)\)")
_SQLITE: Final = "database or disk is full"
_HINT: Final = "free some space, or choose a folder on another disk: --local-dir, --cache-dir, HF_HOME, TMPDIR"


class DiskFullError(HublishError, code="system.disk_full"):
    """A disk, a quota or the limit for the size of a file leaves no room."""


def disk_full(error: BaseException, place: Path | None = None, *, hint: str = _HINT) -> DiskFullError | None:
    """Return the error to raise when an exception, or one that led to it, reports a full disk; else None.

    Args:
        error: any exception.
        place: the file or folder that was written, if the exception does not name it.
        hint: the next step.
    """
    for one in _chain(error):
        if isinstance(one, DiskFullError):
            return one
        number = _number(one)
        if number is not None and number in _REASONS:
            # An operation with two paths, such as a copy, fails at its target.
            named = getattr(one, "filename2", None) or getattr(one, "filename", None)
            path = Path(os.fsdecode(named)) if isinstance(named, str | bytes) else place
            return DiskFullError(f"{_REASONS[number]}{_left(path)}", hint=hint)
    return None


def _number(error: BaseException) -> int | None:
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno
    found = _RUST.search(text := str(error))
    return int(found[1]) if found else errno.ENOSPC if _SQLITE in text else None


def _left(path: Path | None) -> str:
    if path is None:
        return ""
    # The folder may not exist, as there was no room to create it.
    folder = next((each for each in (path, *path.absolute().parents) if each.is_dir()), None)
    if folder is None:
        return f": {path}"
    from hublish.schemas.documents.sizes import format_size  # imports pydantic, which most commands need anyway

    return f": {path}, with {format_size(shutil.disk_usage(folder).free)} left"


def _chain(error: BaseException) -> Iterator[BaseException]:
    current: BaseException | None = error
    seen: set[int] = set()
    while current is not None and id(current) not in seen:
        yield current
        seen.add(id(current))
        current = current.__cause__ or current.__context__
