"""Keep the released hub.yaml when only settings of the repo have changed since: they are not a new version."""

import hashlib
from dataclasses import replace
from typing import Final

from hublish.base.content import InMemory, blob_hasher
from hublish.base.values import Head, Release, ReleaseFile, RepoRef
from hublish.hub.client import transfer
from hublish.hub.client.hub import Hub
from hublish.schemas.documents.file_names import MANIFEST_FILE
from hublish.schemas.documents.manifest_yaml import differs_only_in_settings

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


def _is_at(head: Head, file: ReleaseFile) -> bool:
    remote = head.files.get(file.path_in_repo)
    return remote is not None and remote.holds(file)
