"""Run the same work on many files at once, on the executor that the caller supplies."""

from collections.abc import Callable, Iterable
from concurrent.futures import Executor, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from threading import Lock
from typing import Final, TypeVar

from hublish.base.progress import Task

# As many downloads at once as huggingface_hub's snapshot_download; hashing keeps no more threads than cores busy.
_WORKERS: Final = 8

Item = TypeVar("Item")
Result = TypeVar("Result")


def workers() -> Executor:
    """Return the executor that is used where none is supplied: threads, which start when the first work arrives."""
    return ThreadPoolExecutor(_WORKERS, thread_name_prefix="hublish")


def run_each(executor: Executor, work: Callable[[Item], Result], items: Iterable[Item]) -> tuple[Result, ...]:
    """Run `work` on every item and return the results in the order of the items.

    The first exception is raised once no work is under way any more: the caller may then close whatever it used.
    """
    futures = [executor.submit(work, item) for item in items]
    try:
        return tuple(future.result() for future in futures)
    finally:
        for future in futures:
            future.cancel()
        wait(futures)


@dataclass(frozen=True, slots=True)
class SharedTask:
    """A task that several threads advance."""

    task: Task
    _lock: Lock = field(default_factory=Lock)

    def advance(self, amount: int) -> None:
        """Add `amount` units to what is done."""
        with self._lock:
            self.task.advance(amount)
