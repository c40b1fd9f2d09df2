"""The signature and the claims of a locked release, as its revision on the Hub has them."""

import hashlib
from collections.abc import Mapping

from hublish.attestation.examine import AppliedRule, Unexamined, examine, too_large
from hublish.base.values import RemoteFile
from hublish.base.values.examined import Examination
from hublish.hub.client import transfer
from hublish.hub.client.hub import Hub
from hublish.schemas.documents.file_names import ATTESTATION_FILES, SIGNATURE_FILE
from hublish.schemas.documents.hub_names import repo_path
from hublish.schemas.documents.lock import Lock

# The Hub stores larger files in LFS, and lists their sha256.
_MOST_OUTSIDE_LFS = 16 << 20


def examined(hub: Hub, lock: Lock, applied: AppliedRule, commit: str, tree: Mapping[str, RemoteFile]) -> Examination:
    """Return whether the release at a commit of the locked revision satisfies a rule.

    The digests are those that the Hub lists, and those of the lock for unchanged files outside of LFS; changed ones are
    read.

    Args:
        hub: the Hub.
        lock: the lock of the release.
        applied: the rule.
        commit: the commit.
        tree: its files.

    Raises:
        RemoteError: the Hub refuses a request or cannot be reached.
    """

    def read(path: str) -> bytes:
        return transfer.read(hub, lock, path, commit, size=tree[path].size)

    wanted = [path for path in ATTESTATION_FILES if path in tree] if SIGNATURE_FILE in tree else []
    repo = repo_path(lock.repo_id, lock.repo_type)
    if large := tuple(too_large({path: tree[path].size for path in wanted}, len(tree))):
        return Examination(repo, problems=large)
    content = {path: read(path) for path in wanted}
    known = _listed(lock, tree)
    for path, sha256 in known.items():
        if sha256 is None and path not in content and tree[path].size <= _MOST_OUTSIDE_LFS:
            known[path] = hashlib.sha256(read(path)).hexdigest()
    signature, claims, bom = (content.get(path) for path in ATTESTATION_FILES)
    return examine(Unexamined(repo, known, signature, claims, bom, lock.signature), applied)


def _listed(lock: Lock, tree: Mapping[str, RemoteFile]) -> dict[str, str | None]:
    """Return the sha256 of each file in a tree; None where only its content gives it."""
    locked = {file.blob_id: file.sha256 for file in lock.files}
    return {path: file.sha256 if file.sha256 is not None else locked.get(file.blob_id) for path, file in tree.items()}
