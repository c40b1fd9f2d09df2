"""Progress reporting: a port that the command line implements with bars, and that is silent in the library."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Protocol


class Task(Protocol):
    """One piece of work of known size."""

    def advance(self, amount: int) -> None:
        """Report `amount` more units as done: bytes, unless the task counts files."""


# A port rather than a callback: the engine, the stages and the Hub client report different things to one place.
class Progress(Protocol):
    """Receives stages from the engine, and long work from the stages."""

    @property
    def visible(self) -> bool:
        """Whether progress is shown; the Hub client's own bars follow it."""

    def begin(self, title: str) -> None:
        """Report that the stage called `title` begins."""

    def end(self, title: str, seconds: float) -> None:
        """Report that it ended after `seconds`."""

    def task(self, label: str, total: int, unit: str = "B") -> AbstractContextManager[Task]:
        """Measure one piece of work of `total` units."""


class _SilentTask:
    def advance(self, amount: int) -> None:
        """Do nothing."""


@dataclass(frozen=True)
class Silent:
    """No-op progress, the default of the library."""

    visible: bool = False

    def begin(self, title: str) -> None:
        """Do nothing."""

    def end(self, title: str, seconds: float) -> None:
        """Do nothing."""

    # A context manager, so that a bar is removed from the terminal after an error as well.
    @contextmanager
    def task(self, label: str, total: int, unit: str = "B") -> Iterator[Task]:  # noqa: ARG002 - the port's shape
        """Measure nothing."""
        # A new object each time costs nothing compared with the work, and shares no state between threads.
        yield _SilentTask()


SILENT = Silent()
