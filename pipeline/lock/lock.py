"""Receipt (verified) -> Receipt: hub.lock records the release."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from hublish.base import durable
from hublish.base.errors import HublishError
from hublish.base.values import Receipt
from hublish.pipeline.lock.records import lock_document


def require_writable(path: Path) -> None:
    """Refuse a lock that cannot be written, before anything is sent.

    Raises:
        HublishError: with the reason.
    """
    try:
        durable.require_writable(path)
    except OSError as error:
        msg = f"{path} cannot be written: {error.strerror}"
        raise HublishError(msg, hint="nothing was sent; make it writable, and publish again") from error


@dataclass(frozen=True)
class WriteLock:
    """Write the lock; the same release gives the same bytes.

    Args:
        path: hub.lock, next to hub.yaml.
    """

    path: Path
    title: ClassVar[str] = "writing the lock"

    def run(self, receipt: Receipt) -> Receipt:
        """Return the receipt unchanged."""
        try:
            durable.write(self.path, _text(receipt))
        except OSError as error:
            # The release is complete at this point, and a second run writes nothing but the lock.
            msg = f"the release is published, but {self.path} cannot be written: {error.strerror}"
            raise HublishError(msg, hint="make it writable and publish again: nothing is sent twice") from error
        return receipt

    def works_on(self, receipt: Receipt) -> bool:
        """Return whether the lock changes."""
        try:
            return self.path.read_bytes() != _text(receipt)
        except OSError:
            return True


def _text(receipt: Receipt) -> bytes:
    return lock_document(receipt).to_json().encode()
