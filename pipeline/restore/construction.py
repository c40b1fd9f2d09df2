"""A class and its configuration, made into an instance as huggingface_hub's mixins do.

Parameters of `__init__` that the configuration names are passed by name; a parameter called `config` gets the whole;
`**kwargs` takes the rest. A parameter annotated with a dataclass gets one.
"""

import inspect
import typing
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from hublish.base.errors import LoadError


def construct(into: type, config: Mapping[str, Any]) -> Any:
    """Return an instance.

    Raises:
        LoadError: when the class does not take these arguments.
    """
    given = arguments(into, config)
    try:
        return into(**given)
    except TypeError as error:
        named = f"with {', '.join(given)} of config.json" if given else "without arguments"
        msg = f"{into.__name__} cannot be constructed {named}: {error}"
        raise LoadError(msg, hint="give an instance, or publish a config.json that holds its arguments") from error


def arguments(into: type, config: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `__init__` is called with."""
    parameters = _parameters(into)
    types = _annotations(into)
    given = {
        name: _decoded(into, types.get(name, parameter.annotation), config[name])
        for name, parameter in parameters.items()
        if name in config
    }
    if config and "config" in parameters and "config" not in given:
        given["config"] = _decoded(into, types.get("config", parameters["config"].annotation), dict(config))
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
        given = {**config, **given}
    return given


def _parameters(into: type) -> dict[str, inspect.Parameter]:
    initialise = inspect.getattr_static(into, "__init__")
    if initialise is object.__init__:  # its signature says (*args, **kwargs), and it takes neither
        return {}
    return dict(list(inspect.signature(initialise).parameters.items())[1:])


def _annotations(into: type) -> dict[str, Any]:
    try:
        return typing.get_type_hints(inspect.getattr_static(into, "__init__"))
    except Exception:  # names that cannot be resolved here: what is annotated is then unknown, and the value passed on
        return {}


def _decoded(into: type, annotation: Any, value: Any) -> Any:
    # huggingface_hub's mixins keep the coders that a class declares; it is asked in the way they ask it themselves.
    decode = getattr(into, "_decode_arg", None)
    if decode is not None and annotation is not inspect.Parameter.empty:
        return decode(annotation, value)
    for wanted in (annotation, *typing.get_args(annotation)):  # X, X | None
        if isinstance(wanted, type) and is_dataclass(wanted) and isinstance(value, Mapping):
            known = {field.name for field in fields(wanted)}
            return wanted(**{name: item for name, item in value.items() if name in known})
    return value
