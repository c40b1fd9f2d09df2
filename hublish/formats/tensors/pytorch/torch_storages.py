"""A checkpoint as a value, and the places of its storages in the file; common to both formats."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hublish.base.content import Identity
from hublish.formats.input_files import InvalidFileError, named
from hublish.formats.tensors.dtypes import DTYPES, Dtype
from hublish.formats.tensors.pytorch.torch_objects import Name, Storage, StorageType, StoredTensor
from hublish.formats.tensors.tensor import Content, Tensor
from hublish.formats.tensors.tensor_data import FileRange, StridedRange

# Elements have up to 8 bytes, and offsets must fit 63 bits.
_MAX_COUNT: Final = 2**60
_AGAIN: Final = "copy or download the file again"


@dataclass(frozen=True, slots=True)
class Place:
    """The place of a storage's bytes."""

    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A checkpoint, read up to its tensors' bytes."""

    path: Path
    identity: Identity
    value: object
    """The saved object, in plain containers and the placeholders of `torch_objects.py`."""
    storages: Mapping[str, Place]
    """By the storage's key."""
    big_endian: bool = False

    def tensor(self, name: str, stored: StoredTensor) -> Tensor:
        """Describe a tensor so that it can be written.

        Raises:
            InvalidFileError: naming it, when it reaches beyond its storage.
        """
        with named(f"tensor {ascii(name)[:80]}"):
            # torch counts the bytes of a packed type, and safetensors the elements in them.
            if (packed := 8 // stored.dtype.bits) > 1:
                shape = (*stored.shape[:-1], stored.shape[-1] * packed)
                return Tensor(name, stored.dtype, shape, self._content(stored, DTYPES["U8"]))
            return Tensor(name, stored.dtype, stored.shape, self._content(stored, stored.dtype))

    def _content(self, stored: StoredTensor, dtype: Dtype) -> Content:
        place, width = self._place(stored.storage), dtype.bits // 8
        end = _end(stored)
        # torch checks this too, in C++: without it, a tensor could read bytes of other members.
        if end * width > place.size:
            raise InvalidFileError(f"it reaches to element {end} of a storage with {place.size // width}")
        # Strides may be zero or overlap, so only the last element's offset bounds the range.
        offset = place.offset + stored.offset * width
        if _is_contiguous(stored) and (width == 1 or not self.big_endian):
            return FileRange(self.path, self.identity, offset, width * math.prod(stored.shape))
        strides = tuple(stride * width for stride in stored.strides)
        return StridedRange(self.path, self.identity, offset, stored.shape, strides, dtype, self.big_endian)

    def _place(self, storage: Storage) -> Place:
        place = self.storages.get(storage.key)
        if place is None:
            raise InvalidFileError(f"storage {ascii(storage.key)[:80]} is missing", hint=_AGAIN)
        width = element_width(storage.type)
        begin, size = storage.first * width, storage.count * width
        if begin + size > place.size:
            msg = f"storage {ascii(storage.key)[:80]} has {place.size} bytes, not {begin + size}: it is cut short"
            raise InvalidFileError(msg, hint=_AGAIN)
        return Place(place.offset + begin, size)


def read_storage(identifier: object) -> Storage | Name:
    """Read a persistent id: `("storage", type, key, device, count)`, in the legacy format with a view of another.

    The legacy format also has those of classes, with their source code, which is dropped.

    Raises:
        InvalidFileError: when it is anything else.
    """
    # The legacy format has a sixth entry: None, or the storage's place as a view of another one.
    match identifier:
        case ("storage", StorageType() as kind, str(key), str(), int(count), None):
            first = 0
        case ("storage", StorageType() as kind, str(key), str(), int(whole), (str(), int(first), int(count))):
            if not 0 <= first <= first + count <= whole:
                raise InvalidFileError("a view reaches beyond its storage")
        case ("storage", StorageType() as kind, str(key), str(), int(count)):
            first = 0
        case ("module", Name() as kind, *_):
            return kind
        case _:
            raise InvalidFileError("the checkpoint refers to an external object that is not a storage")
    if not 0 <= count < _MAX_COUNT:
        raise InvalidFileError(f"storage {ascii(key)[:80]} has an impossible size")
    return Storage(key, kind, count, first)


def element_width(kind: StorageType) -> int:
    """Return the size of an element, as storages of that type count them, in bytes."""
    # An untyped storage counts in bytes.
    return 1 if kind.element is None else kind.element.width


def _end(stored: StoredTensor) -> int:
    """Return the number of elements, from the storage's first, that a tensor reaches over."""
    if 0 in stored.shape:
        return 0
    last = sum((size - 1) * stride for size, stride in zip(stored.shape, stored.strides, strict=True))
    return stored.offset + last + 1


def _is_contiguous(stored: StoredTensor) -> bool:
    expected = 1
    for size, stride in zip(reversed(stored.shape), reversed(stored.strides), strict=True):
        # The stride of an axis with one element is never used, and torch writes any value for it.
        if size != 1 and stride != expected:
            return 0 in stored.shape
        expected *= size
    return True
