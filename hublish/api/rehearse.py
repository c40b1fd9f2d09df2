"""Publish to a throwaway embedded Hub, pull, load, and compare bit by bit."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hublish.api.plan import planned
from hublish.api.read_project import AnyManifest, read_project
from hublish.api.session import Session
from hublish.base.content import same_bytes
from hublish.base.errors import LoadError, NoArraysError
from hublish.base.progress import SILENT, Progress
from hublish.base.values import LocalRelease, Receipt, Reference
from hublish.base.values.notebook_table import markdown_table
from hublish.pipeline.fetch.fetch import Destination
from hublish.pipeline.fetch.select import Select
from hublish.pipeline.load import opening, pulling
from hublish.pipeline.publish import publishing
from hublish.schemas.documents.file_names import LOCK_FILE, MANIFEST_FILE
from hublish.schemas.documents.hub_names import EMBEDDED


@dataclass(frozen=True, repr=False)
class Rehearsal:
    """The downloaded files, compared with those that were uploaded."""

    receipt: Receipt
    local: LocalRelease
    arrays: int
    """Tensors that were opened from the downloaded files; 0 when the load plan selects no weights."""
    differences: tuple[str, ...]
    """Files that are not the same bit for bit."""

    def __repr__(self) -> str:
        return f"Rehearsal({self.receipt.plan.target}, {self._summary})"

    def _repr_markdown_(self) -> str:
        """Return the summary and the files that differ as a table, for notebooks."""
        title = f"{self.receipt.plan.target}: {self._summary}"
        return markdown_table(title, ("different",), [(path,) for path in self.differences])

    @property
    def _summary(self) -> str:
        files = len(self.receipt.plan.release.files)
        return f"{files - len(self.differences)} of {files} files are the same, {self.arrays} arrays"

    @property
    def same(self) -> bool:
        """Whether every file is the same bit for bit."""
        return not self.differences


def rehearse(manifest: AnyManifest = MANIFEST_FILE, *, progress: Progress = SILENT) -> Rehearsal:
    """Publish, pull and load on a Hub that exists for this call only: without token, network or lock.

    Raises:
        HublishError: every error that publishing or loading for real would raise.
    """
    project = read_project(manifest)
    with (
        # The Hub, the lock and the cache are all in this folder: nothing of the rehearsal stays.
        tempfile.TemporaryDirectory(prefix="hublish-rehearsal-") as name,
        Session(project, endpoint=EMBEDDED, folder=Path(name), progress=progress) as session,
    ):
        hub = session.hub
        receipt = publishing(hub, Path(name, LOCK_FILE)).run(planned(session), progress)
        target = receipt.plan.target
        reference = Reference(target.repo_id, target.repo_type, receipt.revision)
        destination = Destination(cache_dir=Path(name, "cache"))

        def pull(select: Select) -> LocalRelease:
            # Here the one who publishes also pulls: the policy is the puller's own.
            own = project.manifest.policy.pickle != "forbid"
            pipeline = pulling(hub, destination, select, progress, session.executor, allow_pickle=own)
            return pipeline.run(reference, progress)

        # Everything, to compare every file; then the load plan's files, to open the arrays as a user would.
        local, needed = pull(Select(("*",), ())), pull(Select())
        return Rehearsal(receipt, local, _arrays(needed), _differences(receipt, local))


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
        return False  # numpy has no such type; the digest of the file was checked anyway
    return True


def _differences(receipt: Receipt, local: LocalRelease) -> tuple[str, ...]:
    downloaded = {file.promised.path_in_repo: file.path for file in local.files}
    return tuple(
        file.path_in_repo
        for file in receipt.plan.release.files
        if file.path_in_repo not in downloaded or not same_bytes(file.content, downloaded[file.path_in_repo])
    )
