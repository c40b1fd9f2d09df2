"""Which format a value in memory is for, told by its type alone: no framework is imported to find out."""

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

from hublish.formats import registry


@runtime_checkable
class Recognising(Protocol):
    """A serializer that knows the values it is for."""

    def holds(self, value: Any) -> bool:
        """Whether `value` is what this format is for. Imports nothing."""


def recognised(value: Any) -> str | None:
    """Return the name of the serializer that says it is for a value; None when none does."""
    for name in registry.names():
        serializer = registry.get(name)
        if isinstance(serializer, Recognising) and serializer.holds(value):
            return name
    return None


def is_a(value: Any, *names: str) -> bool:
    """Whether one of the value's classes has one of these full names, such as `torch.nn.modules.module.Module`."""
    return any(f"{kind.__module__}.{kind.__qualname__}" in names for kind in type(value).__mro__)


def maps_to(value: Any, *names: str) -> bool:
    """Whether `value` is a mapping, not empty, whose values all have one of these classes."""
    return isinstance(value, Mapping) and bool(value) and all(is_a(item, *names) for item in value.values())
