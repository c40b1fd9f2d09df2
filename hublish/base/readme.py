"""The README of a release: rendered from the card, or an artifact's; never both."""

from typing import Final

from hublish.base.values import Effect, Step, Verdict
from hublish.schemas.diagnose.problems import Problem

README: Final = "README.md"
RENDERED: Final = Verdict.of([Step("card", Effect.COLLECTS, "card: rendered", "card")])


def two_cards(source: str, artifact: int | None) -> Problem:
    """Return that a file goes where the rendered card goes.

    Args:
        source: the file.
        artifact: index of the artifact that collects it.
    """
    path = f"artifacts[{artifact}].source" if artifact is not None else ""
    message = f"'{source}' goes to README.md, and so does the rendered card"
    return Problem("card.twice", message, "remove `card`, or leave the file out with patterns.ignore_patterns", path)
