"""verify: what stands on the Hub, compared with what a lock recorded."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hublish.api.document_files import read_lock_file
from hublish.api.project import AnyManifest, read_project
from hublish.api.session import EMBEDDED, connected
from hublish.base.errors import NotFoundError
from hublish.base.progress import SILENT, Progress
from hublish.base.values import RemoteFile
from hublish.hub.client.hub import Hub
from hublish.schemas.documents.file_names import GITATTRIBUTES, LOCK_FILE, MANIFEST_FILE
from hublish.schemas.documents.lock import Lock, LockedFile


@dataclass(frozen=True)
class Verification:
    """What differs between the Hub and a lock."""

    lock: Lock
    missing: tuple[str, ...]
    """Locked files that are not there."""
    extra: tuple[str, ...]
    """Files that came to the revision after the release."""
    different: tuple[str, ...]
    """Locked files with other bytes."""

    @property
    def ok(self) -> bool:
        """Whether the revision is as it was locked."""
        return not (self.missing or self.extra or self.different)


def verify(
    manifest: AnyManifest = MANIFEST_FILE,
    *,
    lock: Lock | str | Path | None = None,
    endpoint: str | None = None,
    token: str | bool | None = None,
    progress: Progress = SILENT,
) -> Verification:
    """Compare the remote revision with the lock, by the digests the Hub lists; no file is downloaded.

    Args:
        manifest: its folder holds hub.lock; not read when `lock` is given.
        lock: a lock, or the path of one.
        endpoint: a URL or `embedded`; default: the lock's when it is `embedded`, else HF_ENDPOINT or the public Hub.
        token: a token, None for the saved one, False for none.
        progress: told about stages.

    Raises:
        DocumentInvalidError: there is no lock that can be read.
        RemoteError: the Hub refuses or cannot be reached.
    """
    folder = _folder_of(manifest)
    locked = lock if isinstance(lock, Lock) else read_lock_file(Path(lock or folder / LOCK_FILE))
    with connected(endpoint or embedded_endpoint(locked), token, folder, progress) as hub:
        progress.begin("reading what stands on the Hub")
        return compared(hub, locked)


def compared(hub: Hub, lock: Lock) -> Verification:
    """Compare the locked revision with its lock.

    Raises:
        RemoteError: the Hub refuses, cannot be reached, or has no such revision.
    """
    now = hub.tree(lock, lock.revision)
    extra = sorted(now.keys() - {file.path_in_repo for file in lock.files} - _at_release(hub, lock))
    return Verification(
        lock=lock,
        missing=tuple(file.path_in_repo for file in lock.files if file.path_in_repo not in now),
        extra=tuple(extra),
        different=tuple(file.path_in_repo for file in lock.files if _differs(file, now)),
    )


def embedded_endpoint(lock: Lock) -> str | None:
    """Return `embedded` when the release was published there; a URL in a lock never overrides HF_ENDPOINT."""
    return EMBEDDED if lock.endpoint == EMBEDDED else None


def _folder_of(manifest: AnyManifest) -> Path:
    if isinstance(manifest, str | Path):
        return Path(manifest).absolute().parent
    return read_project(manifest).folder


def _at_release(hub: Hub, lock: Lock) -> set[str]:
    """Return what stood at the locked commit: files outside the release that were there before it."""
    try:
        return set(hub.tree(lock, lock.commit))
    except NotFoundError:  # squashed away
        return {GITATTRIBUTES}


def _differs(file: LockedFile, now: Mapping[str, RemoteFile]) -> bool:
    remote = now.get(file.path_in_repo)
    if remote is None:
        return False
    return remote.sha256 != file.sha256 if remote.sha256 else remote.blob_id != file.blob_id
