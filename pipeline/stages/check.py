"""LocalRelease -> LocalRelease (checked): every byte is what was promised, or it is removed and named."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from threading import Lock
from typing import ClassVar

from hublish.pipeline.downloading import digests
from hublish.pipeline.errors import IntegrityError
from hublish.pipeline.progress import SILENT, Progress
from hublish.pipeline.values import LocalFile, LocalRelease
from hublish.schemas.problems import Problem

_PARALLEL = 4


@dataclass(frozen=True)
class Check:
    """Hash every file before anything is loaded: a download checks only the size.

    Raises (from `run`):
        IntegrityError: naming every file with other bytes; each is removed, from the shared cache too.
    """

    progress: Progress = SILENT
    title: ClassVar[str] = "checking every digest"

    def run(self, release: LocalRelease) -> LocalRelease:
        """Return the release, checked."""
        counting = Lock()
        with self.progress.task("checking", sum(file.promised.size for file in release.files)) as task:

            def advance(amount: int) -> None:
                with counting:
                    task.advance(amount)

            def keeps_promise(file: LocalFile) -> bool:
                return digests.matches(file.path, file.promised.size, file.promised.digest, advance)

            with ThreadPoolExecutor(_PARALLEL, thread_name_prefix="hublish-check") as pool:
                kept = tuple(pool.map(keeps_promise, release.files))
        broken = [file for file, good in zip(release.files, kept, strict=True) if not good]
        if broken:
            _remove_and_refuse(broken)
        return replace(release, checked=True)


def _remove_and_refuse(broken: list[LocalFile]) -> None:
    problems = []
    for file in broken:
        held_by = file.path.resolve()
        file.path.unlink(missing_ok=True)
        held_by.unlink(missing_ok=True)
        message = f"'{file.promised.path_in_repo}' does not have the {file.promised.digest.algorithm} it should have"
        problems.append(Problem("integrity.digest", message, f"removed {held_by}"))
    msg = f"{len(broken)} file{'s' if len(broken) > 1 else ''} with other bytes than promised; removed"
    raise IntegrityError(msg, hint="run again: what is missing is downloaded anew", problems=problems)
