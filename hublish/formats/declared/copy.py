"""What a manifest can say of format `copy`."""

from typing import ClassVar

from hublish.schemas.documents.document import Document


class CopyOptions(Document):
    """There is nothing to choose."""


class CopyFormat:
    """Format `copy`."""

    name: ClassVar[str] = "copy"
    suffix: ClassVar[str] = ""
    options: ClassVar[type[Document]] = CopyOptions
