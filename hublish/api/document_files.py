"""Plan and lock files from disk, as errors a person can act on."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from hublish.base.errors import DocumentInvalidError
from hublish.schemas.diagnose.problems import InvalidDocumentError
from hublish.schemas.documents.lock import Lock, read_lock
from hublish.schemas.documents.plan import PlanDocument, read_plan

T = TypeVar("T")


def read_plan_file(path: Path) -> PlanDocument:
    """Read a plan.json.

    Raises:
        DocumentInvalidError: when it is none.
    """
    return _read(path, read_plan, "`hublish plan --out plan.json` writes one")


def read_lock_file(path: Path) -> Lock:
    """Read a hub.lock.

    Raises:
        DocumentInvalidError: when it is none.
    """
    return _read(path, read_lock, "`hublish publish` writes one; name it with --lock")


def _read(path: Path, reader: Callable[[bytes, str], T], hint: str) -> T:
    try:
        return reader(path.read_bytes(), str(path))
    except OSError as error:
        msg = f"{path} cannot be read: {error.strerror}"
        raise DocumentInvalidError(msg, hint=hint) from None
    except InvalidDocumentError as error:
        msg = f"{path} is not a document hublish can read"
        raise DocumentInvalidError(msg, hint=hint, problems=error.problems) from None
