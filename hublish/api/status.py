"""status: has the working tree, or the Hub, drifted from the lock?"""

from dataclasses import dataclass, replace
from pathlib import Path

from hublish.api.build import new_workspace
from hublish.api.document_files import read_lock_file
from hublish.api.project import AnyManifest, located, read_project
from hublish.api.session import connected
from hublish.api.verify import Verification, compared, embedded_endpoint
from hublish.base.errors import RemoteError
from hublish.base.progress import SILENT, Progress
from hublish.base.values import Head, Project, Release, Setting
from hublish.base.values.publication import LocalDrift, setting_changes
from hublish.hub.client.hub import Hub
from hublish.pipeline.build import releasing
from hublish.pipeline.compare import drift
from hublish.schemas.documents.file_names import LOCK_FILE, MANIFEST_FILE
from hublish.schemas.documents.lock import Lock


@dataclass(frozen=True)
class RemoteDrift:
    """What stands on the Hub, held against a lock."""

    endpoint: str
    """The Hub that was asked."""
    repo_exists: bool
    """Whether the token may see it there."""
    head: str | None
    """The commit that the locked revision stands at now; None when the revision is gone."""
    commits_since: int | None
    """Commits on top of the locked one; None when it is not among the newest."""
    tag_at: str | None
    """The commit that the locked tag stands at now; None when it is gone, or there was none."""
    verification: Verification
    settings: tuple[Setting, ...] = ()
    """Settings of the repo that are not as the manifest says."""

    @property
    def lock(self) -> Lock:
        """What it is held against."""
        return self.verification.lock

    @property
    def moved(self) -> bool:
        """Whether the revision stands at another commit than the locked one."""
        return self.head != self.lock.commit

    @property
    def tag_moved(self) -> bool:
        """Whether the locked tag is gone or stands elsewhere."""
        return self.lock.tag is not None and self.tag_at != self.lock.commit

    @property
    def any(self) -> bool:
        """Whether anything is not as it was locked, or as the manifest says."""
        return self.moved or self.tag_moved or not self.verification.ok or bool(self.settings)


@dataclass(frozen=True)
class Status:
    """Both halves; what is not known is None."""

    project: Project
    release: Release
    lock: Lock | None
    """The lock; None when nothing was published from here yet."""
    local: LocalDrift | None
    """The working tree against the lock; None without a lock."""
    remote: RemoteDrift | None
    """The Hub against the lock; None without a lock, when it was not asked, or could not be."""
    error: RemoteError | None = None
    """Why the Hub could not be asked."""

    @property
    def changed(self) -> bool:
        """Whether there is anything to do: a drift, or a first release."""
        halves = (self.local, self.remote)
        return self.lock is None or any(half is not None and half.any for half in halves)


def status(
    manifest: AnyManifest = MANIFEST_FILE,
    *,
    lock: Lock | str | Path | None = None,
    offline: bool = False,
    endpoint: str | None = None,
    token: str | bool | None = None,
    progress: Progress = SILENT,
) -> Status:
    """Hold the working tree and the Hub against the lock.

    The working tree is sealed as `files` does it, conversions included, and compared by digests. Of the Hub only what
    it lists is read; no file is downloaded, and nothing is written anywhere. When the Hub cannot be asked the local
    half is still told, and the error with it.

    Args:
        manifest: the manifest.
        lock: a lock, or the path of one; default: hub.lock beside the manifest, which may be missing.
        offline: leave the Hub alone.
        endpoint: a URL or `embedded`; default: the manifest's, the lock's when it is `embedded`, else HF_ENDPOINT or
            the public Hub.
        token: a token, None for the saved one, False for none.
        progress: told about stages and bytes.

    Raises:
        ManifestInvalidError, SourceError, PolicyError: there is no release to compare.
        DocumentInvalidError: the lock cannot be read, or the one that was named is missing.
    """
    project = read_project(manifest)
    locked = _locked(lock, project)
    with new_workspace() as workspace, located(project):
        release = releasing(workspace, progress).run(project, progress)
    if locked is None:
        return Status(project, release, None, None, None)
    local = drift.since(locked, release, project.target)
    if offline:
        return Status(project, release, locked, local, None)
    where = endpoint or project.target.endpoint or embedded_endpoint(locked)
    try:
        with connected(where, token, project.folder, progress) as hub:
            progress.begin("reading what stands on the Hub")
            return Status(project, release, locked, local, _remote(hub, locked, project))
    except RemoteError as error:
        return Status(project, release, locked, local, None, error)


def _locked(lock: Lock | str | Path | None, project: Project) -> Lock | None:
    if isinstance(lock, Lock):
        return lock
    if lock is None and not (project.folder / LOCK_FILE).exists():
        return None
    return read_lock_file(Path(lock or project.folder / LOCK_FILE))


def _remote(hub: Hub, lock: Lock, project: Project) -> RemoteDrift:
    target = replace(hub.at(project.target), repo_id=lock.repo_id, repo_type=lock.repo_type, revision=lock.revision)
    head = hub.head(target)
    if head.commit is None:
        missing = tuple(file.path_in_repo for file in lock.files)
        gone = Verification(lock, missing=missing, extra=(), different=())
        return RemoteDrift(target.endpoint, head.repo_exists, None, None, None, gone)
    history = hub.history(target, lock.revision) if head.commit != lock.commit else (lock.commit,)
    return RemoteDrift(
        endpoint=target.endpoint,
        repo_exists=True,
        head=head.commit,
        commits_since=history.index(lock.commit) if lock.commit in history else None,
        tag_at=_tag_at(lock, head),
        verification=compared(hub, lock),
        settings=setting_changes(target, head),
    )


def _tag_at(lock: Lock, head: Head) -> str | None:
    return None if lock.tag is None else head.tags.get(lock.tag)
