"""A limit for readers that follow a file to its end, as those of formats without a directory do."""

from dataclasses import dataclass

from hublish.formats.blob import Blob
from hublish.formats.input_files import InvalidFileError


@dataclass(slots=True)
class LimitedBlob:
    """Another blob, of which no more than a number of bytes is read: a reader may follow a hostile file for hours."""

    parent: Blob
    left: int

    @property
    def size(self) -> int | None:
        """Number of bytes."""
        return self.parent.size

    def read_at(self, offset: int, length: int) -> bytes:
        """Read from the parent.

        Raises:
            InvalidFileError: more is read than the limit.
        """
        data = self.parent.read_at(offset, length)
        self.left -= len(data)
        if self.left < 0:
            raise InvalidFileError("too much of it would have to be read")
        return data
