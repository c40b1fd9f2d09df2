"""What a caller asks of a Hub: which release, from where, to where; and how it is brought here."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from hublish.api.document_files import read_lock_file
from hublish.api.session import connected
from hublish.api.verify import embedded_endpoint
from hublish.base.errors import UsageError
from hublish.base.progress import SILENT, Progress
from hublish.base.values import Digest, LocalRelease, PromisedFile, Reference
from hublish.hub.client.caller import OURSELVES, Caller
from hublish.pipeline.fetch.fetch import Destination
from hublish.pipeline.fetch.select import Select
from hublish.pipeline.load import pulling
from hublish.schemas.documents.hub_names import RepoType
from hublish.schemas.documents.lock import Lock


class PullOptions(TypedDict, total=False):
    """The keyword arguments of `hublish.pull`, which other verbs pass on."""

    revision: str | None
    repo_type: RepoType
    lock: Lock | str | Path | None
    cache_dir: str | Path | None
    local_dir: str | Path | None
    allow_patterns: Sequence[str] | str | None
    ignore_patterns: Sequence[str] | str | None
    force_download: bool
    local_files_only: bool
    endpoint: str | None
    token: str | bool | None
    progress: Progress


@dataclass(frozen=True)
class Request:
    """The arguments of `hublish.pull`, where they are explained."""

    repo_id: str | None = None
    revision: str | None = None
    repo_type: RepoType = "model"
    lock: Lock | str | Path | None = None
    cache_dir: str | Path | None = None
    local_dir: str | Path | None = None
    allow_patterns: Sequence[str] | str | None = None
    ignore_patterns: Sequence[str] | str | None = None
    force_download: bool = False
    local_files_only: bool = False
    endpoint: str | None = None
    token: str | bool | None = None
    progress: Progress = SILENT
    caller: Caller = OURSELVES
    """The library that asks, for the user agent."""

    def pulled(self, *, to_load: bool = False, with_target: bool = False) -> LocalRelease:
        """Bring the files here, every byte checked.

        Args:
            to_load: where nobody says which files, only those that loading reads.
            with_target: the module of the load plan's target as well.
        """
        lock = read_lock_file(Path(self.lock)) if isinstance(self.lock, str | Path) else self.lock
        endpoint = self.endpoint or (embedded_endpoint(lock) if lock else None)
        select = Select(_patterns(self.allow_patterns), _patterns(self.ignore_patterns), to_load, with_target)
        destination = Destination(
            _path(self.cache_dir), _path(self.local_dir), self.force_download, self.local_files_only
        )
        with connected(endpoint, self.token, Path.cwd(), self.progress, self.caller) as hub:
            reference = _reference(self, lock)
            return pulling(hub, destination, select, self.progress).run(reference, self.progress)


def _reference(request: Request, lock: Lock | None) -> Reference:
    repo_id, revision = request.repo_id, request.revision
    if lock is None:
        if repo_id is None:
            msg = "neither a repo_id nor a lock was given"
            raise UsageError(msg)
        return Reference(repo_id, request.repo_type, revision or "main")
    if repo_id not in (None, lock.repo_id):
        msg = f"the lock is of {lock.repo_id}, not of {repo_id}"
        raise UsageError(msg)
    if revision not in (None, lock.commit, lock.tag):
        msg = f"the lock is of commit {lock.commit}, not of {revision}"
        raise UsageError(msg, hint="leave the revision out")
    files = tuple(PromisedFile(file.path_in_repo, file.size, Digest("sha256", file.sha256)) for file in lock.files)
    return Reference(lock.repo_id, lock.repo_type, lock.commit, files, lock.load)


def _path(path: str | Path | None) -> Path | None:
    return None if path is None else Path(path)


def _patterns(patterns: Sequence[str] | str | None) -> tuple[str, ...] | None:
    if patterns is None:
        return None
    return (patterns,) if isinstance(patterns, str) else tuple(patterns)
