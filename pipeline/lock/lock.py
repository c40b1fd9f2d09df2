"""Receipt (verified) -> Receipt: hub.lock records the release."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar, Final

from hublish.base import durable
from hublish.base.errors import DiskFullError, HublishError, disk_full
from hublish.base.values import Receipt
from hublish.pipeline.lock.records import lock_pieces

_NOTHING_SENT: Final = "nothing was sent; make it writable, or name another file with --lock"
# More bytes than a lock has without its files, and for each file with a path of usual length.
_SIZE: Final = 4096
_SIZE_PER_FILE: Final = 256
# In every lock since the first version, also in one with the marks of a merge conflict.
_KEY: Final = b'"lock_version"'


def require_writable(path: Path, files: int | None) -> None:
    """Refuse a lock that cannot be written, or that would replace another file, before anything is sent.

    Args:
        path: the lock.
        files: the number of files of the release. None for a release that may be locked already, in a checkout that
            cannot be written, say: it must only be a lock.

    Raises:
        HublishError: with the reason.
    """
    try:
        if _is_other_file(path):
            msg = f"{path} exists and is not a lock of hublish: it would be replaced"
            raise HublishError(msg, hint="nothing was sent; name another file with --lock, or move it away")
        if files is not None:
            durable.require_writable(path, _SIZE + files * _SIZE_PER_FILE)
    except OSError as error:
        if full := disk_full(error, path, hint="nothing was sent; free some space, or name another file with --lock"):
            raise full from error
        raise HublishError(f"{path} cannot be written: {error.strerror}", hint=_NOTHING_SENT) from error


def _is_other_file(path: Path) -> bool:
    if path.is_dir() or not path.exists():  # a folder has an error of its own
        return False
    if not path.is_file():  # a device, say: the rename would replace it
        return True
    text = path.read_bytes()
    return bool(text.strip()) and _KEY not in text


@dataclass(frozen=True)
class WriteLock:
    """Write the lock; the same release gives the same bytes.

    Args:
        path: the lock of the manifest.
    """

    path: Path
    title: ClassVar[str] = "writing the lock"

    def run(self, receipt: Receipt) -> Receipt:
        """Return the receipt unchanged."""
        try:
            durable.write(self.path, partial(lock_pieces, receipt))
        except OSError as error:
            if full := disk_full(error, self.path):
                msg = f"the release is published, but its lock is not written: {full.message}"
                raise DiskFullError(msg, hint="free some space and publish again: nothing is sent twice") from error
            # The release is complete at this point, and a second run writes nothing but the lock.
            msg = f"the release is published, but {self.path} cannot be written: {error.strerror}"
            raise HublishError(msg, hint="make it writable and publish again: nothing is sent twice") from error
        return receipt

    def works_on(self, receipt: Receipt) -> bool:
        """Return whether the lock changes."""
        try:
            return not durable.holds(self.path, partial(lock_pieces, receipt))
        except OSError:
            return True
