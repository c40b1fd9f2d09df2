"""The verbs that make a release on this machine: card, files, build."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hublish.api.project import AnyManifest, located, read_project
from hublish.base import content, durable, sealed
from hublish.base.errors import UsageError
from hublish.base.progress import SILENT, Progress
from hublish.base.values import Release, ReleaseFile
from hublish.pipeline.build import releasing, rendering
from hublish.schemas.documents.file_names import CARD_FILE, MANIFEST_FILE


@contextmanager
def new_workspace() -> Iterator[Path]:
    """Lend a folder for converted files, which is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="hublish-") as folder:
        yield Path(folder)


def card(manifest: AnyManifest = MANIFEST_FILE, *, progress: Progress = SILENT) -> str:
    """Return the README as it would be published.

    Args:
        manifest: the manifest.
        progress: told about stages and bytes.

    Raises:
        UsageError: when the manifest declares no card and no artifact is a README.md.
    """
    project = read_project(manifest)
    with new_workspace() as workspace, located(project):
        staged = rendering(workspace, progress).run(project, progress)
        found = next((file for file in staged.files if file.path_in_repo == CARD_FILE), None)
        if found is None:
            msg = f"{project.name} declares no card"
            raise UsageError(msg, hint="add `card:` with a template and metadata")
        return found.content.read_at(0, found.content.size).decode()


def files(manifest: AnyManifest = MANIFEST_FILE, *, progress: Progress = SILENT) -> Release:
    """Return exactly what would be uploaded: every file with size and sha256, and what stays out and why.

    Converted files lie in a temporary folder that is gone when this returns; `build` keeps them.

    Args:
        manifest: the manifest.
        progress: told about stages and bytes.
    """
    project = read_project(manifest)
    with new_workspace() as workspace, located(project):
        return releasing(workspace, progress).run(project, progress)


def build(manifest: AnyManifest = MANIFEST_FILE, out: str | Path = "build", *, progress: Progress = SILENT) -> Release:
    """Write the release as a folder.

    Args:
        manifest: the manifest.
        out: a folder that does not exist yet, or is empty; it appears whole or not at all.
        progress: told about stages and bytes.

    Raises:
        UsageError: when `out` holds anything.
    """
    out = Path(out).absolute()
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        msg = f"{out} is not empty"
        raise UsageError(msg, hint="remove it, or name another folder with --out")
    out.parent.mkdir(parents=True, exist_ok=True)
    project = read_project(manifest)
    with new_workspace() as workspace, located(project):
        release = releasing(workspace, progress).run(project, progress)
        with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}.") as temporary:
            folder = Path(temporary) / "release"
            folder.mkdir()
            # Every copy is checked: a file that changed since it was sealed leaves no folder behind.
            sealed.each(release.files, lambda file: _write(folder / file.path_in_repo, file))
            folder.replace(out)
        durable.sync_folder(out.parent)
    return release


def _write(target: Path, file: ReleaseFile) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    content.copy(file.content, target)
