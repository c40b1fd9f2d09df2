"""Fill an object with weights: construct it from its configuration, and pass the arrays in the way it takes them."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from hublish.base.errors import LoadError, UsageError
from hublish.formats.interface import DISTRUST, Trust
from hublish.formats.torch import Torch
from hublish.pipeline.restore import torch_modules
from hublish.pipeline.restore.arguments import Constructor
from hublish.pipeline.restore.weights import CastArrays, Weights

# Methods that take arrays by name, in order of preference.
_SETTERS: Final = ("load_state_dict", "set_weights")


@dataclass(frozen=True)
class Wanted:
    """The object to load into, and the options."""

    into: Any = None
    """A class or an instance; a function that takes the arrays; None for the value that the format itself gives."""
    strict: bool = True
    """Refuse weights that lack a tensor of the object, or have one that it does not know."""
    device: Any = None
    """The device for the tensors of a torch module: `cuda:0`, or a `torch.device`."""
    dtype: Any = None
    """The type that floating tensors are cast to: `bfloat16`, or a type of numpy or torch."""
    trust: Trust = DISTRUST
    """Permissions beyond reading data."""

    @property
    def by_target(self) -> bool:
        """Whether to load into the load plan's own target, as the caller gave no object and trusts its code."""
        return self.into is None and self.trust.code


def restored(weights: Weights, wanted: Wanted) -> Any:
    """Return the object that the caller wants, filled. `wanted.into` decides how:

    * None: the value of the format's framework, else arrays by name;
    * a torch module: `load_state_dict`; a class of them is constructed from config.json, and left in evaluation mode;
    * an object with `load_state_dict` or `set_weights`, or a class of them: the method is called with the arrays;
    * a class whose instances the format itself gives: an estimator, a model;
    * any other class, or a function: called with the arrays, and with the configuration if it has a parameter `config`.

    Raises:
        LoadError: when it does not take these weights.
        UsageError: when `device` or `dtype` do not apply to it.
    """
    if wanted.into is None:
        return _plain(weights, wanted)
    if torch_modules.is_module(wanted.into):
        return _module(wanted.into, weights, wanted)
    content = cast(weights.arrays() if weights.is_state_dict else weights.value(wanted.trust), wanted)
    if not isinstance(content, Mapping):
        return _same_kind(wanted.into, content)
    return _by_method_or_call(wanted.into, weights, content, wanted)


def cast(content: Any, wanted: Wanted) -> Any:
    """Return content that is not a torch module, in the wanted type.

    Raises:
        UsageError: when it has no type, or a device is given.
    """
    if wanted.device is not None:
        raise UsageError("`device` is for torch modules; other objects have none", hint="leave it out")
    if wanted.dtype is None:
        return content
    if not isinstance(content, Mapping):
        msg = f"`dtype` is for tensors, and the release contains a {type(content).__name__}"
        raise UsageError(msg, hint="leave it out")
    return CastArrays(content, wanted.dtype)


def _plain(weights: Weights, wanted: Wanted) -> Any:
    value = weights.value(wanted.trust)
    if wanted.device is None and wanted.dtype is None:
        return value
    if weights.serializer.name == Torch.name:
        return torch_modules.moved(value, wanted.device, wanted.dtype)
    return cast(value, wanted)


def _module(into: Any, weights: Weights, wanted: Wanted) -> Any:
    module = Constructor(into).construct(weights.config()) if isinstance(into, type) else into
    # Torch reads its own layout: unlike numpy it has every type, and it maps the files instead of copying them.
    is_own = weights.is_state_dict
    tensors = weights.tensors(wanted.trust) if is_own else torch_modules.tensors(weights.arrays())
    torch_modules.fill(module, tensors, strict=wanted.strict, device=wanted.device, dtype=wanted.dtype)
    # As `from_pretrained` leaves it. An instance keeps its mode: its owner may go on training it.
    return module.eval() if isinstance(into, type) else module


def _same_kind(into: Any, content: Any) -> Any:
    if isinstance(into, type) and isinstance(content, into):
        return content
    # Keras: copy the weights of a model into another one of the same layers.
    if callable(getattr(content, "get_weights", None)) and callable(getattr(into, "set_weights", None)):
        into.set_weights(content.get_weights())
        return into
    name = into.__name__ if isinstance(into, type) else type(into).__name__
    msg = f"the release contains a {type(content).__name__}, which does not go into a {name}"
    raise LoadError(msg, hint="leave `into` out to get it, or give its class")


def _by_method_or_call(into: Any, weights: Weights, arrays: Mapping[str, Any], wanted: Wanted) -> Any:
    setter = next((name for name in _SETTERS if callable(getattr(into, name, None))), None)
    if setter is not None:
        made = Constructor(into).construct(weights.config()) if isinstance(into, type) else into
        method = getattr(made, setter)
        method(arrays, **({"strict": wanted.strict} if _has_parameter(method, "strict") else {}))
        return made
    if not callable(into):
        msg = f"a {type(into).__name__} has no method that takes weights"
        raise LoadError(msg, hint=f"give it a method {' or '.join(_SETTERS)}, or give a class or a function")
    return into(arrays, **({"config": weights.config()} if _has_parameter(into, "config") else {}))


def _has_parameter(function: Callable[..., Any], name: str) -> bool:
    try:
        return name in inspect.signature(function).parameters
    except (TypeError, ValueError):  # functions written in C have no signature
        return False
