"""Write the release as a folder."""

import tempfile
from pathlib import Path

from hublish.api.files import sealed
from hublish.api.read_project import AnyManifest, read_project
from hublish.api.session import Session
from hublish.base import content, durable
from hublish.base.digests import each_sealed
from hublish.base.errors import UsageError
from hublish.base.progress import SILENT, Progress
from hublish.base.values import Release, ReleaseFile
from hublish.schemas.documents.file_names import MANIFEST_FILE


def build(
    manifest: AnyManifest = MANIFEST_FILE,
    out: str | Path = "build",
    *,
    progress: Progress = SILENT,
    digest_cache: bool = True,
) -> Release:
    """Write the release as a folder.

    Args:
        manifest: the manifest.
        out: a folder that does not exist yet, or is empty; it appears whole or not at all.
        progress: receives stages and bytes.
        digest_cache: see `HubOptions`.

    Raises:
        UsageError: `out` is not empty.
    """
    out = Path(out).absolute()
    # Before the work: converting may take minutes.
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"{out} is not empty", hint="remove it, or name another folder with --out")
    out.parent.mkdir(parents=True, exist_ok=True)
    with Session(read_project(manifest), progress=progress, digest_cache=digest_cache) as session:
        release = sealed(session)
        # On the same disk as `out`, so that the finished folder moves there in one step.
        with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}.") as temporary:
            folder = Path(temporary) / "release"
            folder.mkdir()
            # Every copy is checked: a file that changed since it was sealed leaves no folder behind.
            each_sealed(release.files, lambda file: _write(folder / file.path_in_repo, file))
            folder.replace(out)
        # Without this, a crash of the machine could lose the finished folder's name.
        durable.sync_folder(out.parent)
    return release


def _write(target: Path, file: ReleaseFile) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    content.copy(file.content, target)
