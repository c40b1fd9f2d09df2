"""Publish to a throwaway embedded Hub, pull, load, and compare bit by bit."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hublish.api.attesting import publishing_signer
from hublish.api.plan import KEPT, planned
from hublish.api.pull import can_load
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
from hublish.pipeline.lock.plan_digest import plan_digest, with_digest
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
    not_loaded: str = ""
    """The reason why no array was opened; empty when there are arrays."""
    signed_with: str = ""
    """The key that signed it, for people; empty for a release that is not signed."""

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
    def added_by_hub(self) -> tuple[str, ...]:
        """Files that were pulled but not published: the Hub adds some to every new repo, such as .gitattributes."""
        published = {file.path_in_repo for file in self.receipt.plan.release.files}
        pulled = (file.promised.path_in_repo for file in self.local.files)
        return tuple(path for path in pulled if path not in published)

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
        signed_with = _signing_here(session)
        plan = planned(session, kept=KEPT)
        plan = with_digest(plan, plan_digest(plan)) if plan.release.attestation else plan  # part of the claims
        receipt = publishing(hub, Path(name, LOCK_FILE), publishing_signer(session)).run(plan, progress)
        target = receipt.plan.target
        reference = Reference(target.repo_id, target.repo_type, receipt.revision)
        destination = Destination(cache_dir=Path(name, "cache"))

        def pull(select: Select, progress: Progress) -> LocalRelease:
            # Here the one who publishes also pulls: the policy is the puller's own.
            waived = any(one.problem.code == "policy.pickle" for one in receipt.plan.release.waived)
            own = waived or project.manifest.policy.pickle != "forbid"
            pipeline = pulling(hub, destination, select, progress, session.executor, allow_pickle=own)
            return pipeline.run(reference, progress)

        # Everything, to compare every file; then the load plan's files, to open the arrays as a user would. Those are
        # in the cache now: there is nothing to report.
        local, needed = pull(Select(("*",), ()), progress), pull(Select(), SILENT)
        arrays, not_loaded = _arrays(needed, progress if can_load(needed) else SILENT)
        return Rehearsal(receipt, local, arrays, _differences(receipt, local), not_loaded, signed_with)


def _signing_here(session: Session) -> str:
    """Sign with a key of this call where there is no key; return how, for people. A rehearsal asks for no identity."""
    own = session.signer
    if own is None:
        return ""
    if own.is_reproducible:
        return "the key of the manifest"
    # Imported here: few manifests sign.
    from hublish.api.signing import throwaway_signer

    session.signer = throwaway_signer()
    reason = "an identity signs only when it is published" if own.method == "sigstore" else "there is no key here"
    return f"a throwaway key: {reason}"


def _arrays(local: LocalRelease, progress: Progress) -> tuple[int, str]:
    """Return the number of arrays that were read to the last byte, or the reason why there are none."""
    try:
        arrays = opening().run(local, progress).arrays
    except LoadError as error:
        if local.plan.release.load.serializer is not None and not isinstance(error, NoArraysError):
            raise
        return 0, error.message  # a release without weights is a release too
    count = sum(_is_read(arrays, name) for name in arrays)
    if count:
        return count, ""
    return 0, f"arrays of types that numpy lacks: {len(arrays)}" if arrays else "there is no array in the files"


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
