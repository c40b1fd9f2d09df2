"""The arguments of a class: chosen from config.json as huggingface_hub's mixins choose them, and passed in a call."""

import inspect
import types
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from hublish.base.errors import LoadError
from hublish.pipeline.restore.config_reading import Reader, parameter_hints
from hublish.pipeline.restore.config_values import Coders, UnwritableError, describe

# The parameter that huggingface_hub's mixins pass the whole configuration to, and merge into it when they store it.
WHOLE: Final = "config"
_Kind = inspect.Parameter


@dataclass(frozen=True)
class Constructor:
    """The constructor of a class: its parameters, and their values in a configuration."""

    into: type

    @cached_property
    def parameters(self) -> Mapping[str, inspect.Parameter]:
        """The parameters of `__init__` after `self`."""
        initializer = inspect.getattr_static(self.into, "__init__")
        # The signature of object.__init__ is (*args, **kwargs), although it accepts neither.
        if initializer is object.__init__:
            return {}
        try:
            return dict(list(inspect.signature(initializer).parameters.items())[1:])
        except (TypeError, ValueError):  # a type written in C may have no signature
            return {}

    @cached_property
    def star(self) -> str | None:
        """The name of `*args`; None when there is none."""
        return next((name for name, each in self.parameters.items() if each.kind is _Kind.VAR_POSITIONAL), None)

    @cached_property
    def rest(self) -> str | None:
        """The name of `**kwargs`; None when there is none."""
        return next((name for name, each in self.parameters.items() if each.kind is _Kind.VAR_KEYWORD), None)

    @cached_property
    def named(self) -> Mapping[str, inspect.Parameter]:
        """The parameters that each take one value."""
        return {name: each for name, each in self.parameters.items() if name not in (self.star, self.rest)}

    @cached_property
    def coders(self) -> Coders:
        """The coders that the class declares, stored by huggingface_hub's mixin."""
        return getattr(self.into, "_hub_mixin_coders", None) or {}

    def chosen(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values of the parameters by name, and those of `**kwargs` under their own.

        Parameters that the configuration names get their value, `*args` a tuple; a parameter called `config` gets the
        whole when it has no value of its own; `**kwargs` takes every other key.

        Raises:
            LoadError: a dataclass of the annotations does not take its fields.
        """
        given = {name: self.value_of(name, config[name]) for name in self.named if name in config}
        if config and WHOLE in self.named and WHOLE not in given:
            given[WHOLE] = self.value_of(WHOLE, dict(config))
        if self.star is not None and isinstance(config.get(self.star), list):
            given[self.star] = tuple(self.value_of(self.star, item) for item in config[self.star])
        if self.rest is not None:
            others = {name: self.value_of(self.rest, value) for name, value in config.items() if name not in given}
            # In the order of the file, which is that of the call.
            given = {name: given[name] if name in given else others[name] for name in (*config, *given)}
        return given

    def value_of(self, parameter: str, value: Any) -> Any:
        """Return the value of a parameter, given its form in JSON.

        Raises:
            LoadError: a dataclass of the annotation does not take its fields.
        """
        known = self.parameters.get(parameter)
        if known is None:
            return value
        if known.annotation is _Kind.empty:
            return known.default if self._is_default(known, value) else value
        # A name that is not resolved stays a string, which reading passes on.
        annotation = self._hints.get(parameter, known.annotation)
        own = self._own_decoder
        return self._reader.read(annotation, value) if own is None else own(annotation, value)

    def call(self, values: Mapping[str, Any]) -> Any:
        """Return an instance, given values by name, as `chosen` returns them.

        Raises:
            TypeError: the class does not take these arguments.
        """
        positional: list[Any] = []
        keywords = {name: value for name, value in values.items() if name != self.star}
        stars = tuple(values.get(self.star, ())) if self.star is not None else ()
        for name, parameter in self.named.items():
            may_be_named = parameter.kind is _Kind.POSITIONAL_OR_KEYWORD
            if not (parameter.kind is _Kind.POSITIONAL_ONLY or (may_be_named and (stars or self._is_built_in))):
                continue
            if name not in keywords and parameter.default is _Kind.empty:
                break  # the call fails, with Python's message
            positional.append(keywords.pop(name, parameter.default))
        return self.into(*positional, *stars, **keywords)

    def construct(self, config: Mapping[str, Any]) -> Any:
        """Return an instance, constructed from a configuration.

        Raises:
            LoadError: when the class does not take these arguments.
        """
        # Only a TypeError of the call is translated: any other exception is a bug in the class and keeps its traceback.
        given = self.chosen(config)
        try:
            return self.call(given)
        except TypeError as error:
            named = f"with {', '.join(given)} of config.json" if given else "without arguments"
            msg = f"{self.into.__name__} cannot be constructed {named}: {error}"
            raise LoadError(msg, hint="give an instance, or publish a config.json with its arguments") from error

    # A subclass of a built-in type, such as tuple: its `__new__` ignores arguments that have names.
    @cached_property
    def _is_built_in(self) -> bool:
        makers = (vars(kind).get("__new__") for kind in self.into.__mro__ if kind is not object)
        return any(isinstance(each, types.BuiltinFunctionType) for each in makers)

    @cached_property
    def _hints(self) -> Mapping[str, Any]:
        return parameter_hints(inspect.getattr_static(self.into, "__init__"), self.into)

    @cached_property
    def _reader(self) -> Reader:
        return Reader(self.coders)

    @cached_property
    def _own_decoder(self) -> Any:
        # A class may override how huggingface_hub's mixin decodes its arguments.
        owner = next((kind for kind in self.into.__mro__ if "_decode_arg" in vars(kind)), None)
        if owner is None or owner.__module__ == "huggingface_hub.hub_mixin":
            return None
        return getattr(self.into, "_decode_arg", None)

    def _is_default(self, parameter: inspect.Parameter, value: Any) -> bool:
        """Return whether the value is the form in JSON of the default, such as a tuple that no annotation mentions."""
        try:
            default = describe(parameter.default, self.coders)
        except UnwritableError:
            return False
        return describe(default.plain) == describe(value)
