"""The reverse verbs: pull and load."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hublish.connecting import connected
from hublish.pipeline.downloading.destination import Destination
from hublish.pipeline.errors import UsageError
from hublish.pipeline.hub.client import Hub
from hublish.pipeline.load import opening, pulling
from hublish.pipeline.progress import SILENT, Progress
from hublish.pipeline.stages.select import Select
from hublish.pipeline.values import Digest, Loaded, LocalRelease, PromisedFile, Reference
from hublish.reading import read_lock_file
from hublish.schemas.lock import Lock
from hublish.schemas.manifest import RepoType
from hublish.verifying import embedded_endpoint


def pull(
    repo_id: str | None = None,
    *,
    revision: str | None = None,
    repo_type: RepoType = "model",
    lock: Lock | str | Path | None = None,
    cache_dir: str | Path | None = None,
    local_dir: str | Path | None = None,
    allow_patterns: Sequence[str] | str | None = None,
    ignore_patterns: Sequence[str] | str | None = None,
    force_download: bool = False,
    local_files_only: bool = False,
    endpoint: str | None = None,
    token: str | bool | None = None,
    progress: Progress = SILENT,
) -> LocalRelease:
    """Download what the load plan needs, every byte checked.

    Args:
        repo_id: `namespace/name`; may be left out when a lock is given.
        revision: a branch, tag, pull request ref or commit; default: main, or the lock's commit.
        repo_type: model, dataset, space or kernel.
        lock: what was promised; without it the digests are those the Hub lists at the commit.
        cache_dir: default: HF_HUB_CACHE.
        local_dir: a folder that receives the files instead of the cache.
        allow_patterns: instead of the load plan's.
        ignore_patterns: instead of the load plan's.
        force_download: download again what is there.
        local_files_only: never ask the network.
        endpoint: a URL or `embedded`; default: HF_ENDPOINT, else the public Hub.
        token: a token, None for the saved one, False for none.
        progress: told about stages and bytes.

    Raises:
        NotFoundError: no such repo or revision.
        OfflineError: no network, and the cache does not hold what is needed.
        IntegrityError: a file has other bytes than promised; it was removed.
        LoadError: the load plan selects nothing, or names are not safe.
    """
    locked = _lock(lock)
    select = Select(_patterns(allow_patterns), _patterns(ignore_patterns))
    destination = Destination(_path(cache_dir), _path(local_dir), force_download, local_files_only)
    with _reading_from(locked, endpoint, token, progress) as hub:
        reference = _reference(repo_id, revision, repo_type, locked)
        return pulling(hub, destination, select, progress).run(reference, progress)


def load(repo_id: str | None = None, *, progress: Progress = SILENT, **options: Any) -> Loaded:
    """Pull, then open the weights: `.arrays` maps tensor names to numpy arrays, read when they are touched.

    Args:
        repo_id: `namespace/name`; may be left out when a lock is given.
        progress: told about stages and bytes.
        options: those of `pull`.

    Raises:
        LoadError: no weights, or not in the format the load plan names; and all that `pull` raises.
    """
    return opening().run(pull(repo_id, progress=progress, **options), progress)


def _reference(repo_id: str | None, revision: str | None, repo_type: RepoType, lock: Lock | None) -> Reference:
    if lock is None:
        if repo_id is None:
            msg = "neither a repo_id nor a lock was given"
            raise UsageError(msg)
        return Reference(repo_id, repo_type, revision or "main")
    if repo_id not in (None, lock.repo_id):
        msg = f"the lock is of {lock.repo_id}, not of {repo_id}"
        raise UsageError(msg)
    if revision not in (None, lock.commit, lock.tag):
        msg = f"the lock is of commit {lock.commit}, not of {revision}"
        raise UsageError(msg, hint="leave the revision out")
    files = tuple(PromisedFile(file.path_in_repo, file.size, Digest("sha256", file.sha256)) for file in lock.files)
    return Reference(lock.repo_id, lock.repo_type, lock.commit, files, lock.load)


@contextmanager
def _reading_from(
    lock: Lock | None, endpoint: str | None, token: str | bool | None, progress: Progress
) -> Iterator[Hub]:
    wanted = endpoint or (embedded_endpoint(lock) if lock else None)
    with connected(wanted, token, Path.cwd(), progress) as hub:
        yield hub


def _lock(lock: Lock | str | Path | None) -> Lock | None:
    return read_lock_file(Path(lock)) if isinstance(lock, str | Path) else lock


def _path(path: str | Path | None) -> Path | None:
    return None if path is None else Path(path)


def _patterns(patterns: Sequence[str] | str | None) -> tuple[str, ...] | None:
    if patterns is None:
        return None
    return (patterns,) if isinstance(patterns, str) else tuple(patterns)
