"""The element types of safetensors, with the torch names and the numpy types for the same bytes."""

from dataclasses import dataclass
from typing import Any, Final

import ml_dtypes
import numpy as np


@dataclass(frozen=True, slots=True)
class Dtype:
    """One element type."""

    name: str
    """As spelled in a header: `BF16`."""
    bits: int
    """Size of an element; F4 and F6 pack several into a byte."""
    rank: int
    """Position in the safetensors library's order: a file holds its tensors by falling rank, then by name."""
    torch: str
    """torch's name, `bfloat16`; empty when torch has no such type. F4 is a type of two elements there."""
    numpy: np.dtype[Any] | None
    """The little-endian numpy type with the same bytes; None for the packed types, which numpy lacks."""

    def nbytes(self, count: int) -> int:
        """Return the size of `count` elements in bytes.

        Raises:
            ValueError: when packed elements do not fill the last byte.
        """
        size, rest = divmod(count * self.bits, 8)
        if rest:
            raise ValueError(f"{count} elements of {self.name} do not fill whole bytes")
        return size


# In the order of the library's enumeration (safetensors 0.8, `Dtype` in tensor.rs), because the order of tensors in a
# file follows it. F8_E4M3 is the finite-only variant, which has no infinities: "fn" in torch and ml_dtypes.
_TABLE: Final[tuple[tuple[str, int, str, Any], ...]] = (
    ("BOOL", 8, "bool", "|b1"),
    ("F4", 4, "float4_e2m1fn_x2", None),
    ("F6_E2M3", 6, "", None),
    ("F6_E3M2", 6, "", None),
    ("U8", 8, "uint8", "|u1"),
    ("I8", 8, "int8", "|i1"),
    ("F8_E5M2", 8, "float8_e5m2", ml_dtypes.float8_e5m2),
    ("F8_E4M3", 8, "float8_e4m3fn", ml_dtypes.float8_e4m3fn),
    ("F8_E8M0", 8, "float8_e8m0fnu", ml_dtypes.float8_e8m0fnu),
    ("F8_E4M3FNUZ", 8, "float8_e4m3fnuz", ml_dtypes.float8_e4m3fnuz),
    ("F8_E5M2FNUZ", 8, "float8_e5m2fnuz", ml_dtypes.float8_e5m2fnuz),
    ("I16", 16, "int16", "<i2"),
    ("U16", 16, "uint16", "<u2"),
    ("F16", 16, "float16", "<f2"),
    ("BF16", 16, "bfloat16", ml_dtypes.bfloat16),
    ("I32", 32, "int32", "<i4"),
    ("U32", 32, "uint32", "<u4"),
    ("F32", 32, "float32", "<f4"),
    ("C64", 64, "complex64", "<c8"),
    ("F64", 64, "float64", "<f8"),
    ("I64", 64, "int64", "<i8"),
    ("U64", 64, "uint64", "<u8"),
)

DTYPES: Final = {
    name: Dtype(name, bits, rank, torch, None if numpy is None else np.dtype(numpy))
    for rank, (name, bits, torch, numpy) in enumerate(_TABLE)
}
"""Every element type by its name in a header."""
BY_TORCH_NAME: Final = {dtype.torch: dtype for dtype in DTYPES.values() if dtype.torch}

# numpy's types hash by their value, whichever object represents them.
_BY_NUMPY: Final = {dtype.numpy: dtype for dtype in DTYPES.values() if dtype.numpy is not None}
# numpy's mark for types that another package registered: ml_dtypes' own, whose byte order is always native.
_REGISTERED: Final = 2


def dtype_of(numpy: np.dtype[Any]) -> Dtype | None:
    """Return the element type for the values of a numpy type of either byte order; None for a type without one."""
    return _BY_NUMPY.get(numpy if numpy.isbuiltin == _REGISTERED else numpy.newbyteorder("<"))
