"""What a manifest can say of format `keras`."""

from typing import ClassVar, Literal

from hublish.schemas.documents.document import Document


class KerasOptions(Document):
    """How a model becomes a file."""

    lambdas: Literal["forbid", "allow"] = "forbid"
    """Whether a model may carry functions as Python bytecode, which `Lambda` layers do: whoever loads it must permit
    to run them, and they work in one version of Python only."""


class KerasFormat:
    """Format `keras`."""

    name: ClassVar[str] = "keras"
    suffix: ClassVar[str] = ".keras"
    options: ClassVar[type[Document]] = KerasOptions
