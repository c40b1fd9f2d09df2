"""The view of `card --diff`: the changes that publishing would make to the card on the Hub."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from hublish.cli.terminal.color import Paint
from hublish.schemas.documents.file_names import CARD_FILE

_COLORS: Final = {"+": "green", "-": "red", "@": "cyan"}
# The names of the two files.
_HEAD: Final = 2


@dataclass(frozen=True)
class CardDiffView:
    """A unified diff; empty for a card that stays as it is."""

    diff: str

    def human(self, paint: Paint) -> Iterable[str]:
        """Return the diff in colors."""
        if not self.diff:
            yield f"{CARD_FILE} on the Hub stays as it is."
        # A color in the card is not one of ours.
        for index, line in enumerate(self.diff.replace("\x1b", r"\x1b").split("\n")[:-1]):
            color = "bold" if index < _HEAD else _COLORS.get(line[:1])
            yield paint(color, line) if color else line

    def document(self) -> Any:
        """Return the diff as a string."""
        return {"path_in_repo": CARD_FILE, "diff": self.diff}

    def quiet(self) -> Iterable[str]:
        """Return the lines of the diff."""
        return self.diff.split("\n")[:-1]
