"""What a commit promises, kept beside the cache, so that a second run needs no network.

A branch name is remembered with the commit it last stood at; a commit with its files, their digests and the load plan.
"""

import json
from pathlib import Path
from urllib.parse import quote

from pydantic import ValidationError

from hublish.base import durable
from hublish.base.values import PromisedFile
from hublish.schemas.documents.document import Document
from hublish.schemas.documents.manifest import Load


class Listing(Document):
    """A commit, as it was seen."""

    commit: str
    """The commit."""
    files: tuple[PromisedFile, ...]
    """Every file with its digest."""
    load: Load
    """The load plan that stood in hub.yaml."""


def save(folder: Path, revision: str, listing: Listing) -> None:
    """Remember a listing, and that `revision` stood at it."""
    folder.mkdir(parents=True, exist_ok=True)
    durable.write(folder / f"{listing.commit}.json", listing.model_dump_json().encode())
    if revision != listing.commit:
        durable.write(_ref(folder, revision), json.dumps(listing.commit).encode())


def find(folder: Path, revision: str) -> Listing | None:
    """Return what was remembered of a revision; None when nothing was, or it cannot be read any more."""
    try:
        ref = _ref(folder, revision)
        commit = json.loads(ref.read_bytes()) if ref.exists() else revision
        return Listing.model_validate_json((folder / f"{quote(str(commit), safe='')}.json").read_bytes())
    except (OSError, ValueError, ValidationError):
        return None


def _ref(folder: Path, revision: str) -> Path:
    return folder / f"ref-{quote(revision, safe='')}.json"
