"""The values of an ONNX tensor that is stored number by number, as small ones and those of older exporters are."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hublish.formats.input_files import InvalidFileError
from hublish.formats.protobuf_wire import Span, numbers

_FLOATS = {np.dtype("<f4"): "<f4", np.dtype("<c8"): "<f4", np.dtype("<f8"): "<f8", np.dtype("<c16"): "<f8"}
"""What is stored as it is: complex numbers as pairs of floats."""


def typed_values(data: memoryview, stored: Iterable[int | Span], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return the values, flat.

    Args:
        data: the model.
        stored: the typed fields, in their order.
        dtype: of the elements. Types of 16 bits and less, floats among them, are stored as the number their bits make.

    Raises:
        InvalidFileError: when the fields do not hold such values.
    """
    if dtype in _FLOATS:
        runs = [data[run.begin : run.end] for run in stored if isinstance(run, Span)]
        raw = b"".join(runs)
        if len(raw) % dtype.itemsize:
            msg = "its values are cut short"
            raise InvalidFileError(msg)
        return np.frombuffer(raw, dtype)
    # Negative numbers are stored as 64 bits, and come back to themselves when those are taken modulo the type's.
    whole: NDArray[np.uint64] = np.fromiter((value for part in stored for value in numbers(data, part)), np.uint64)
    if np.issubdtype(dtype, np.integer):
        return whole.astype(dtype)
    if dtype == np.bool_:
        return whole.astype(np.bool_)
    bits = whole.astype(np.dtype(f"<u{dtype.itemsize}"))
    array: NDArray[Any] = bits.view(dtype)
    return array
