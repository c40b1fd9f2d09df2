"""Which template a card is rendered from: a built-in one by its name, or a file beside the manifest."""

import hashlib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Final

from hublish.pipeline.cards.reading import read_inside
from hublish.pipeline.errors import CardError
from hublish.schemas.problems import Problem

BUILT_IN: Final = ("model", "dataset", "space")
TEMPLATE_LIMIT: Final = 256 << 10
"""Bytes of a template."""


@dataclass(frozen=True, slots=True)
class CardTemplate:
    """A template's text."""

    name: str
    """As the manifest names it; diagnostics call it so."""
    text: str

    @property
    def sha256(self) -> str:
        """Of the text in UTF-8: what the lock records, so that a card can be made again."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def find_template(name: str, folder: Path) -> CardTemplate:
    """Return a template.

    Args:
        name: `model`, `dataset`, `space`, or a path relative to `folder`.
        folder: of the manifest.

    Raises:
        CardError: when there is none, or it lies outside the folder.
    """
    if name in BUILT_IN:
        return CardTemplate(name, (resources.files("hublish") / "templates" / f"{name}.md.j2").read_text("utf-8"))
    data = read_inside(folder, name, "card.template", TEMPLATE_LIMIT, f"built-in templates: {', '.join(BUILT_IN)}")
    try:
        return CardTemplate(name, data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        problem = Problem("card.template", f"{name} is not UTF-8 at byte {error.start}", path="card.template")
        msg = "the card's template cannot be read"
        raise CardError(msg, problems=[problem]) from None
