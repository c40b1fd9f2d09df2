"""DownloadPlan -> LocalRelease: download the files to this machine, and read each behind its download."""

import os
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from hublish.base.progress import SILENT, Progress
from hublish.base.values import DownloadPlan, LocalFile, LocalRelease, PromisedFile
from hublish.base.workers import SharedTask, run_each, workers
from hublish.hub.client import transfer, xet_memory
from hublish.hub.client.hub import Hub
from hublish.hub.client.installed_client import cache_folder, cached
from hublish.pipeline.fetch.reading import Arrivals
from hublish.schemas.documents.hub_names import RepoType


@dataclass(frozen=True)
class Destination:
    """The folders a download goes to, and its use of the cache; the names are huggingface_hub's own."""

    cache_dir: Path | None = None
    """None means HF_HUB_CACHE."""
    local_dir: Path | None = None
    """A folder that receives the files themselves instead of the cache."""
    force_download: bool = False
    """Download files again that exist already."""
    local_files_only: bool = False
    """Never use the network."""

    def options(self, repo_type: RepoType, commit: str) -> Mapping[str, Any]:
        """Return the keyword arguments of `hf_hub_download`."""
        # The fields have the names of its parameters.
        return {"repo_type": repo_type, "revision": commit, **vars(self)}

    @property
    def folder(self) -> Path | None:
        """The absolute path of `local_dir`, as the client resolves it; None for the cache."""
        return None if self.local_dir is None else self.local_dir.expanduser().resolve()

    @property
    def root(self) -> Path:
        """The folder that receives the files, in whatever structure."""
        return self.local_dir or self.cache_dir or cache_folder()

    def records(self, repo_id: str, repo_type: RepoType) -> Path:
        """Return the folder for our records of commits."""
        # Inside the repo's own folder of the cache, so that `hf cache rm` deletes them too.
        return (self.cache_dir or cache_folder()) / "--".join([f"{repo_type}s", *repo_id.split("/")]) / "hublish"


@dataclass(frozen=True)
class Fetch:
    """Download the files that are not in the cache, at the pinned commit, and read each as soon as it has arrived.

    Raises (from `run`):
        OfflineError: the network is off and a file is not in the cache.
        RemoteError: the Hub refused.
    """

    hub: Hub
    destination: Destination
    progress: Progress = SILENT
    executor: Executor = field(default_factory=workers)
    now: Callable[[], int] = time.time_ns
    """The clock of the cache that remembers the files."""
    title: ClassVar[str] = "downloading"

    def run(self, plan: DownloadPlan) -> LocalRelease:
        """Return the files with their local paths, and the findings in those that have arrived; not checked yet."""
        reference = plan.release.reference
        options = self.destination.options(reference.repo_type, plan.release.commit)
        began = file_time(self.destination.root)
        total = sum(file.size for file in plan.files if file.path_in_repo not in plan.present)
        # One `watched` around all downloads bounds their waiting together; in each file it would be a bound per file.
        with (
            self.progress.task("downloading", total) as task,
            self.progress.task("checking", total) as second_task,
            self.hub.bounded(),
            xet_memory.bounded(),
        ):
            advance = SharedTask(task).advance
            arrivals = Arrivals(SharedTask(second_task).advance, self.executor, self.now)

            def fetch(file: PromisedFile) -> LocalFile:
                path, folder = file.path_in_repo, self.destination.folder
                if folder is not None and path in plan.present:
                    return LocalFile(file, folder / path, began)
                # Without force, the client returns an outdated file when the Hub does not answer, and copies from its
                # cache into the existing file, wherever that links to.
                given = {**options, "force_download": True} if path in plan.replaced else options
                blob_id = file.listed_blob_id
                found = transfer.download(
                    self.hub, reference.repo_id, path, size=file.size, advance=advance, blob_id=blob_id, **given
                )
                local = LocalFile(file, found, began)
                arrivals.add(local)
                return local

            files = arrivals.with_findings(run_each(self.executor, fetch, plan.files))
        # The client returns the path of each file: the common folder is as many levels up as its path in the repo has.
        folder = files[0].path.parents[files[0].promised.path_in_repo.count("/")]
        return LocalRelease(plan, folder, files)

    def works_on(self, plan: DownloadPlan) -> bool:
        """Return whether a file is missing here."""
        if self.destination.local_dir is not None or self.destination.force_download:
            return any(file.path_in_repo not in plan.present for file in plan.files)
        release, cache = plan.release, self.destination.cache_dir
        paths = (file.path_in_repo for file in plan.files)
        return any(cached(release.reference, release.commit, path, cache) is None for path in paths)


def file_time(folder: Path) -> int:
    """Return the time, in nanoseconds, that a file system now gives to new files."""
    # Its clock lags behind `time.time_ns` by a tick, and that of a network file system is the server's.
    where = folder if folder.is_dir() and os.access(folder, os.W_OK) else None
    with tempfile.TemporaryFile(dir=where) as probe:
        return os.fstat(probe.fileno()).st_ctime_ns
