"""The view of `card --open`: the place of the page."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hublish.cli.terminal.color import Paint


@dataclass(frozen=True)
class OpenedCard:
    """A card that was written as a page."""

    path: Path
    opened: bool
    """Whether a browser was found that opens it."""

    def human(self, paint: Paint) -> Iterable[str]:
        """Return the path, and the next step without a browser."""
        del paint
        yield str(self.path)
        if not self.opened:
            yield "No browser was found here: open this file in one."

    def document(self) -> Any:
        """Return the path."""
        return {"path": str(self.path), "opened": self.opened}

    def quiet(self) -> Iterable[str]:
        """Return the path."""
        return [str(self.path)]
