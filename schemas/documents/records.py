"""Plan, receipt and lock from JSON, whatever version of hublish wrote them."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from hublish.schemas.diagnose.diagnosis import diagnose
from hublish.schemas.diagnose.problems import InvalidDocumentError, Problem
from hublish.schemas.documents.document import Document
from hublish.schemas.documents.file_names import LOCK_FILE
from hublish.schemas.documents.lock import Lock
from hublish.schemas.documents.plan import PlanDocument
from hublish.schemas.documents.receipt import ReceiptDocument
from hublish.schemas.yaml.json_reading import read_json

AnyDocument = TypeVar("AnyDocument", bound=Document)


def read_lock(text: bytes, source: str = LOCK_FILE) -> Lock:
    """Read a lock of any version that was ever written.

    Raises:
        InvalidDocumentError: when it is damaged, or newer than this hublish.
    """
    return _read_versioned(text, source, "lock", _LOCK_READERS)


def read_plan(text: bytes, source: str = "plan.json") -> PlanDocument:
    """Read a plan that was written to be reviewed.

    Raises:
        InvalidDocumentError: when it is damaged, or of another version.
    """
    return _read_versioned(text, source, "plan", _PLAN_READERS)


def read_receipt(text: bytes, source: str = "receipt.json") -> ReceiptDocument:
    """Read a receipt.

    Raises:
        InvalidDocumentError: when it is damaged, or of another version.
    """
    return _read_versioned(text, source, "receipt", _RECEIPT_READERS)


_Reader = Callable[[Mapping[str, Any], str], AnyDocument]
"""From the data of one version to the document of today; the second argument is the family of its problems."""


def _reader_of(model: type[AnyDocument]) -> "_Reader[AnyDocument]":
    def read(data: Mapping[str, Any], family: str) -> AnyDocument:
        try:
            return model.model_validate(data)
        except ValidationError as error:
            raise InvalidDocumentError(diagnose(error, model, data, family=family)) from None

    return read


# The door for versions. A new version gets a line of its own, and the reader of the old one then turns its data
# into today's document: a lock stays readable for ever.
_LOCK_READERS: Mapping[int, _Reader[Lock]] = {1: _reader_of(Lock)}
_PLAN_READERS: Mapping[int, _Reader[PlanDocument]] = {1: _reader_of(PlanDocument)}
_RECEIPT_READERS: Mapping[int, _Reader[ReceiptDocument]] = {1: _reader_of(ReceiptDocument)}


def _read_versioned(text: bytes, source: str, family: str, readers: Mapping[int, _Reader[AnyDocument]]) -> AnyDocument:
    data = read_json(text, source, family=family)
    key = f"{family}_version"
    version = data.get(key)
    if type(version) is not int or version not in readers:
        found = f"{key} {version}" if type(version) is int else f"no {key}"
        known = ", ".join(map(str, sorted(readers)))
        message = f"{source} has {found}; this hublish reads {known}"
        hint = f"update hublish, or check that the file is a {family}"
        raise InvalidDocumentError((Problem(f"{family}.version", message, hint, key),))
    return readers[version](data, family)
