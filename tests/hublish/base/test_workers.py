"""Work on many files: results in order, errors once nothing runs any more, and any executor."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from hublish.base.workers import SharedTask, run_each, run_in_batches, workers
from tests.pipeline.staging import Inline


@pytest.mark.parametrize("executor", [workers(), ThreadPoolExecutor(1), Inline()], ids=["default", "one", "inline"])
def test_results_come_in_the_order_of_the_items(executor: Executor) -> None:
    assert run_each(executor, lambda number: number**2, range(50)) == tuple(number**2 for number in range(50))


def test_cheap_items_are_handed_over_together_and_costly_ones_are_not() -> None:
    executor = Remembering()
    costs = [0] * 100 + [1 << 20] * 3 + [5] * 2
    found = run_in_batches(executor, lambda item: item[0], list(enumerate(costs)), lambda item: item[1])
    assert found == tuple(range(len(costs)))
    assert len(executor.futures) == 7


def test_an_error_is_raised_once_no_work_is_under_way() -> None:
    begun, ended = threading.Event(), threading.Event()

    def work(item: str) -> None:
        if item == "slow":
            begun.set()
            threading.Event().wait(0.2)
            ended.set()
        else:
            begun.wait()
            raise ValueError(item)

    with pytest.raises(ValueError, match="bad"):
        run_each(workers(), work, ["slow", "bad"])
    assert ended.is_set()


class Remembering(ThreadPoolExecutor):
    """One worker, and every future that was handed out."""

    def __init__(self) -> None:
        super().__init__(1)
        self.futures: list[Future[Any]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.futures.append(super().submit(fn, *args, **kwargs))
        return self.futures[-1]


def test_work_that_has_not_begun_is_cancelled_after_an_error() -> None:
    done: list[int] = []

    def work(number: int) -> None:
        if number == 0:
            raise ValueError
        while not executor.futures[-1].cancelled():
            time.sleep(0.001)
        done.append(number)

    with Remembering() as executor, pytest.raises(ValueError, match=r"^$"):
        run_each(executor, work, range(10))
    assert len(done) <= 1


@dataclass
class Counter:
    done: int = 0

    def advance(self, amount: int) -> None:
        before = self.done
        threading.Event().wait(0)  # lets another thread in, which would be lost without the lock
        self.done = before + amount


def test_threads_advance_one_task() -> None:
    counter = Counter()
    task = SharedTask(counter)
    run_each(workers(), task.advance, [1] * 2000)
    assert counter.done == 2000
