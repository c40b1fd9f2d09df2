"""LocalRelease -> LocalRelease (checked): compare every byte with its digest; files that differ are removed."""

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

from hublish.base import digests
from hublish.base.errors import IntegrityError
from hublish.base.progress import SILENT, Progress
from hublish.base.values import LocalFile, LocalRelease
from hublish.base.workers import SharedTask, run_each, workers
from hublish.schemas.diagnose.problems import Problem, counted


@dataclass(frozen=True)
class Check:
    """Hash every file before anything is loaded: the client compares only sizes.

    Raises (from `run`):
        IntegrityError: naming every file whose bytes differ; each is removed, from the shared cache too.
    """

    progress: Progress = SILENT
    executor: Executor = field(default_factory=workers)
    title: ClassVar[str] = "checking every digest"

    def run(self, release: LocalRelease) -> LocalRelease:
        """Return the release, checked."""
        with self.progress.task("checking", sum(file.promised.size for file in release.files)) as task:
            advance = SharedTask(task).advance
            # Faults are values rather than exceptions, so that all broken files are removed and named.
            faults = run_each(self.executor, lambda file: _fault(file, advance), release.files)
        broken = [(file, fault) for file, fault in zip(release.files, faults, strict=True) if fault is not None]
        if broken:
            _remove_and_refuse(broken)
        return replace(release, checked=True)


def remove(path: Path) -> str:
    """Remove a downloaded file and return the result in words."""
    # In a cache the path is a link to a blob that other revisions may share: a broken blob breaks them as well.
    target = path.resolve()
    try:
        path.unlink(missing_ok=True)
        target.unlink(missing_ok=True)
    except OSError as error:
        return f"it cannot be removed ({error.strerror}): remove {target} yourself"
    return f"removed {target}"


def _fault(file: LocalFile, advance: Callable[[int], None]) -> str | None:
    promised = file.promised
    try:
        same = digests.matches(file.path, promised.size, promised.digest, advance)
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    return None if same else f"does not have the expected {promised.digest.algorithm} digest"


def _remove_and_refuse(broken: list[tuple[LocalFile, str]]) -> None:
    # Removed, as the client would otherwise serve the same bytes from the cache forever.
    problems = [
        Problem("integrity.digest", f"'{file.promised.path_in_repo}' {fault}", remove(file.path))
        for file, fault in broken
    ]
    msg = f"{counted(broken, 'file')} with other bytes than expected; nothing was loaded"
    raise IntegrityError(msg, hint="run again: removed files are downloaded anew", problems=problems)
