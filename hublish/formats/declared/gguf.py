"""What a manifest can say of format `gguf`."""

from typing import ClassVar

from hublish.schemas.documents.document import Document


class GgufOptions(Document):
    """There is nothing to choose."""


class GgufFormat:
    """Format `gguf`."""

    name: ClassVar[str] = "gguf"
    suffix: ClassVar[str] = ".gguf"
    options: ClassVar[type[Document]] = GgufOptions
