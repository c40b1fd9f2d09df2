"""How long work tells how far it is: a port the command line fills with bars, silent in the library."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Protocol


class Task(Protocol):
    """One measured piece of work."""

    def advance(self, amount: int) -> None:
        """Add `amount` units (bytes, unless the task counts files) to what is done."""


class Progress(Protocol):
    """Where the engine announces stages and stages announce long work."""

    @property
    def visible(self) -> bool:
        """Whether anybody watches; the Hub client's own bars follow it."""

    def begin(self, title: str) -> None:
        """Announce that the stage called `title` begins."""

    def end(self, title: str, seconds: float) -> None:
        """Announce that it ended after `seconds`."""

    def task(self, label: str, total: int, unit: str = "B") -> AbstractContextManager[Task]:
        """Measure one piece of work of `total` units."""


class _SilentTask:
    def advance(self, amount: int) -> None:
        """Do nothing."""


@dataclass(frozen=True)
class Silent:
    """The library's default: nobody is told."""

    visible: bool = False

    def begin(self, title: str) -> None:
        """Do nothing."""

    def end(self, title: str, seconds: float) -> None:
        """Do nothing."""

    @contextmanager
    def task(self, label: str, total: int, unit: str = "B") -> Iterator[Task]:  # noqa: ARG002 - the port's shape
        """Measure nothing."""
        yield _SilentTask()


SILENT = Silent()
