"""What a folder turned out to be, before it is a manifest."""

from dataclasses import dataclass

from hublish.pipeline.draft.fields import Field
from hublish.pipeline.draft.parts import LeftOut, Part, Recognised


@dataclass(frozen=True)
class Outline:
    """A release in parts."""

    template: str
    """Of the card: model, dataset or space."""
    parts: tuple[Part, ...]
    root: str = ""
    """The folder whose content becomes the repo."""
    left_out: tuple[LeftOut, ...] = ()
    recognised: tuple[Recognised, ...] = ()
    metadata: tuple[Field, ...] = ()
    """Of a card that is rendered."""
    repo: tuple[Field, ...] = ()
    """More about the repo: the SDK of a Space."""
    evaluation: str | None = None
    load: tuple[Field, ...] = ()
    advice: tuple[str, ...] = ()
    """What a person is told at the end of the draft, a paragraph each."""
