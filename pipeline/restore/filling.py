"""The ways an object takes weights."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any, Final

from hublish.base.errors import LoadError, UsageError
from hublish.formats.torch import Torch
from hublish.pipeline.restore import modules
from hublish.pipeline.restore.casting import CastArrays
from hublish.pipeline.restore.construction import construct
from hublish.pipeline.restore.wanted import Wanted
from hublish.pipeline.restore.weights import Weights

_SETTERS: Final = ("load_state_dict", "set_weights")
"""Methods that take arrays by name."""


def restored(weights: Weights, wanted: Wanted) -> Any:
    """Return the object the caller wants, filled.

    * nothing: what the format's framework works with, else arrays by name;
    * a torch module: `load_state_dict`; a class of them is constructed from config.json, and left in evaluation mode;
    * an object with `load_state_dict` or `set_weights`, or a class of them: the method is called with the arrays;
    * a class whose instances the format itself gives: an estimator, a model;
    * any other class, or a function: called with the arrays, and with the configuration if it has a parameter `config`.

    Raises:
        LoadError: when it does not take these weights.
        UsageError: when `device` or `dtype` mean nothing for it.
    """
    if wanted.into is None:
        return _as_it_comes(weights, wanted)
    if modules.is_module(wanted.into):
        return _module(wanted.into, weights, wanted)
    content = cast(weights.arrays() if weights.is_state_dict else weights.value(wanted.trust), wanted)
    if not isinstance(content, Mapping):
        return _same_kind(wanted.into, content)
    return _taking(wanted.into, weights, content, wanted)


def cast(content: Any, wanted: Wanted) -> Any:
    """Return what is no torch module in the wanted type.

    Raises:
        UsageError: when it has no type, or a device is asked for.
    """
    if wanted.device is not None:
        msg = "`device` is for torch modules; other objects have none"
        raise UsageError(msg, hint="leave it out")
    if wanted.dtype is None:
        return content
    if not isinstance(content, Mapping):
        msg = f"`dtype` is for tensors, and the release holds a {type(content).__name__}"
        raise UsageError(msg, hint="leave it out")
    return CastArrays(content, wanted.dtype)


def _as_it_comes(weights: Weights, wanted: Wanted) -> Any:
    value = weights.value(wanted.trust)
    if wanted.device is None and wanted.dtype is None:
        return value
    if weights.serializer.name == Torch.name:
        return modules.moved(value, wanted.device, wanted.dtype)
    return cast(value, wanted)


def _module(into: Any, weights: Weights, wanted: Wanted) -> Any:
    module = construct(into, weights.config()) if isinstance(into, type) else into
    tensors = (
        Torch().rebuild(weights.files, wanted.trust) if weights.is_state_dict else modules.tensors(weights.arrays())
    )
    modules.fill(module, tensors, strict=wanted.strict, device=wanted.device, dtype=wanted.dtype)
    return modules.evaluating(module) if isinstance(into, type) else module


def _same_kind(into: Any, content: Any) -> Any:
    if isinstance(into, type) and isinstance(content, into):
        return content
    if callable(getattr(content, "get_weights", None)) and callable(getattr(into, "set_weights", None)):
        into.set_weights(content.get_weights())  # Keras: a model into another of the same layers
        return into
    name = into.__name__ if isinstance(into, type) else type(into).__name__
    msg = f"the release holds a {type(content).__name__}, which does not go into a {name}"
    raise LoadError(msg, hint="leave `into` out to get it, or give its class")


def _taking(into: Any, weights: Weights, arrays: Mapping[str, Any], wanted: Wanted) -> Any:
    setter = next((name for name in _SETTERS if callable(getattr(into, name, None))), None)
    if setter is not None:
        made = construct(into, weights.config()) if isinstance(into, type) else into
        method = getattr(made, setter)
        method(arrays, **({"strict": wanted.strict} if _has_parameter(method, "strict") else {}))
        return made
    if not callable(into):
        msg = f"a {type(into).__name__} has no way to take weights"
        raise LoadError(msg, hint=f"give it a method {' or '.join(_SETTERS)}, or give a class or a function")
    return into(arrays, **({"config": weights.config()} if _has_parameter(into, "config") else {}))


def _has_parameter(function: Callable[..., Any], name: str) -> bool:
    try:
        return name in inspect.signature(function).parameters
    except (TypeError, ValueError):  # written in C, without a signature
        return False
