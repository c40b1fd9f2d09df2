"""Frameworks that a format needs: imported when they are used, and asked for by name when they are missing."""

import importlib
from typing import Any

from hublish.base.errors import MissingDependencyError


def imported(module: str, *, serializer: str, install: str, advice: str = "") -> Any:
    """Import a framework's module.

    Args:
        module: its full name, such as `skops.io`.
        serializer: the format that needs it, for the error.
        install: what pip is to install, as typed behind `pip install`.
        advice: what to look at when it is installed and does not work.

    Raises:
        MissingDependencyError: when it is not installed, with the pip line; or when it is and does not work.
    """
    top = module.partition(".")[0]
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != top:
            raise _broken(serializer, top, error, advice) from error
        msg = f"serializer {serializer} needs {top}, which is not installed"
        raise MissingDependencyError(msg, hint=f"pip install {install}") from None
    # Compiled packages fail in many ways: a missing library, another numpy, the wrong processor.
    except Exception as error:
        raise _broken(serializer, top, error, advice) from error


def _broken(serializer: str, top: str, error: Exception, advice: str) -> MissingDependencyError:
    msg = f"serializer {serializer} needs {top}, which is installed but cannot be imported: {error}"
    return MissingDependencyError(msg, hint=advice or f"does `python -c 'import {top}'` work? install it again")
