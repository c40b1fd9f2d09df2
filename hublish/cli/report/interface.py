"""A result in its three formats."""

from collections.abc import Iterable
from typing import Any, Protocol

from hublish.cli.terminal.color import Paint


class View(Protocol):
    """How one kind of result is shown."""

    def human(self, paint: Paint) -> Iterable[str]:
        """Return the lines a person reads."""

    def document(self) -> Any:
        """Return plain data for JSON; the keys are stable."""

    def quiet(self) -> Iterable[str]:
        """Return the bare values a script wants, one a line; nothing when the exit code says it all."""
