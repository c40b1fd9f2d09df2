"""Frameworks, such as torch and keras: detect their types, import them on use, translate their errors."""

import importlib.util
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from typing import Any

from hublish.base.errors import HublishError, MissingDependencyError
from hublish.formats.catalogue import REQUIREMENTS, Requirement
from hublish.schemas.diagnose.problems import shortened

# Characters of a framework's message. Some append a whole model or a traceback of their own.
_LONGEST_MESSAGE = 500
# Values that are searched for arrays.
_MOST_SEARCHED = 1000


def is_a(value: Any, *names: str) -> bool:
    """Return whether a class of `value` has one of these full names, such as `torch.nn.modules.module.Module`.

    Compares names instead of classes, so that no framework is imported to detect a value of another one.
    """
    return any(f"{kind.__module__}.{kind.__qualname__}" in names for kind in type(value).__mro__)


def maps_any_to(value: Any, *names: str) -> bool:
    """Return whether `value` is a mapping in which at least one value has one of these classes."""
    return isinstance(value, Mapping) and any(is_a(item, *names) for item in value.values())


def is_array(value: Any) -> bool:
    """Return whether a value is an array or tensor of any framework."""
    return hasattr(value, "shape") and hasattr(value, "dtype")


def has_arrays(value: Any, is_one: Callable[[Any], bool] = is_array) -> bool:
    """Return whether a value is an array, of the kind that `is_one` accepts, or containers that lead to one."""
    # With a limit: containers may contain themselves, and one large container may be in many.
    waiting, left = [value], _MOST_SEARCHED
    while waiting and left > 0:
        current = waiting.pop()
        left -= 1
        if is_one(current):
            return True
        if isinstance(current, Mapping | list | tuple):
            waiting += islice(current.values() if isinstance(current, Mapping) else current, left)
    return False


def imported(module: str, *, serializer: str) -> Any:
    """Import a module, such as `skops.io`, of a package that the catalogue lists in `REQUIREMENTS`.

    Raises:
        MissingDependencyError: the package is not installed, with the command that installs it; or it is installed
            and fails to import.
    """
    package = module.partition(".")[0]
    # A KeyError here is a mistake of ours: the package has no row in the catalogue.
    requirement = REQUIREMENTS[package]
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        # A package that is installed may miss one of its own dependencies: that is another problem.
        if error.name is None or error.name.partition(".")[0] != package:
            raise _broken(serializer, requirement, error) from error
        msg = f"serializer {serializer} needs {package}, which is not installed"
        raise MissingDependencyError(msg, hint=requirement.command) from None
    # Compiled packages fail in many ways: a missing library, another numpy, the wrong processor.
    except Exception as error:
        raise _broken(serializer, requirement, error) from error


def is_installed(package: str) -> bool:
    """Return whether a package can be found, without importing it."""
    return importlib.util.find_spec(package) is not None


@contextmanager
def framework_errors_as(kind: type[HublishError], doing: str) -> Iterator[None]:
    """Raise `kind` instead of any exception of a framework; `doing` begins its message: `skops cannot read x`."""
    try:
        yield
    except HublishError:
        raise
    # On a file they cannot read, frameworks raise exceptions of any type.
    except Exception as error:
        lines = str(error).strip().splitlines() or [""]
        raise kind(f"{doing}: {type(error).__name__}: {shortened(lines[0], _LONGEST_MESSAGE)}") from error


def _broken(serializer: str, requirement: Requirement, error: Exception) -> MissingDependencyError:
    package = requirement.package
    msg = f"serializer {serializer} needs {package}, which is installed but cannot be imported: {error}"
    advice = requirement.advice or f"check `python -c 'import {package}'`, and reinstall the package"
    return MissingDependencyError(msg, hint=advice)
