"""DownloadPlan -> LocalRelease: the files are on this machine."""

from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from hublish.base.progress import SILENT, Progress
from hublish.base.values import DownloadPlan, LocalFile, LocalRelease, PromisedFile
from hublish.base.workers import SharedTask, run_each, workers
from hublish.hub.client import transfer, xet_memory
from hublish.hub.client.hub import Hub
from hublish.pipeline.fetch.destination import Destination


@dataclass(frozen=True)
class Fetch:
    """Download what the cache does not hold, at the pinned commit.

    Raises (from `run`):
        OfflineError: the network is off and a file is not in the cache.
        RemoteError: the Hub refused.
    """

    hub: Hub
    destination: Destination
    progress: Progress = SILENT
    executor: Executor = field(default_factory=workers)
    title: ClassVar[str] = "downloading"

    def run(self, plan: DownloadPlan) -> LocalRelease:
        """Return the files with their places."""
        reference = plan.release.reference
        options = self.destination.options(reference.repo_type, plan.release.commit)
        total = sum(file.size for file in plan.files)
        with self.progress.task("downloading", total) as task, self.hub.watched(), xet_memory.bounded():
            advance = SharedTask(task).advance

            def fetch(file: PromisedFile) -> LocalFile:
                path = transfer.download(self.hub, reference.repo_id, file.path_in_repo, advance=advance, **options)
                return LocalFile(file, path)

            files = run_each(self.executor, fetch, plan.files)
        return LocalRelease(plan, _folder(files[0]), files)


def _folder(file: LocalFile) -> Path:
    depth = file.promised.path_in_repo.count("/") + 1
    return file.path.parents[depth - 1]
