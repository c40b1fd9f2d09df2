"""The released hub.yaml: keep it when only settings of the repo have changed since, and read its policy."""

import hashlib
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import ClassVar, Final

from pydantic import ValidationError

from hublish.base.content import InMemory, blob_hasher
from hublish.base.errors import RemoteError
from hublish.base.values import Action, Head, Plan, Release, ReleaseFile, Target
from hublish.hub.client import transfer
from hublish.hub.client.hub import Hub
from hublish.schemas.diagnose.problems import InvalidDocumentError
from hublish.schemas.documents.file_names import MANIFEST_FILE
from hublish.schemas.documents.manifest import Policy
from hublish.schemas.documents.manifest_yaml import differs_only_in_settings
from hublish.schemas.yaml.reader import read_yaml

# A larger file on the Hub is not a manifest, and is not worth a download.
_LARGEST: Final = 1 << 20


@dataclass(frozen=True)
class KeepManifest:
    """Keep the hub.yaml of the head when everything else is equal and it differs in settings only: Release -> Release.

    Before a release is signed: the signature is over this file as well.

    Raises (from `run`):
        RemoteError: the Hub cannot be read.
    """

    hub: Hub
    target: Target
    head: Head
    title: ClassVar[str] = "comparing hub.yaml with the released one"

    def run(self, release: Release) -> Release:
        """Return the release, with the hub.yaml that stays on the Hub."""
        remote, commit = self.head.files.get(MANIFEST_FILE), self.head.commit or self.head.default_commit
        own = self._only_difference(release)
        if own is None or remote is None or commit is None or remote.size > _LARGEST:
            return release
        text = transfer.read(self.hub, self.target, MANIFEST_FILE, commit, size=remote.size)
        if not differs_only_in_settings(text, own.content.read_at(0, own.size)):
            return release
        blob = blob_hasher(len(text))
        blob.update(text)
        sha256 = hashlib.sha256(text).hexdigest()
        kept = ReleaseFile(MANIFEST_FILE, len(text), sha256, blob.hexdigest(), InMemory(text), own.origin)
        return replace(release, files=tuple(kept if file is own else file for file in release.files))

    def works_on(self, release: Release) -> bool:
        """Return whether hub.yaml is the only file that differs."""
        return self._only_difference(release) is not None

    def _only_difference(self, release: Release) -> ReleaseFile | None:
        different = [file for file in release.files if not _is_at(self.head, file)]
        # A file that an artifact supplies has this name by chance, and is no manifest.
        is_alone = [(file.path_in_repo, file.origin.artifact) for file in different] == [(MANIFEST_FILE, None)]
        return different[0] if is_alone and MANIFEST_FILE in self.head.files else None


def released_policy(plan: Plan, hub: Hub) -> Policy | None:
    """Return the policy of the hub.yaml that a plan replaces; None when it stays, or cannot be read."""
    change = next((each for each in plan.of(Action.CHANGE) if each.path_in_repo == MANIFEST_FILE), None)
    if change is None or change.file is None or change.remote is None or change.file.origin.artifact is not None:
        return None
    if change.remote.size > _LARGEST:
        return None
    commit = plan.head.commit or plan.head.default_commit or ""
    # A plan does not depend on it: another tool may have written the file.
    with suppress(RemoteError, InvalidDocumentError, ValidationError):
        text = transfer.read(hub, plan.target, MANIFEST_FILE, commit, size=change.remote.size)
        data = read_yaml(text, MANIFEST_FILE).data
        # With `publish_manifest: load`, only a part of it was published.
        if "artifacts" in data:
            return Policy.model_validate(data.get("policy") or {})
    return None


def _is_at(head: Head, file: ReleaseFile) -> bool:
    remote = head.files.get(file.path_in_repo)
    return remote is not None and remote.holds(file)
