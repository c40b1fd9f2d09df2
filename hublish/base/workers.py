"""Run the same work on many files at once, on the executor that the caller supplies.

Any `concurrent.futures.Executor` will do: threads by default, a single thread in tests, or another engine.
"""

import resource
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from threading import Lock
from typing import Final, Protocol, TypeVar

from hublish.base.progress import Task

# As many downloads at once as huggingface_hub's snapshot_download; hashing keeps no more threads than cores busy.
_WORKERS: Final = 8
# Cheap items that are handed to another thread together.
_BATCH: Final = 32
_THREAD: Final[int | None] = getattr(resource, "RUSAGE_THREAD", None)

Item = TypeVar("Item")
Result = TypeVar("Result")
Result_co = TypeVar("Result_co", covariant=True)


class Helpers(Protocol[Result_co]):
    """Do cheap work elsewhere, in other processes for instance."""

    @property
    def busy(self) -> bool:
        """Whether some work has been taken and not been returned."""

    def exchange(self, waiting: deque[Sequence[int]], /) -> tuple[Mapping[int, Result_co], Sequence[int]]:
        """Take indices of items from the end of `waiting`; return results, and indices whose work is to be done here.

        Without any waiting item, it waits for one of the two.
        """


def workers() -> Executor:
    """Return the executor that is used where none is supplied: threads, which start when the first work arrives."""
    return ThreadPoolExecutor(_WORKERS, thread_name_prefix="hublish")


def run_each(executor: Executor, work: Callable[[Item], Result], items: Iterable[Item]) -> tuple[Result, ...]:
    """Run `work` on every item and return the results in the order of the items.

    The first exception is raised after all running work has ended: the caller may then close its files.
    """
    # Not `Executor.map`: after an exception it cancels the rest, but does not wait for work that has begun.
    futures = [executor.submit(work, item) for item in items]
    try:
        return tuple(future.result() for future in futures)
    finally:
        # Cancelling finished work does nothing; waiting ends at once when all work has.
        for future in futures:
            future.cancel()
        wait(futures)


def run_cheap_here(
    executor: Executor,
    work: Callable[[Item], Result],
    items: Sequence[Item],
    is_cheap: Callable[[Item], bool],
    helpers: Helpers[Result] | None = None,
) -> tuple[Result, ...]:
    """Run `work` on every item as `run_each` does, but on cheap ones in this thread, unless they wait for the disk.

    Threads that read small files spend more time on passing the interpreter's lock around than on the files.

    Args:
        executor: runs the work on costly items, and on batches of cheap ones that wait.
        work: the work on one item.
        items: the items.
        is_cheap: whether the work on an item takes less than a millisecond.
        helpers: share the work on cheap items, whose indices they get.
    """

    def run(batch: Sequence[int]) -> list[Result]:
        return [work(items[index]) for index in batch]

    cheap = [index for index, item in enumerate(items) if is_cheap(item)]
    waiting: deque[Sequence[int]] = deque(cheap[start : start + _BATCH] for start in range(0, len(cheap), _BATCH))
    results: dict[int, Result] = {}
    given: list[Sequence[int]] = [[index] for index in sorted({*range(len(items))}.difference(cheap))]
    futures = [executor.submit(run, batch) for batch in given]
    try:
        for batch in _batches(waiting, results, helpers):
            before = _waits()
            results.update(zip(batch, run(batch), strict=True))
            if _waits() - before > _BATCH // 4:
                given += waiting
                futures += [executor.submit(run, each) for each in waiting]
                waiting.clear()
        for batch, future in zip(given, futures, strict=True):
            results.update(zip(batch, future.result(), strict=True))
        return tuple(results[index] for index in range(len(items)))
    finally:
        for future in futures:
            future.cancel()
        wait(futures)


def _batches(
    waiting: deque[Sequence[int]], results: dict[int, Result], helpers: Helpers[Result] | None
) -> Iterator[Sequence[int]]:
    """Yield batches for this thread until all items have results."""
    while waiting or (helpers and helpers.busy):
        if helpers:
            done, again = helpers.exchange(waiting)
            results.update(done)
            if again:
                yield again
        if waiting:
            yield waiting.popleft()


def _waits() -> int:
    """Return how often this thread has waited, for the disk or for another thread."""
    # Where the system does not count it, one batch decides for the others.
    return resource.getrusage(_THREAD).ru_nvcsw if _THREAD is not None else time.monotonic_ns()


@dataclass(frozen=True, slots=True)
class SharedTask:
    """A task that several threads advance."""

    task: Task
    _lock: Lock = field(default_factory=Lock)

    def advance(self, amount: int) -> None:
        """Report `amount` more units as done."""
        with self._lock:
            self.task.advance(amount)
