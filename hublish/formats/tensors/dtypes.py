"""The element types of safetensors, and the numpy types that hold the same bytes."""

from dataclasses import dataclass
from typing import Any

import ml_dtypes
import numpy as np


@dataclass(frozen=True, slots=True)
class Dtype:
    """One element type."""

    name: str
    """As the header spells it: `BF16`."""
    bits: int
    """Size of an element; F4 and F6 pack several into a byte."""
    rank: int
    """Place in the safetensors library's order: a file holds its tensors by falling rank, then by name."""
    numpy: np.dtype[Any] | None
    """The little-endian numpy type with the same bytes; None for the packed types numpy cannot hold."""

    def nbytes(self, count: int) -> int:
        """Return the bytes that `count` elements take.

        Raises:
            ValueError: when packed elements do not fill the last byte.
        """
        size, rest = divmod(count * self.bits, 8)
        if rest:
            msg = f"{count} elements of {self.name} do not fill whole bytes"
            raise ValueError(msg)
        return size


# In the order of the library's own enumeration (safetensors 0.8, `Dtype` in tensor.rs): the order on disk follows it.
_TABLE: tuple[tuple[str, int, Any], ...] = (
    ("BOOL", 8, "|b1"),
    ("F4", 4, None),
    ("F6_E2M3", 6, None),
    ("F6_E3M2", 6, None),
    ("U8", 8, "|u1"),
    ("I8", 8, "|i1"),
    ("F8_E5M2", 8, ml_dtypes.float8_e5m2),
    ("F8_E4M3", 8, ml_dtypes.float8_e4m3fn),
    ("F8_E8M0", 8, ml_dtypes.float8_e8m0fnu),
    ("F8_E4M3FNUZ", 8, ml_dtypes.float8_e4m3fnuz),
    ("F8_E5M2FNUZ", 8, ml_dtypes.float8_e5m2fnuz),
    ("I16", 16, "<i2"),
    ("U16", 16, "<u2"),
    ("F16", 16, "<f2"),
    ("BF16", 16, ml_dtypes.bfloat16),
    ("I32", 32, "<i4"),
    ("U32", 32, "<u4"),
    ("F32", 32, "<f4"),
    ("C64", 64, "<c8"),
    ("F64", 64, "<f8"),
    ("I64", 64, "<i8"),
    ("U64", 64, "<u8"),
)

DTYPES = {
    name: Dtype(name, bits, rank, None if numpy is None else np.dtype(numpy))
    for rank, (name, bits, numpy) in enumerate(_TABLE)
}
"""Every element type by the name the header spells."""

_BY_NUMPY = {dtype.numpy: dtype for dtype in DTYPES.values() if dtype.numpy is not None}


def dtype_of(numpy: np.dtype[Any]) -> Dtype | None:
    """Return the element type that holds a numpy type's values, whatever its byte order; None when none does."""
    little = numpy.newbyteorder("<") if numpy.isbuiltin != 2 else numpy  # 2: ml_dtypes' own, always native
    return _BY_NUMPY.get(little)
