"""The lock beside a manifest, which follows a commit that changes only the card or the signature of its release."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from hublish.api.lock_target import records_release_to
from hublish.api.read_project import read_lock_file
from hublish.api.verify import differences
from hublish.base import durable
from hublish.base.content import blob_hasher
from hublish.base.errors import DocumentInvalidError, NotFoundError
from hublish.base.values import Head, Receipt, RemoteFile, Target
from hublish.hub.client import transfer
from hublish.hub.client.hub import Hub
from hublish.pipeline.lock.lock import require_writable
from hublish.pipeline.lock.records import locked_file, locked_signature
from hublish.schemas.documents.file_names import ATTESTATION_FILES, CARD_FILE, GITATTRIBUTES
from hublish.schemas.documents.lock import Lock

LockState = Literal["current", "updated", "elsewhere"]

# They are renewed with the card.
_RENEWED: Final = ATTESTATION_FILES


@dataclass(frozen=True)
class FollowingLock:
    """A lock that records a release to a branch."""

    path: Path
    target: Target

    @property
    def lock(self) -> Lock | None:
        """The lock, if it records a release to this branch."""
        try:
            lock = read_lock_file(self.path) if self.path.is_file() else None
        except DocumentInvalidError:  # it records nothing, and is not replaced
            return None
        records = lock is not None and records_release_to(self.target, lock) and lock.revision == self.target.revision
        return lock if records else None

    def require_writable(self, head: Head) -> None:
        """Refuse a lock that cannot be updated, before anything is sent."""
        if self.lock is not None and self.lock.commit == head.commit:
            require_writable(self.path, len(self.lock.files))

    def follow(
        self,
        hub: Hub,
        parent: str,
        receipt: Receipt | None,
        readme: bytes,
        is_ours: Callable[[Head, str], bool],
    ) -> LockState | None:
        """Update the lock if it records the commit below, and return its state.

        Args:
            hub: the Hub.
            parent: the commit of the branch before the change.
            receipt: the commit; None when there was nothing to do.
            readme: the card as it is now; empty without one.
            is_ours: returns whether a head made the same change to the card of an earlier commit.
        """
        lock = self.lock
        commit = receipt.commit if receipt else parent
        if lock is None or lock.commit == commit:
            return None if lock is None else "current"
        made = lock.commit == parent if receipt else self._was_made(hub, lock, commit, is_ours)
        if not made:
            return "elsewhere"
        changed = {CARD_FILE: readme, **self._renewed(hub, lock, commit)}
        durable.write(self.path, _following(lock, commit, changed, receipt).to_json().encode())
        return "updated"

    def follow_signature(self, head: Head, receipt: Receipt) -> LockState | None:
        """Update the lock if the branch has its release with a signature that was made later, and return its state.

        Args:
            head: the head of the branch.
            receipt: the signature, as it is on the branch or in a pull request.
        """
        lock = self.lock
        if lock is None or receipt.pull_request:
            return None
        if not has_files_of(lock, head):
            return "elsewhere"
        signed = _with_signature(lock, receipt)
        if signed == lock:
            return "current"
        durable.write(self.path, signed.to_json().encode())
        return "updated"

    def _was_made(self, hub: Hub, lock: Lock, commit: str, is_ours: Callable[[Head, str], bool]) -> bool:
        """Return whether the last commit is the change to the locked release: a run was killed before its lock."""
        if hub.history(self.target, commit)[1:2] != (lock.commit,):
            return False
        now = hub.head(self.target)
        missing, different = differences(lock, now.files)
        if {*missing, *different} - {CARD_FILE, *_RENEWED}:
            return False
        return is_ours(now, lock.commit)

    def _renewed(self, hub: Hub, lock: Lock, commit: str) -> Mapping[str, bytes]:
        """Return the signature and the claims at a commit, if the lock records a signed release."""
        if lock.signature is None:
            return {}
        sizes = {path: file.size for path, file in hub.tree(self.target, commit).items() if path in _RENEWED}
        return {path: transfer.read(hub, self.target, path, commit, size=size) for path, size in sizes.items()}


def has_files_of(lock: Lock, head: Head) -> bool:
    """Return whether a head has exactly the files that a lock records, those of a signature aside."""
    missing, different = differences(lock, head.files)
    others = head.files.keys() - {file.path_in_repo for file in lock.files}
    return not {*missing, *different, *others} - {*ATTESTATION_FILES, GITATTRIBUTES}


def changed_since(hub: Hub, lock: Lock, head: Head) -> tuple[str, ...]:
    """Return the files of a head that a lock and its commit do not have, or have otherwise, those of a signature aside.

    Raises:
        RemoteError: the Hub cannot be read.
    """
    missing, different = differences(lock, head.files)
    recorded = {file.path_in_repo for file in lock.files}
    others = [path for path in head.files if path not in recorded]
    # Publishing leaves files that are not part of the release, unless they are to be deleted.
    left = _tree_of(hub, lock) if others else {}
    added = [path for path in others if left.get(path) != head.files[path]]
    return tuple(sorted({*missing, *different, *added} - {*ATTESTATION_FILES, GITATTRIBUTES}))


def _tree_of(hub: Hub, lock: Lock) -> Mapping[str, RemoteFile]:
    try:
        return hub.tree(lock, lock.commit)
    except NotFoundError:  # the history was squashed
        return {}


def _with_signature(lock: Lock, receipt: Receipt) -> Lock:
    made = [locked_file(file) for file in receipt.plan.release.files if file.path_in_repo in ATTESTATION_FILES]
    files = [file for file in lock.files if file.path_in_repo not in ATTESTATION_FILES]
    signature = locked_signature(receipt.plan.release.attestation)
    update = {"commit": receipt.commit, "tag_commit": _tag_commit(lock), "signature": signature}
    if receipt.commit == lock.commit:
        update = {"signature": signature}
    ordered = tuple(sorted((*files, *made), key=lambda file: file.path_in_repo))
    return lock.model_copy(update={**update, "files": ordered})


def _tag_commit(lock: Lock) -> str | None:
    # The tags of the release stay where they are, and are not at the new commit.
    has_names = bool(lock.tag or lock.moving_tags or lock.moving_branches)
    return lock.tagged_commit if has_names else None


def _following(lock: Lock, commit: str, changed: Mapping[str, bytes], receipt: Receipt | None) -> Lock:
    files = tuple(
        file.model_copy(update=_digests(changed[file.path_in_repo])) if file.path_in_repo in changed else file
        for file in lock.files
        if changed.get(file.path_in_repo, b"-")
    )
    signature = locked_signature(receipt.plan.release.attestation) if receipt and lock.signature else lock.signature
    update = {"commit": commit, "tag_commit": _tag_commit(lock), "files": files, "signature": signature}
    return lock.model_copy(update=update)


def _digests(data: bytes) -> dict[str, Any]:
    blob = blob_hasher(len(data))
    blob.update(data)
    return {"size": len(data), "sha256": hashlib.sha256(data).hexdigest(), "blob_id": blob.hexdigest()}
