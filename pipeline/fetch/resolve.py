"""Reference -> RemoteRelease: resolve a reference to one commit, its files with their digests, and its load plan."""

import json
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final
from urllib.parse import quote

from pydantic import ValidationError

from hublish.base import digests, durable
from hublish.base.errors import LoadError, OfflineError
from hublish.base.values import PromisedFile, Reference, RemoteRelease
from hublish.hub.client.described_revision import described_revision
from hublish.hub.client.hub import Hub
from hublish.pipeline.fetch.fetch import Destination
from hublish.pipeline.fetch.small_file import SmallFiles
from hublish.schemas.diagnose.problems import InvalidDocumentError
from hublish.schemas.documents.field_types import Document
from hublish.schemas.documents.file_names import MANIFEST_FILE
from hublish.schemas.documents.hub_names import RepoType
from hublish.schemas.documents.json_documents import without_credentials
from hublish.schemas.documents.manifest import Load
from hublish.schemas.documents.manifest_yaml import read_load
from hublish.schemas.yaml.reader import MAX_BYTES

_COMMIT: Final = re.compile(r"[0-9a-f]{40}")
_LONGEST_COMMIT: Final = 64


@dataclass(frozen=True)
class Resolve:
    """Pin a reference to a commit.

    A lock contains everything. Otherwise the Hub is asked; its response is recorded in the cache and used while the
    network is off.

    Raises (from `run`):
        NotFoundError: the repo or revision does not exist.
        OfflineError: the network is off and the revision is not in the cache.
        LoadError: the repo's hub.yaml cannot be read.
        IntegrityError: the downloaded hub.yaml has other bytes than the commit.
    """

    hub: Hub
    destination: Destination
    title: ClassVar[str] = "resolving the revision"

    def run(self, reference: Reference) -> RemoteRelease:
        """Return the release at the commit."""
        # With a lock no request is made: its commit and digests are the expectation to be met.
        if reference.locked is not None:
            return RemoteRelease(reference, reference.revision, reference.locked, reference.load or Load())
        listing = self._listing(reference)
        load = reference.load or listing.load
        return RemoteRelease(
            reference, listing.commit, listing.files, load, listing.new_version, renamed_to=listing.renamed_to
        )

    def works_on(self, reference: Reference) -> bool:
        """Return whether there is anything to find out: a lock contains it all."""
        return reference.locked is None

    def _listing(self, reference: Reference) -> "Listing":
        folder = self.destination.records(reference.repo_id, reference.repo_type)
        cached = find_listing(folder, reference.revision)
        # The Hub is asked first even when a record exists, since a branch may have moved.
        if self.destination.local_files_only:
            if cached is None:
                msg = f"{reference.repo_id} at {reference.revision} was never downloaded by hublish to this cache"
                raise OfflineError(msg, hint="run once with the network, or give a hub.lock")
            return cached
        try:
            listing = self._from_the_hub(reference)
        except OfflineError:
            if cached is None:
                raise
            return cached
        with suppress(OSError):  # a read-only cache works too, but only with a network
            save_listing(folder, reference.revision, listing)
        return listing

    def _from_the_hub(self, reference: Reference) -> "Listing":
        # The commit first: listing a branch in a second request could see a later commit.
        commit, new_version, renamed_to = described_revision(self.hub, reference, reference.revision)
        tree = self.hub.tree(reference, commit)
        files = tuple(
            PromisedFile(file.path_in_repo, file.size, digests.listed_digest(file)) for _, file in sorted(tree.items())
        )
        manifest = next((file for file in files if file.path_in_repo == MANIFEST_FILE), None)
        load = Load() if manifest is None else self._load_plan(reference, commit, manifest)
        return Listing(commit=commit, files=files, load=load, new_version=new_version, renamed_to=renamed_to)

    def _load_plan(self, reference: Reference, commit: str, manifest: PromisedFile) -> Load:
        # The reader refuses larger manifests anyway; no gigabytes are downloaded to find that out.
        if manifest.size > MAX_BYTES:
            msg = f"the {MANIFEST_FILE} in {reference.repo_id} has {manifest.size} bytes; it was not downloaded"
            raise LoadError(msg, hint="give a load plan, or a hub.lock")
        text = SmallFiles(self.hub, self.destination).read(reference, commit, manifest)
        try:
            return read_load(text, MANIFEST_FILE)
        except InvalidDocumentError as error:
            msg = f"the {MANIFEST_FILE} in {reference.repo_id} at {commit[:12]} cannot be read"
            raise LoadError(msg, hint="give a load plan, or a hub.lock", problems=error.problems) from None


class Listing(Document):
    """The record of a commit, kept in the cache so that a second run does not need a network."""

    commit: str
    """The commit."""
    files: tuple[PromisedFile, ...]
    """Every file with its digest."""
    load: Load
    """The load plan of its hub.yaml."""
    new_version: str | None = None
    """The repo to use instead, from its card."""
    renamed_to: str | None = None
    """The id of the repo, where it was asked for by another one."""


def save_listing(folder: Path, revision: str, listing: Listing) -> None:
    """Record a listing, and that `revision` points to its commit."""
    folder.mkdir(parents=True, exist_ok=True)
    durable.write(folder / f"{listing.commit}.json", without_credentials(listing).model_dump_json().encode())
    # Branches and tags move, so they are recorded apart from the commit, whose content is final.
    if revision != listing.commit:
        durable.write(_ref(folder, revision), json.dumps(listing.commit).encode())


def find_listing(folder: Path, revision: str) -> Listing | None:
    """Return the recorded listing of a revision; None without one, or when it cannot be read."""
    try:
        ref = _ref(folder, revision)
        commit = json.loads(ref.read_bytes()) if ref.exists() else revision
        # Quoted, since the file may be damaged: a commit such as `../../x` must not lead out of the folder.
        return Listing.model_validate_json((folder / f"{quote(str(commit), safe='')}.json").read_bytes())
    except (OSError, ValueError, ValidationError):
        return None


def cached_snapshot(destination: Destination, repo_id: str, repo_type: RepoType, revision: str) -> Path | None:
    """Return the folder of a revision that was downloaded; None when it is not in the cache.

    Args:
        destination: the cache.
        repo_id: the repo.
        repo_type: its kind.
        revision: a branch, a tag or a commit.
    """
    records = destination.records(repo_id, repo_type)
    commit = revision if _COMMIT.fullmatch(revision) else _recorded(records, revision)
    folder = records.parent / "snapshots" / commit
    return folder if _COMMIT.fullmatch(commit) and folder.is_dir() else None


def _recorded(records: Path, revision: str) -> str:
    """Return the commit that a branch or tag had at its last download; an empty string without one."""
    places = [_ref(records, revision)]
    # The client's own downloads: a path of its folder, whose name may not lead out of it.
    if ".." not in revision.split("/") and not revision.startswith("/"):
        places.append(records.parent / "refs" / revision)
    known = [place for place in places if place.is_file()]
    if not known:
        return ""
    newest = max(known, key=lambda place: place.stat().st_mtime_ns)
    return newest.read_bytes()[:_LONGEST_COMMIT].decode("ascii", "replace").strip().strip('"')


def _ref(folder: Path, revision: str) -> Path:
    return folder / f"ref-{quote(revision, safe='')}.json"
