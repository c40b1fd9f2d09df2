"""The receipt: the Hub's response to a publish, and the result of the verification."""

from typing import Literal

from hublish.schemas.documents.field_types import Count, Document, Flag
from hublish.schemas.documents.json_documents import read_versioned, reader_of
from hublish.schemas.documents.lock import Sha1, Sha256
from hublish.schemas.documents.plan import PlanDocument

RECEIPT_VERSION = 1


class ReceiptDocument(Document):
    """A successful publish."""

    receipt_version: Literal[1] = 1
    """The version of this format."""
    commit: Sha1
    """The commit that contains the release."""
    created: Flag
    """Whether this run created the commit; false when it existed already."""
    url: str
    """The web page of the commit or pull request."""
    pull_request: Count | None
    """The number of the pull request that proposes it."""
    tag: str | None
    """The tag at the commit."""
    moving_tags: tuple[str, ...] = ()
    """The tags that follow the releases, and are at the commit; empty in a receipt of an earlier hublish."""
    moving_branches: tuple[str, ...] = ()
    """The branches that do so."""
    verified: Flag
    """Whether every file at the commit was compared with the plan."""
    plan: PlanDocument
    """The plan that was published."""
    plan_sha256: Sha256 | None = None
    """The digest of the plan.json that was published, which the message of the commit records; null in a receipt of an
    earlier hublish."""


def read_receipt(text: bytes, source: str = "receipt.json") -> ReceiptDocument:
    """Read a receipt.

    Raises:
        InvalidDocumentError: when it is damaged, or of another version.
    """
    return read_versioned(text, source, "receipt", {1: reader_of(ReceiptDocument)})
