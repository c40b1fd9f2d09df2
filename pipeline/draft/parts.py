"""What a release is made of: files that belong together, with the reason they are in; and those that stay out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Part:
    """Files that are released in one way for one reason."""

    files: tuple[str, ...]
    """Paths in the tree."""
    why: str
    """A short text for the comment beside it."""
    serializer: str = "copy"
    options: Mapping[str, Any] = field(default_factory=dict)
    path_in_repo: str | None = None
    """Of one file that gets another name."""
    brings: tuple[str, ...] = ()
    """Files that the serializer collects by itself: the shards of an index, external data of ONNX."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file, or a folder with everything in it, that stays out."""

    path: str
    """Below the folder; one that ends with `/` is a folder."""
    why: str


@dataclass(frozen=True, slots=True)
class Recognised:
    """Something that was found, and what it was told by."""

    what: str
    """`a transformers model`, `licence apache-2.0`."""
    evidence: str
    """`config.json: architectures BertModel`."""


@dataclass(frozen=True, slots=True)
class Sorted:
    """Files, sorted into what is in and what is out."""

    parts: tuple[Part, ...] = ()
    left_out: tuple[LeftOut, ...] = ()

    def __add__(self, other: "Sorted") -> "Sorted":
        return Sorted((*self.parts, *other.parts), (*self.left_out, *other.left_out))
