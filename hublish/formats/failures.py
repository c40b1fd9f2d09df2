"""Errors of readers and frameworks, as the errors a serializer promises."""

from collections.abc import Iterator
from contextlib import contextmanager

from hublish.base.errors import HublishError
from hublish.formats.input_files import InvalidFileError

_LONGEST = 500


@contextmanager
def failing_as(kind: type[HublishError]) -> Iterator[None]:
    """Turn a reader's refusal into the error of whoever dumps or loads."""
    try:
        yield
    except InvalidFileError as error:
        raise kind(error.message, hint=error.hint) from None


@contextmanager
def framework_failing_as(kind: type[HublishError], doing: str) -> Iterator[None]:
    """Turn whatever a framework raises into `kind`, saying what it was doing.

    Args:
        kind: the error of whoever dumps or loads.
        doing: the beginning of the message: `skops cannot read model.skops`.
    """
    try:
        yield
    except HublishError:
        raise
    # What a framework raises over a file it cannot read is anything at all.
    except Exception as error:
        lines = str(error).strip().splitlines() or [""]
        msg = f"{doing}: {type(error).__name__}: {lines[0][:_LONGEST]}"
        raise kind(msg) from error
