"""The facts that a published card states, and the text around each: a part of hub.lock.

With it, a later run finds each fact in the card again after people have edited it, and compares three values: the one
that the card shows, the recorded one, and the one that the files on the Hub have now.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from hublish.schemas.documents.field_types import Count, Document


class Stated(Document):
    """One fact, as it was when the card was rendered."""

    name: str
    """Its name in templates: `facts.model.parameters`, `data.metrics.accuracy`."""
    value: Any = None
    """Its value; a text, a number or a boolean."""
    file: str = ""
    """The file that it was read from; empty for a fact of all files."""
    key: str = ""
    """The place in the file."""
    released: bool = True
    """Whether the file is part of the release, so that the fact can be derived again from the Hub."""


class StatedInText(Stated):
    """A fact that the text of the card shows."""

    start: Count
    """The offset of the shown value in the text of its statement, in characters."""
    end: Count
    """The offset of its end."""


class Statement(Document):
    """A paragraph, a row of a table, or another line of the card that shows facts."""

    text: str
    """Its Markdown."""
    facts: tuple[StatedInText, ...]
    """The facts in it, in the order of the text."""


class StatedInMetadata(Stated):
    """A fact that the front matter of the card contains."""

    path: str
    """Its place: `base_model`, `model-index[0].results[0].metrics[0].value`."""


class CardRecord(Document):
    """The facts that a published card states."""

    statements: tuple[Statement, ...] = ()
    """Those in its text."""
    metadata: tuple[StatedInMetadata, ...] = ()
    """Those in its front matter."""
    state: Mapping[str, Any] = Field(default_factory=dict)
    """The facts of git and of the changes since the release before, by name. Another run for the same files states
    the same: a commit of the lock itself must not change the card."""

    @property
    def facts(self) -> tuple[Stated, ...]:
        """Every fact."""
        return (*(fact for statement in self.statements for fact in statement.facts), *self.metadata)
