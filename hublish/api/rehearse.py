"""rehearse: publish to a throwaway embedded Hub, pull, load, and compare bit by bit."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hublish.api.project import AnyManifest, located, read_project
from hublish.api.session import EMBEDDED, connected
from hublish.base.content import same_bytes
from hublish.base.errors import LoadError, NoArraysError
from hublish.base.progress import SILENT, Progress
from hublish.base.values import LocalRelease, Receipt, Reference
from hublish.hub.client.hub import Hub
from hublish.pipeline.fetch.fetch import Destination
from hublish.pipeline.fetch.select import Select
from hublish.pipeline.load import opening, pulling
from hublish.pipeline.publish import planning, publishing
from hublish.schemas.documents.file_names import LOCK_FILE, MANIFEST_FILE


@dataclass(frozen=True)
class Rehearsal:
    """What came back, compared with what went up."""

    receipt: Receipt
    local: LocalRelease
    arrays: int
    """Tensors that were opened from what came back; 0 when the load plan holds no weights."""
    differences: tuple[str, ...]
    """Files that did not come back bit for bit."""

    @property
    def same(self) -> bool:
        """Whether every file came back bit for bit."""
        return not self.differences


def rehearse(manifest: AnyManifest = MANIFEST_FILE, *, progress: Progress = SILENT) -> Rehearsal:
    """Run the whole way and back on a Hub that exists for this call only; no token, no network, no lock.

    Raises:
        HublishError: whatever publishing or loading for real would raise.
    """
    project = read_project(manifest)
    with _throwaway(progress) as (hub, folder), located(project):
        target = hub.at(project.target)
        plan = planning(_made(folder / "workspace"), hub, target, hub.head(target), progress).run(project, progress)
        receipt = publishing(hub, folder / LOCK_FILE).run(plan, progress)
        reference = Reference(target.repo_id, target.repo_type, receipt.revision)
        destination = Destination(cache_dir=folder / "cache")
        local = pulling(hub, destination, Select(("*",), ()), progress).run(reference, progress)
        needed = pulling(hub, destination, Select(), progress).run(reference, progress)
        return Rehearsal(receipt, local, _arrays(needed), _differences(receipt, local))


@contextmanager
def _throwaway(progress: Progress) -> Iterator[tuple[Hub, Path]]:
    with tempfile.TemporaryDirectory(prefix="hublish-rehearsal-") as name:
        folder = Path(name)
        with connected(EMBEDDED, None, folder, progress) as hub:
            yield hub, folder


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _arrays(local: LocalRelease) -> int:
    try:
        arrays = opening().run(local).arrays
    except NoArraysError:
        return 0
    except LoadError:
        if local.plan.release.load.serializer is not None:
            raise
        return 0  # a release without weights is a release too
    return sum(_is_read(arrays, name) for name in arrays)


def _is_read(arrays: Mapping[str, Any], name: str) -> bool:
    try:
        arrays[name].tobytes()
    except LoadError:
        return False  # elements that numpy cannot hold; the file's digest was checked all the same
    return True


def _differences(receipt: Receipt, local: LocalRelease) -> tuple[str, ...]:
    came_back = {file.promised.path_in_repo: file.path for file in local.files}
    return tuple(
        file.path_in_repo
        for file in receipt.plan.release.files
        if file.path_in_repo not in came_back or not same_bytes(file.content, came_back[file.path_in_repo])
    )
