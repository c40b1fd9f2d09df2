"""The released hub.yaml: keep it when only settings of the repo have changed since, and read its policy."""

import hashlib
from contextlib import suppress
from dataclasses import replace
from typing import Final

from pydantic import ValidationError

from hublish.base.content import InMemory, blob_hasher
from hublish.base.errors import RemoteError
from hublish.base.values import Action, Head, Plan, Release, ReleaseFile, RepoRef
from hublish.hub.client import transfer
from hublish.hub.client.hub import Hub
from hublish.schemas.diagnose.problems import InvalidDocumentError
from hublish.schemas.documents.file_names import MANIFEST_FILE
from hublish.schemas.documents.manifest import Policy
from hublish.schemas.documents.manifest_yaml import differs_only_in_settings
from hublish.schemas.yaml.reader import read_yaml

# A larger file on the Hub is not a manifest, and is not worth a download.
_LARGEST: Final = 1 << 20


def as_released(release: Release, repo: RepoRef, head: Head, hub: Hub) -> Release:
    """Return the release with the hub.yaml of the head, when everything else is equal and it differs in settings only.

    Raises:
        RemoteError: the Hub cannot be read.
    """
    remote, commit = head.files.get(MANIFEST_FILE), head.commit or head.default_commit
    holds = {file.path_in_repo for file in release.files if _is_at(head, file)}
    different = [file for file in release.files if file.path_in_repo not in holds]
    if remote is None or commit is None or remote.size > _LARGEST:
        return release
    # A file that an artifact supplies has this name by chance, and is no manifest.
    if [(file.path_in_repo, file.origin.artifact) for file in different] != [(MANIFEST_FILE, None)]:
        return release
    text = transfer.read(hub, repo, MANIFEST_FILE, commit, size=remote.size)
    own = different[0]
    if not differs_only_in_settings(text, own.content.read_at(0, own.size)):
        return release
    blob = blob_hasher(len(text))
    blob.update(text)
    sha256 = hashlib.sha256(text).hexdigest()
    kept = ReleaseFile(MANIFEST_FILE, len(text), sha256, blob.hexdigest(), InMemory(text), own.origin)
    return replace(release, files=tuple(kept if file is own else file for file in release.files))


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
