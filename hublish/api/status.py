"""Detect whether the working tree or the Hub has drifted from the lock."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Unpack

from hublish.api.files import sealed
from hublish.api.lock_target import DeclaredTarget, lock_of, refuse_other_target
from hublish.api.options import HubOptions, takes
from hublish.api.read_project import AnyManifest, read_project
from hublish.api.session import Session
from hublish.api.verify import Verification, compared
from hublish.base.errors import RemoteError
from hublish.base.values import Project, Release, Setting
from hublish.base.values.publication import LocalDrift, setting_changes
from hublish.pipeline.compare.drift import drift_since
from hublish.schemas.documents.file_names import MANIFEST_FILE
from hublish.schemas.documents.lock import Lock


@dataclass(frozen=True)
class RemoteDrift:
    """The state of the Hub, compared with a lock."""

    endpoint: str
    """The Hub that was read."""
    repo_exists: bool
    """Whether the repo exists and the token may see it."""
    head: str | None
    """The commit of the locked revision; None when the revision is gone."""
    commits_since: int | None
    """Commits on top of the locked one; None when it is not among the newest."""
    tag_at: str | None
    """The commit of the locked tag; None when the tag is gone, or none was locked."""
    verification: Verification
    settings: tuple[Setting, ...] = ()
    """Settings of the repo that differ from the manifest."""

    @property
    def lock(self) -> Lock:
        """The lock that the Hub is compared with."""
        return self.verification.lock

    @property
    def moved(self) -> bool:
        """Whether the revision is at another commit than the locked one."""
        return self.head != self.lock.commit

    @property
    def tag_moved(self) -> bool:
        """Whether the locked tag is gone or at another commit."""
        return self.lock.tag is not None and self.tag_at != self.lock.tagged_commit

    @property
    def any(self) -> bool:
        """Whether anything differs from the lock or the manifest."""
        return self.moved or self.tag_moved or not self.verification.ok or bool(self.settings)


@dataclass(frozen=True)
class Status:
    """The drift of the working tree and of the Hub; None where it is not known."""

    project: Project
    release: Release
    lock: Lock | None
    """The lock; None before the first release."""
    local: LocalDrift | None
    """The drift of the working tree; None without a lock."""
    remote: RemoteDrift | None
    """The drift of the Hub; None without a lock, offline, and when the Hub could not be read."""
    error: RemoteError | None = None
    """The reason why the Hub could not be read."""

    @property
    def changed(self) -> bool:
        """Whether there is anything to do: a drift, or a first release."""
        halves = (self.local, self.remote)
        return self.lock is None or any(half is not None and half.any for half in halves)


@takes(HubOptions)
def status(
    manifest: AnyManifest = MANIFEST_FILE,
    *,
    lock: Lock | str | Path | None = None,
    offline: bool = False,
    **options: Unpack[HubOptions],
) -> Status:
    """Compare the working tree and the Hub with the lock.

    The working tree is sealed as by `files`, conversions included, and compared by digests. On the Hub, only listings
    are read; no file is downloaded, and nothing is written anywhere. When the Hub cannot be read, the local half is
    still reported, together with the error.

    Args:
        manifest: the manifest.
        lock: a lock, or the path of one. Default: the one beside the manifest, `priv.lock` for `priv.yaml`, which may
            be missing.
        offline: send no request.
        **options: see `HubOptions`.

    Raises:
        ManifestInvalidError, SourceError, PolicyError: the release cannot be made.
        DocumentInvalidError: the lock cannot be read, or the named one is missing.
        LockTargetError: the lock records a release for another repo, type or endpoint.
    """
    project = read_project(manifest, lock=None if isinstance(lock, Lock) else lock)
    locked = lock if isinstance(lock, Lock) else lock_of(project)
    with Session(project, lock=locked, **options) as session:
        if locked is not None:
            # Without a request: the local half must not depend on the Hub.
            _refuse_other_target(session, locked, offline=True)
        release = sealed(session)
        if locked is None:
            return Status(project, release, None, None, None)
        local = drift_since(locked, release, project.target)
        if offline:
            return Status(project, release, locked, local, None)
        # A Hub that cannot be reached is part of the result: the local half is useful without it.
        try:
            session.progress.begin("reading the repo on the Hub")
            return Status(project, release, locked, local, _remote(session, locked))
        except RemoteError as error:
            return Status(project, release, locked, local, None, error)


def _refuse_other_target(session: Session, lock: Lock, *, offline: bool = False) -> None:
    project = session.project
    refuse_other_target(lock, session, DeclaredTarget.resolved(project), project.lock_path.name, offline=offline)


def _remote(session: Session, lock: Lock) -> RemoteDrift:
    _refuse_other_target(session, lock)
    hub = session.hub
    # The lock names the repo and branch to read, the manifest the settings they should have.
    target = replace(session.target, repo_id=lock.repo_id, repo_type=lock.repo_type, revision=lock.revision)
    head = hub.head(target)
    if head.commit is None:
        missing = tuple(file.path_in_repo for file in lock.files)
        gone = Verification(lock, missing=missing, extra=(), different=())
        return RemoteDrift(target.endpoint, head.repo_exists, None, None, None, gone)
    # One page of the history: a lock that is older counts as not among the newest.
    history = hub.history(target, lock.revision) if head.commit != lock.commit else (lock.commit,)
    return RemoteDrift(
        endpoint=target.endpoint,
        repo_exists=True,
        head=head.commit,
        commits_since=history.index(lock.commit) if lock.commit in history else None,
        tag_at=head.tags.get(lock.tag) if lock.tag else None,
        verification=compared(hub, lock),
        settings=setting_changes(target, head),
    )
