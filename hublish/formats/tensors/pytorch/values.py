"""What a checkpoint's pickle is read as: plain containers, and these stand-ins for torch's own objects.

None of them can do anything: a storage is a place, a tensor a description, a function one of those in `names.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hublish.formats.tensors.dtypes import Dtype


@dataclass(frozen=True, slots=True)
class Function:
    """Something a checkpoint may call."""

    name: str
    call: Callable[[tuple[Any, ...]], object]
    """Makes a value of the arguments; gets them as the pickle holds them."""


@dataclass(frozen=True, slots=True)
class ElementType:
    """A `torch.dtype`."""

    name: str
    dtype: Dtype | None
    """None when safetensors has no place for it."""


@dataclass(frozen=True, slots=True)
class StorageType:
    """A class of storages, such as `torch.FloatStorage`."""

    name: str
    element: ElementType | None
    """None of an untyped one, which counts in bytes."""


@dataclass(frozen=True, slots=True)
class Symbol:
    """A name that stands for itself: a class or a constant that is passed on and never used."""

    name: str


@dataclass(frozen=True, slots=True)
class Storage:
    """A run of bytes that tensors share."""

    key: str
    type: StorageType
    count: int
    """Elements; bytes when the type has none."""
    first: int = 0
    """Where it begins in the storage with that key, in elements."""


@dataclass(frozen=True, slots=True)
class StoredTensor:
    """A tensor as a view of a storage, whose bounds nobody has checked yet."""

    storage: Storage
    dtype: Dtype
    offset: int
    """Of its first element, in elements."""
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    """In elements."""


class Ordered(dict[Any, Any]):
    """A `collections.OrderedDict`, the one mapping that may be given attributes; they are dropped."""

    __slots__ = ()


@dataclass(slots=True)
class ScriptModule:
    """An object of a class that a TorchScript archive defines; its code is never read."""

    type: str
    attributes: dict[str, Any] = field(default_factory=dict)
