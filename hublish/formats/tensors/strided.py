"""Tensors that lie scattered in a file: views with strides, and elements of the other byte order."""

import mmap
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hublish.base.values import Identity
from hublish.formats.tensors.dtypes import DTYPES, Dtype
from hublish.formats.tensors.files import unchanged
from hublish.formats.tensors.layout import InMemoryArray
from hublish.formats.tensors.output import Sink


@dataclass(frozen=True, slots=True)
class StridedRange:
    """Elements of a file at regular distances, zero among them.

    The file is mapped while it is read, so its pages are the kernel's to take back.
    """

    path: Path
    identity: Identity
    offset: int
    """Of the first element, in bytes."""
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    """From one element to the next along each axis, in bytes."""
    dtype: Dtype
    """One that numpy holds."""
    big_endian: bool = False

    def write_to(self, output: Sink) -> None:
        """Write the elements in C order, little-endian."""
        if 0 in self.shape:
            return
        carrier = _carrier(self.dtype) if self.big_endian else self.dtype
        assert carrier.numpy is not None
        stored = carrier.numpy.newbyteorder(">") if self.big_endian else carrier.numpy
        with unchanged(self.path, self.identity) as descriptor:
            mapping = mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ)
            array: NDArray[np.generic] = np.ndarray(self.shape, stored, mapping, self.offset, self.strides)
            InMemoryArray(array, carrier).write_to(output)


def _carrier(dtype: Dtype) -> Dtype:
    """Return a type of the same width that has a byte order, which bfloat16 lacks in numpy."""
    return DTYPES["U16"] if dtype.name == "BF16" else dtype
