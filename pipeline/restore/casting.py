"""Arrays in another precision, cast when they are touched."""

from collections.abc import Iterator, Mapping
from typing import Any

import ml_dtypes
import numpy as np
from numpy.typing import NDArray

from hublish.base.errors import UsageError


class CastArrays(Mapping[str, NDArray[Any]]):
    """Arrays by name; floating ones in the wanted type, all others as they are, as `torch.nn.Module.to` does.

    Args:
        arrays: the arrays.
        dtype: a numpy type or its name: `float16`, `bfloat16`.

    Raises:
        UsageError: when it is no floating type.
    """

    def __init__(self, arrays: Mapping[str, NDArray[Any]], dtype: Any) -> None:
        self._arrays = arrays
        self._dtype = _floating(dtype)

    def __getitem__(self, name: str) -> NDArray[Any]:
        array = self._arrays[name]
        return array.astype(self._dtype, copy=False) if _is_floating(array.dtype) else array

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)


def _floating(dtype: Any) -> np.dtype[Any]:
    try:
        # ml_dtypes names what numpy has no name for.
        found = np.dtype(getattr(ml_dtypes, dtype, dtype) if isinstance(dtype, str) else dtype)
    except TypeError:
        msg = f"{dtype!r} is no type of numpy's"
        raise UsageError(msg, hint="name one, such as float16, float32 or bfloat16") from None
    if not _is_floating(found):
        msg = f"weights cannot be cast to {found}"
        raise UsageError(msg, hint="name a floating type, such as float16, float32 or bfloat16")
    return found


def _is_floating(dtype: np.dtype[Any]) -> bool:
    try:
        ml_dtypes.finfo(dtype)  # type: ignore[no-untyped-call]  # the package has no types
    except ValueError:
        return False
    return not np.issubdtype(dtype, np.complexfloating)
