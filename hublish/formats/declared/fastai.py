"""What a manifest can say of format `fastai`."""

from typing import ClassVar

from hublish.schemas.documents.document import Document


class FastaiOptions(Document):
    """There is nothing to choose."""


class FastaiFormat:
    """Format `fastai`."""

    name: ClassVar[str] = "fastai"
    suffix: ClassVar[str] = ".pkl"
    options: ClassVar[type[Document]] = FastaiOptions
