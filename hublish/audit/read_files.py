"""Fingerprint many files: through the cache of earlier runs, in threads, and small ones in further processes."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Protocol

from hublish.audit.fingerprint import Fingerprint, Interest, fingerprint
from hublish.audit.fingerprint_cache import FORGETFUL, FingerprintCache, Known, Place
from hublish.audit.fingerprint_processes import Job, process_count, started_processes
from hublish.base.content import Content, ContentChangedError
from hublish.base.progress import SILENT, Progress
from hublish.base.workers import SharedTask, run_cheap_here, workers

# Hashing larger files lets other threads run meanwhile.
_SMALL: Final = 64 << 10


class NamedContent(Protocol):
    """A file and its path in the repo."""

    @property
    def path_in_repo(self) -> str:
        """Its path in the repo."""

    @property
    def content(self) -> Content:
        """Its bytes."""


class Unread(NamedTuple):
    """A file that changed since it was collected, or cannot be read."""

    path_in_repo: str
    reason: str
    changed: bool


class Keep(Protocol):
    """Receives the bytes of small files while they are read."""

    @property
    def left(self) -> int:
        """The number of bytes for which there is room."""

    def offer(self, path_in_repo: str, data: bytes) -> None:
        """Keep the bytes of a file if there is room for them."""


class _KeepNothing:
    left = 0

    def offer(self, path_in_repo: str, data: bytes) -> None:
        """Do nothing."""


NOTHING: Final[Keep] = _KeepNothing()


@dataclass(frozen=True)
class FileReader:
    """Reads many files, each once.

    Args:
        progress: receives the hashed bytes.
        executor: runs the work on each file.
        cache: knows files that earlier runs have read.
        processes: returns the number of further processes for a number of small files.
    """

    progress: Progress = SILENT
    executor: Executor = field(default_factory=workers)
    cache: FingerprintCache = FORGETFUL
    processes: Callable[[int], int] = process_count

    def fingerprints(
        self, files: Sequence[NamedContent], interest: Interest, keep: Keep = NOTHING
    ) -> list[Fingerprint | Unread]:
        """Return the result of reading each file, or why it cannot be read: a value, so that all files are named."""
        known = self.cache.fingerprints([file.content for file in files], interest)
        unread = [file for file, print_ in zip(files, known, strict=True) if print_ is None]
        with self.progress.task("hashing", sum(file.content.size for file in unread)) as task:
            outcomes = self._outcomes(unread, interest, SharedTask(task), keep)
        # An entry for a file that was read while another one failed is kept: the next run needs not read it.
        self.cache.keep(_entries(unread, outcomes, interest))
        fresh = iter(outcomes)
        return [next(fresh)[1] if print_ is None else print_ for print_ in known]

    def _outcomes(
        self, files: Sequence[NamedContent], interest: Interest, task: SharedTask, keep: Keep
    ) -> tuple[tuple[int, Fingerprint | Unread], ...]:
        job = Job(
            [file.content for file in files],
            interest,
            self.cache.now,
            task.advance,
            lambda: keep.left,
            lambda index, data: keep.offer(files[index].path_in_repo, data),
        )
        with started_processes(self.processes(sum(map(_is_small, files))), job) as helpers:
            return run_cheap_here(
                self.executor,
                lambda file: (self.cache.now(), _outcome(file, interest, task, self.executor, keep)),
                files,
                _is_small,
                helpers,
            )


def _is_small(file: NamedContent) -> bool:
    return file.content.size <= _SMALL


def _outcome(
    file: NamedContent, interest: Interest, task: SharedTask, executor: Executor, keep: Keep
) -> Fingerprint | Unread:
    try:
        return fingerprint(
            file.content, interest, task.advance, executor, lambda data: keep.offer(file.path_in_repo, data)
        )
    except ContentChangedError as error:
        return Unread(file.path_in_repo, str(error), changed=True)
    except PermissionError:
        return Unread(file.path_in_repo, "permission denied", changed=False)
    except OSError as error:
        # For instance ELOOP: a link replaced the file.
        return Unread(file.path_in_repo, f"cannot be read any more: {error.strerror}", changed=True)


def _entries(
    files: Iterable[NamedContent], read: Iterable[tuple[int, Fingerprint | Unread]], interest: Interest
) -> Iterator[tuple[Place, Known, int]]:
    for file, (began, print_) in zip(files, read, strict=True):
        place = Place.of(file.content) if isinstance(print_, Fingerprint) else None
        if place is not None and isinstance(print_, Fingerprint):
            yield place, Known(print_.sha256, print_.blob_id, print_.links, print_.inspection, interest), began
