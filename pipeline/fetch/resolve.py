"""Reference -> RemoteRelease: one commit, its files with their digests, and how it is loaded."""

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import ClassVar

from hublish.base import digests
from hublish.base.errors import IntegrityError, LoadError, OfflineError
from hublish.base.values import PromisedFile, Reference, RemoteRelease
from hublish.hub.client import transfer
from hublish.hub.client.hub import Hub
from hublish.pipeline.fetch import listings, removing
from hublish.pipeline.fetch.destination import Destination
from hublish.schemas.diagnose.problems import InvalidDocumentError
from hublish.schemas.documents.file_names import MANIFEST_FILE
from hublish.schemas.documents.manifest import Load
from hublish.schemas.documents.reading_manifest import read_load
from hublish.schemas.yaml.reader import MAX_BYTES


@dataclass(frozen=True)
class Resolve:
    """Pin a reference to a commit.

    A lock says everything itself. Otherwise the Hub is asked; what it said is remembered, and serves when the
    network is off.

    Raises (from `run`):
        NotFoundError: no such repo or revision.
        OfflineError: the network is off and the revision was never seen.
        LoadError: the repo's hub.yaml cannot be read.
    """

    hub: Hub
    destination: Destination
    title: ClassVar[str] = "resolving the revision"

    def run(self, reference: Reference) -> RemoteRelease:
        """Return the release at the commit."""
        if reference.locked is not None:
            files = tuple(reference.locked)
            return RemoteRelease(reference, reference.revision, files, reference.load or Load())
        listing = self._listing(reference)
        load = reference.load or listing.load
        return RemoteRelease(reference, listing.commit, listing.files, load)

    def _listing(self, reference: Reference) -> listings.Listing:
        folder = self.destination.records(reference.repo_id, reference.repo_type)
        remembered = listings.find(folder, reference.revision)
        if self.destination.local_files_only:
            return _known(remembered, reference)
        try:
            listing = self._asked(reference)
        except OfflineError:
            if remembered is None:
                raise
            return remembered
        with suppress(OSError):  # a cache that may only be read serves as well
            listings.save(folder, reference.revision, listing)
        return listing

    def _asked(self, reference: Reference) -> listings.Listing:
        commit = self.hub.commit_of(reference, reference.revision)
        tree = self.hub.tree(reference, commit)
        files = tuple(
            PromisedFile(file.path_in_repo, file.size, digests.promised_by(file)) for _, file in sorted(tree.items())
        )
        manifest = next((file for file in files if file.path_in_repo == MANIFEST_FILE), None)
        load = Load() if manifest is None else self._load_plan(reference, commit, manifest)
        return listings.Listing(commit=commit, files=files, load=load)

    def _load_plan(self, reference: Reference, commit: str, manifest: PromisedFile) -> Load:
        if manifest.size > MAX_BYTES:
            msg = f"the {MANIFEST_FILE} in {reference.repo_id} has {manifest.size} bytes; it was not downloaded"
            raise LoadError(msg, hint="give a load plan, or a hub.lock")
        # Into the cache, whatever else goes elsewhere: the folder may hold a manifest of its own.
        options = replace(self.destination, local_dir=None).options(reference.repo_type, commit)
        with self.hub.watched():
            path = transfer.download(self.hub, reference.repo_id, MANIFEST_FILE, advance=lambda _: None, **options)
        if not digests.matches(path, manifest.size, manifest.digest, lambda _: None):
            done = removing.remove(path)
            msg = f"{MANIFEST_FILE} of {reference.repo_id} is not what the commit promises; {done}"
            raise IntegrityError(msg, hint="run again to download it anew")
        try:
            return read_load(path.read_bytes(), MANIFEST_FILE)
        except InvalidDocumentError as error:
            msg = f"the {MANIFEST_FILE} in {reference.repo_id} at {commit[:12]} cannot be read"
            raise LoadError(msg, hint="give a load plan, or a hub.lock", problems=error.problems) from None


def _known(remembered: listings.Listing | None, reference: Reference) -> listings.Listing:
    if remembered is None:
        msg = f"{reference.repo_id} at {reference.revision} was never downloaded by hublish to this cache"
        raise OfflineError(msg, hint="run once with the network, or give a hub.lock")
    return remembered
