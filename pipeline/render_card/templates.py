"""Which template a card is rendered from: a built-in one by its name, or a file beside the manifest."""

import hashlib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Final

from hublish.base.errors import CardError
from hublish.pipeline.render_card.reading import read_inside
from hublish.schemas.diagnose.problems import Problem
from hublish.schemas.diagnose.suggestions import nearest

BUILT_IN: Final = ("model", "dataset", "space")
TEMPLATE_LIMIT: Final = 256 << 10
"""Bytes of a template."""


@dataclass(frozen=True, slots=True)
class CardTemplate:
    """A template's text."""

    name: str
    """As the manifest names it; diagnostics call it so."""
    text: str
    built_in: bool = False
    """Whether it is one of ours."""

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
        text = (resources.files("hublish") / "templates" / f"{name}.md.j2").read_text("utf-8")
        return CardTemplate(name, text, built_in=True)
    data = read_inside(folder, name, "card.template", TEMPLATE_LIMIT, _built_in_ones(name))
    try:
        return CardTemplate(name, data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        message = f"{name} is not UTF-8 at byte {error.start}"
        problem = Problem("card.template", message, "save it as UTF-8", "card.template")
        msg = "the card's template cannot be read"
        raise CardError(msg, problems=[problem]) from None


def _built_in_ones(name: str) -> str:
    near = nearest(name, BUILT_IN)
    return f"did you mean '{near}'?" if near else f"name a Jinja2 file, or a built-in template: {', '.join(BUILT_IN)}"
