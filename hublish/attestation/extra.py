"""The packages that signatures need, which hublish installs on request only."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from hublish.base.errors import MissingDependencyError

_COMMAND: Final = "pip install 'hublish[sign]'"


@contextmanager
def signing_extra() -> Iterator[None]:
    """Report a failed import in this block with the command that installs the packages.

    Raises:
        MissingDependencyError: a package is missing, or cannot be imported.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        msg = f"signatures need {package}, which is not installed"
        raise MissingDependencyError(msg, hint=_COMMAND) from None
    except ImportError as error:
        msg = f"signatures need a package that is installed but cannot be imported: {error}"
        raise MissingDependencyError(msg, hint=f"install it again: {_COMMAND}") from error
