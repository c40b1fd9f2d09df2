"""Work on many files: results in order, errors once nothing runs any more, and any executor."""

import itertools
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from hublish.base.workers import SharedTask, run_cheap_here, run_each, workers
from tests.pipeline.staging import Inline


@pytest.mark.parametrize("executor", [workers(), ThreadPoolExecutor(1), Inline()], ids=["default", "one", "inline"])
def test_results_come_in_the_order_of_the_items(executor: Executor) -> None:
    assert run_each(executor, lambda number: number**2, range(50)) == tuple(number**2 for number in range(50))


@pytest.mark.parametrize("waits", [False, True])
def test_cheap_items_run_here_until_they_wait(waits: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    executor, count = Remembering(), itertools.count(step=100 if waits else 0)
    monkeypatch.setattr("hublish.base.workers._waits", lambda: next(count))
    here = threading.current_thread()
    items = [number % 10 for number in range(100)]
    found = run_cheap_here(executor, lambda item: (item, threading.current_thread() is here), items, bool)
    assert [item for item, _ in found] == items
    # Ten costly items; of the cheap ones, the first batch shows whether they wait.
    assert [is_here for item, is_here in found if not item] == [False] * 10
    assert sum(is_here for _, is_here in found) == (32 if waits else 90)
    assert len(executor.futures) == (12 if waits else 10)


def test_an_error_here_cancels_the_work_elsewhere() -> None:
    executor = Remembering()

    def work(item: int) -> None:
        if item == 1:
            raise ValueError(item)
        time.sleep(0.01)

    with pytest.raises(ValueError, match="1"):
        run_cheap_here(executor, work, [0] * 50 + [1], bool)
    assert any(future.cancelled() for future in executor.futures)
    assert all(future.done() for future in executor.futures)


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
