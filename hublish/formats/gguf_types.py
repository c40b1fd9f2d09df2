"""The element types of GGUF: how many elements share a block of how many bytes.

From ggml's `ggml_type` and the table of block sizes in its Python package (gguf 0.19, constants.py).
"""

from dataclasses import dataclass
from typing import Any, Final

import ml_dtypes
import numpy as np

UNKNOWN: Final = 0
"""The size of a tensor whose type came later than this table."""


@dataclass(frozen=True, slots=True)
class ElementType:
    """One type."""

    name: str
    """As ggml spells it: `Q4_K`."""
    block: int
    """Elements in a block; 0 when the type is not known."""
    block_size: int
    """Bytes of a block."""
    numpy: np.dtype[Any] | None = None
    """The same elements in numpy; None when they are quantised."""


_PLAIN: Final[dict[int, tuple[str, Any]]] = {
    0: ("F32", "<f4"),
    1: ("F16", "<f2"),
    24: ("I8", "i1"),
    25: ("I16", "<i2"),
    26: ("I32", "<i4"),
    27: ("I64", "<i8"),
    28: ("F64", "<f8"),
    30: ("BF16", ml_dtypes.bfloat16),
}
_QUANTISED: Final = {
    2: ("Q4_0", 32, 18),
    3: ("Q4_1", 32, 20),
    6: ("Q5_0", 32, 22),
    7: ("Q5_1", 32, 24),
    8: ("Q8_0", 32, 34),
    9: ("Q8_1", 32, 40),
    10: ("Q2_K", 256, 84),
    11: ("Q3_K", 256, 110),
    12: ("Q4_K", 256, 144),
    13: ("Q5_K", 256, 176),
    14: ("Q6_K", 256, 210),
    15: ("Q8_K", 256, 292),
    16: ("IQ2_XXS", 256, 66),
    17: ("IQ2_XS", 256, 74),
    18: ("IQ3_XXS", 256, 98),
    19: ("IQ1_S", 256, 50),
    20: ("IQ4_NL", 32, 18),
    21: ("IQ3_S", 256, 110),
    22: ("IQ2_S", 256, 82),
    23: ("IQ4_XS", 256, 136),
    29: ("IQ1_M", 256, 56),
    34: ("TQ1_0", 256, 54),
    35: ("TQ2_0", 256, 66),
    39: ("MXFP4", 32, 17),
    40: ("NVFP4", 64, 36),
    41: ("Q1_0", 128, 18),
}
_TYPES: Final = {
    **{
        number: ElementType(name, 1, np.dtype(kind).itemsize, np.dtype(kind)) for number, (name, kind) in _PLAIN.items()
    },
    **{number: ElementType(name, block, size) for number, (name, block, size) in _QUANTISED.items()},
}


def element_type(number: int) -> ElementType:
    """Return the type with ggml's number; one without a size when it is not known."""
    return _TYPES.get(number) or ElementType(f"type {number}", UNKNOWN, UNKNOWN)
