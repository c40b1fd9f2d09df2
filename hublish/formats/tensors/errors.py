"""What reading a file of tensors can raise; the serializer says whether it was dumping or loading."""

from collections.abc import Iterator
from contextlib import contextmanager


class InvalidFileError(ValueError):
    """A file is not what its format asks for.

    Args:
        message: what is wrong.
        hint: what to do about it.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


@contextmanager
def named(place: object) -> Iterator[None]:
    """Name the place, such as a file, in the error of whoever reads there."""
    try:
        yield
    except InvalidFileError as error:
        raise InvalidFileError(f"{place}: {error.message}", hint=error.hint) from None
