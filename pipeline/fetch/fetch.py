"""DownloadPlan -> LocalRelease: the files are on this machine."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import ClassVar

from hublish.base.progress import SILENT, Progress
from hublish.base.values import DownloadPlan, LocalFile, LocalRelease, PromisedFile
from hublish.hub.client import transfer, xet_memory
from hublish.hub.client.hub import Hub
from hublish.pipeline.fetch.destination import Destination

_PARALLEL = 8
"""Downloads at once, as many as huggingface_hub's snapshot_download."""


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
    title: ClassVar[str] = "downloading"

    def run(self, plan: DownloadPlan) -> LocalRelease:
        """Return the files with their places."""
        reference = plan.release.reference
        options = self.destination.options(reference.repo_type, plan.release.commit)
        total = sum(file.size for file in plan.files)
        counting = Lock()
        with self.progress.task("downloading", total) as task, self.hub.watched(), xet_memory.bounded():

            def advance(amount: int) -> None:
                with counting:
                    task.advance(amount)

            def fetch(file: PromisedFile) -> LocalFile:
                path = transfer.download(self.hub, reference.repo_id, file.path_in_repo, advance=advance, **options)
                return LocalFile(file, path)

            with ThreadPoolExecutor(_PARALLEL, thread_name_prefix="hublish-fetch") as pool:
                files = tuple(pool.map(fetch, plan.files))
        return LocalRelease(plan, _folder(files[0]), files)


def _folder(file: LocalFile) -> Path:
    depth = file.promised.path_in_repo.count("/") + 1
    return file.path.parents[depth - 1]
