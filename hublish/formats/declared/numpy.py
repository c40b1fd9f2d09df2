"""What a manifest can say of format `numpy`."""

from typing import ClassVar

from hublish.schemas.documents.document import Document, Flag


class NumpyOptions(Document):
    """How arrays become a file."""

    compressed: Flag = False
    """Deflate the arrays of a `.npz`; trained weights hardly shrink, masks and counts do."""


class NumpyFormat:
    """Format `numpy`."""

    name: ClassVar[str] = "numpy"
    suffix: ClassVar[str] = ""  # a file keeps its own: .npy or .npz
    options: ClassVar[type[Document]] = NumpyOptions
