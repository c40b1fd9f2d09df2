"""Run the same work on many files at once, on the executor that the caller supplies.

Any `concurrent.futures.Executor` will do: threads by default, a single thread in tests, or another engine.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from threading import Lock
from typing import Final, TypeVar

from hublish.base.progress import Task

# As many downloads at once as huggingface_hub's snapshot_download; hashing keeps no more threads than cores busy.
_WORKERS: Final = 8
# Handing an item to another thread takes as long as reading a small file.
_BATCH: Final = 32
_BATCH_COST: Final = 1 << 20

Item = TypeVar("Item")
Result = TypeVar("Result")


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


def run_in_batches(
    executor: Executor, work: Callable[[Item], Result], items: Iterable[Item], cost: Callable[[Item], int]
) -> tuple[Result, ...]:
    """Run `work` on every item as `run_each` does, handing cheap items over in batches.

    Args:
        executor: runs the batches.
        work: the work on one item.
        items: the items.
        cost: the bytes that the work on an item reads.
    """
    batches = run_each(executor, lambda batch: [work(item) for item in batch], _batches(items, cost))
    return tuple(result for batch in batches for result in batch)


def _batches(items: Iterable[Item], cost: Callable[[Item], int]) -> Iterator[list[Item]]:
    batch: list[Item] = []
    total = 0
    for item in items:
        batch.append(item)
        total += cost(item)
        if len(batch) == _BATCH or total >= _BATCH_COST:
            yield batch
            batch, total = [], 0
    if batch:
        yield batch


@dataclass(frozen=True, slots=True)
class SharedTask:
    """A task that several threads advance."""

    task: Task
    _lock: Lock = field(default_factory=Lock)

    def advance(self, amount: int) -> None:
        """Report `amount` more units as done."""
        with self._lock:
            self.task.advance(amount)
