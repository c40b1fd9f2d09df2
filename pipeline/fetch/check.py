"""LocalRelease -> LocalRelease (checked): every byte is what was promised, or it is removed and named."""

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from typing import ClassVar

from hublish.base import digests
from hublish.base.errors import IntegrityError
from hublish.base.progress import SILENT, Progress
from hublish.base.values import LocalFile, LocalRelease
from hublish.base.workers import SharedTask, run_each, workers
from hublish.pipeline.fetch import removing
from hublish.schemas.diagnose.problems import Problem


@dataclass(frozen=True)
class Check:
    """Hash every file before anything is loaded: a download checks only the size.

    Raises (from `run`):
        IntegrityError: naming every file with other bytes; each is removed, from the shared cache too.
    """

    progress: Progress = SILENT
    executor: Executor = field(default_factory=workers)
    title: ClassVar[str] = "checking every digest"

    def run(self, release: LocalRelease) -> LocalRelease:
        """Return the release, checked."""
        with self.progress.task("checking", sum(file.promised.size for file in release.files)) as task:
            advance = SharedTask(task).advance
            faults = run_each(self.executor, lambda file: _fault(file, advance), release.files)
        broken = [(file, why) for file, why in zip(release.files, faults, strict=True) if why is not None]
        if broken:
            _remove_and_refuse(broken)
        return replace(release, checked=True)


def _fault(file: LocalFile, advance: Callable[[int], None]) -> str | None:
    promised = file.promised
    try:
        kept = digests.matches(file.path, promised.size, promised.digest, advance)
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    return None if kept else f"does not have the {promised.digest.algorithm} it should have"


def _remove_and_refuse(broken: list[tuple[LocalFile, str]]) -> None:
    problems = [
        Problem("integrity.digest", f"'{file.promised.path_in_repo}' {why}", removing.remove(file.path))
        for file, why in broken
    ]
    msg = f"{len(broken)} file{'s' if len(broken) > 1 else ''} with other bytes than promised; nothing was loaded"
    raise IntegrityError(msg, hint="run again: what was removed is downloaded anew", problems=problems)
