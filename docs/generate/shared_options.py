"""A griffe extension: a function with shared options shows every one of them, as `help()` does."""

import inspect
import re
from importlib import import_module
from operator import attrgetter
from typing import Any

import griffe


class SharedOptions(griffe.Extension):
    """Completes the functions that `hublish.api.options.takes` decorates: griffe reads sources and runs nothing."""

    def on_function(self, *, func: griffe.Function, **_: Any) -> None:
        """Add the parameters, their descriptions, and the values of defaults, as they are after an import."""
        if not any(str(decorator.value).startswith("takes(") for decorator in func.decorators):
            return
        module = func.module.path
        complete = attrgetter(func.path.removeprefix(f"{module}."))(import_module(module))
        if func.docstring:
            func.docstring.value = inspect.cleandoc(complete.__doc__ or "")
        declared = inspect.signature(complete).parameters
        own = [each for each in func.parameters if each.name in declared]
        for each in own:
            each.default = _default(declared[each.name])
        added = [_parameter(each) for name, each in declared.items() if name not in func.parameters]
        func.parameters = griffe.Parameters(*own, *added)


def _parameter(declared: inspect.Parameter) -> griffe.Parameter:
    annotation = inspect.formatannotation(declared.annotation)
    # Types by their last names, as the sources write them.
    short = re.sub(r"\b(?:\w+\.)+(?=\w)", "", annotation)
    kind = griffe.ParameterKind.keyword_only
    return griffe.Parameter(declared.name, annotation=short, kind=kind, default=_default(declared))


def _default(declared: inspect.Parameter) -> str | None:
    return None if declared.default is inspect.Parameter.empty else repr(declared.default)
