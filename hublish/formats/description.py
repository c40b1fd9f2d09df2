"""What a collection of arrays holds, told without reading it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """One array, described."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    """As the format spells it: `F32`; numpy's name for arrays that came from no file."""
    nbytes: int
    file: str | None
    """The file that holds it, by path_in_repo; None for an array in memory."""


@runtime_checkable
class Described(Protocol):
    """A collection that knows what it holds without reading it."""

    @property
    def tensors(self) -> tuple[TensorInfo, ...]:
        """What it holds, in the order of its names."""


def describe(arrays: Mapping[str, Any]) -> tuple[TensorInfo, ...]:
    """Describe `arrays`; those that are mapped from files stay unread.

    Args:
        arrays: what a serializer's `load` returned, or any mapping of names to arrays.
    """
    if isinstance(arrays, Described):
        return arrays.tensors
    return tuple(
        TensorInfo(name, tuple(array.shape), str(array.dtype), int(array.nbytes), None)
        for name, array in arrays.items()
    )
