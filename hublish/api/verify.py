"""Compare the Hub with a lock."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from hublish.api.options import HubOptions, takes
from hublish.api.read_project import AnyManifest, read_lock_file, read_project
from hublish.api.session import Session, declared_endpoint
from hublish.base.errors import NotFoundError, UsageError
from hublish.schemas.documents.file_names import GITATTRIBUTES, LOCK_FILE, MANIFEST_FILE
from hublish.schemas.documents.lock import Lock

if TYPE_CHECKING:
    from hublish.hub.client.hub import Hub


@dataclass(frozen=True)
class Verification:
    """The differences between the Hub and a lock."""

    lock: Lock
    missing: tuple[str, ...]
    """Locked files that the revision lacks."""
    extra: tuple[str, ...]
    """Files that were added to the revision after the release."""
    different: tuple[str, ...]
    """Locked files with other bytes."""

    @property
    def ok(self) -> bool:
        """Whether the revision is as it was locked."""
        return not (self.missing or self.extra or self.different)


@takes(HubOptions)
def verify(
    manifest: AnyManifest = MANIFEST_FILE, *, lock: Lock | str | Path | None = None, **options: Unpack[HubOptions]
) -> Verification:
    """Compare the remote revision with the lock, by the digests the Hub lists; no file is downloaded.

    Args:
        manifest: its folder holds hub.lock, and it may declare the endpoint, as may a hub.yaml beside `lock`. The file
            need not exist, and without an endpoint it need not be valid.
        lock: a lock, or the path of one. Default: hub.lock beside the manifest.
        **options: see `HubOptions`.

    Raises:
        UsageError: two manifests name different endpoints.
        DocumentInvalidError: the lock cannot be read.
        ManifestInvalidError: the manifest is not YAML, or it declares an endpoint and is invalid.
        RemoteError: the Hub rejects a request or cannot be reached.
    """
    folder = Path(manifest).absolute().parent if isinstance(manifest, str | Path) else read_project(manifest).folder
    locked = lock if isinstance(lock, Lock) else read_lock_file(Path(lock or folder / LOCK_FILE))
    # With an argument, the manifest does not decide, so that it need not be readable either.
    lock_folder = Path(lock).absolute().parent if isinstance(lock, str | Path) else folder
    beside_lock = lock_folder / MANIFEST_FILE if lock_folder != folder else None
    declared = "" if options.get("endpoint") else _declared(manifest, beside_lock)
    with Session(folder=folder, declared=declared, lock=locked, **options) as session:
        session.progress.begin("reading the repo on the Hub")
        return compared(session.hub, locked)


def _declared(manifest: AnyManifest, beside_lock: Path | None) -> str:
    """Return the endpoint that the manifest declares, or the one beside a lock from another folder."""
    # Both belong to the release: without the second, its token would go to HF_ENDPOINT.
    found = {declared_endpoint(each) for each in (manifest, beside_lock) if each is not None} - {""}
    if len(found) > 1:
        # The token goes to one of them only.
        msg = "the manifest, and the one beside the lock, name different endpoints"
        raise UsageError(msg, hint="choose one with --endpoint")
    return next(iter(found), "")


def compared(hub: "Hub", lock: Lock) -> Verification:
    """Compare the locked revision with its lock.

    Raises:
        RemoteError: the Hub rejects a request, cannot be reached, or has no such revision.
    """
    now = hub.tree(lock, lock.revision)
    # Publishing leaves files that were in the repo before it: only files that came later are extra.
    extra = sorted(now.keys() - {file.path_in_repo for file in lock.files} - _at_release(hub, lock))
    return Verification(
        lock=lock,
        missing=tuple(file.path_in_repo for file in lock.files if file.path_in_repo not in now),
        extra=tuple(extra),
        different=tuple(
            file.path_in_repo
            for file in lock.files
            if (remote := now.get(file.path_in_repo)) and not remote.holds(file)
        ),
    )


def _at_release(hub: "Hub", lock: Lock) -> set[str]:
    """Return the files at the locked commit: some were there before the release and are not part of it."""
    try:
        return set(hub.tree(lock, lock.commit))
    except NotFoundError:  # the history was squashed
        return {GITATTRIBUTES}
