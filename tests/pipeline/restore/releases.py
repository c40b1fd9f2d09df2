"""Releases on this machine, as they come out of the check."""

import hashlib
from pathlib import Path

from hublish.base.values import Digest, DownloadPlan, LocalFile, LocalRelease, PromisedFile, Reference, RemoteRelease
from hublish.schemas.documents.manifest import Load

COMMIT = "0123456789" * 4


def checked(folder: Path, *, load: Load | None = None, revision: str = "main", locked: bool = False) -> LocalRelease:
    """The folder's files, as a release that was checked."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    files = tuple(LocalFile(_promised(path, folder), path) for path in paths)
    promised = tuple(file.promised for file in files)
    reference = Reference("acme/x", revision=revision, locked=promised if locked else None)
    release = RemoteRelease(reference, COMMIT, promised, load or Load())
    return LocalRelease(DownloadPlan(release, promised), folder, files, checked=True)


def _promised(path: Path, folder: Path) -> PromisedFile:
    data = path.read_bytes()
    digest = Digest("sha256", hashlib.sha256(data).hexdigest())
    return PromisedFile(path.relative_to(folder).as_posix(), len(data), digest)
