"""The contents of a drafted release: files grouped by role, files left out, and the fields that describe them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hublish.pipeline.draft.commented_yaml import Field


@dataclass(frozen=True, slots=True)
class Part:
    """Files released in the same way for the same reason."""

    files: tuple[str, ...]
    """Paths in the listing."""
    why: str
    """A short reason, for the comment beside the source."""
    serializer: str = "copy"
    options: Mapping[str, Any] = field(default_factory=dict)
    path_in_repo: str | None = None
    """The new name of a single file, which stays in its folder."""
    brings: tuple[str, ...] = ()
    """Files that the serializer adds by itself: the shards of an index, the external data of an ONNX model."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file, or a folder with all its files, that is not part of the release."""

    path: str
    """Relative to the root of the listing; a folder ends with `/`."""
    why: str


@dataclass(frozen=True, slots=True)
class Detected:
    """Something that was detected, and the evidence for it."""

    what: str
    """For example `a transformers model` or `license apache-2.0`."""
    evidence: str
    """For example `config.json: architectures BertModel`."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Files of one kind, divided into those to release and those to leave out."""

    parts: tuple[Part, ...] = ()
    left_out: tuple[LeftOut, ...] = ()

    def __add__(self, other: "Selection") -> "Selection":
        return Selection((*self.parts, *other.parts), (*self.left_out, *other.left_out))

    @property
    def paths(self) -> frozenset[str]:
        """Every file that has been decided on, those that serializers add included."""
        released = (path for part in self.parts for path in (*part.files, *part.brings))
        return frozenset([*released, *(left.path for left in self.left_out)])


@dataclass(frozen=True)
class Outline:
    """The contents of a release, before they are written as a manifest."""

    template: str
    """The built-in card template: model, dataset or space."""
    parts: tuple[Part, ...]
    root: str = ""
    """The folder whose content becomes the content of the repo."""
    left_out: tuple[LeftOut, ...] = ()
    detected: tuple[Detected, ...] = ()
    metadata: tuple[Field, ...] = ()
    """The metadata of a card that is rendered from a template."""
    repo: tuple[Field, ...] = ()
    """Further fields of `repo`: the SDK of a Space."""
    card: tuple[Field, ...] = ()
    """Further fields of the card: `evaluation` and `data`."""
    variables: tuple[Field, ...] = ()
    """The card's variables, the hints among them with an example."""
    load: tuple[Field, ...] = ()
    advice: tuple[str, ...] = ()
    """Advice for the end of the draft, one paragraph each."""
