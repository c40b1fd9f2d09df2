"""The largest difference between the values of two tensors, read in blocks."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hublish.diffs.tensor_heads import Tensor
from hublish.formats.blob import Blob
from hublish.formats.input_files import InvalidFileError
from hublish.formats.tensors.dtypes import DTYPES
from hublish.schemas.documents.sizes import plural

# Elements that are in memory at a time, of each side and as float64.
_BLOCK: Final = 1 << 19
_BYTES: Final = 4 << 20


@dataclass(slots=True)
class _Found:
    """The findings so far."""

    largest: float | int = 0
    different: int = 0
    nans: int = 0

    def add(self, one: NDArray[Any], two: NDArray[Any]) -> None:
        """Compare two blocks of as many elements."""
        if one.dtype.kind in "iub" and two.dtype.kind in "iub" and one.dtype == two.dtype:
            differences = _whole_differences(one, two)
        else:
            differences = self._differences(one, two)
        self.different += int(np.count_nonzero(differences))
        self.largest = max(self.largest, differences.max().item())

    def _differences(self, one: NDArray[Any], two: NDArray[Any]) -> NDArray[Any]:
        wide = np.complex128 if "c" in (one.dtype.kind, two.dtype.kind) else np.float64
        a, b = one.astype(wide), two.astype(wide)
        nan, other_nan = np.isnan(a), np.isnan(b)
        self.nans += int(np.count_nonzero(nan != other_nan))
        # Equal infinities, whose difference is not a number.
        same = (a == b) | nan | other_nan
        with np.errstate(invalid="ignore", over="ignore"):
            found: NDArray[Any] = np.where(same, 0.0, np.abs(a - b))
        # Two complex infinities in different directions.
        found[np.isnan(found)] = np.inf
        return found

    def __str__(self) -> str:
        if not self.different and not self.nans:
            return "the same numbers in other bytes"
        shown = f"{self.largest:,}" if isinstance(self.largest, int) else f"{self.largest:.3g}"
        parts = [f"largest difference {shown}"] if self.different else []
        parts += [f"{plural(self.nans, 'value')} NaN on one side only"] if self.nans else []
        return ", ".join(parts)


def _whole_differences(one: NDArray[Any], two: NDArray[Any]) -> NDArray[Any]:
    """Return the differences of integers, exactly: of two extremes, it needs one bit more than they have."""
    if one.dtype.kind == "b":
        other: NDArray[Any] = (one != two).astype(np.uint64)
        return other
    wide = np.int64 if one.dtype.kind == "i" else np.uint64
    a, b = one.astype(wide).view(np.uint64), two.astype(wide).view(np.uint64)
    # Modulo 2 to the power of 64, which is exact where the minuend is the larger one.
    found: NDArray[Any] = np.where(one > two, a - b, b - a)
    return found


def difference_between(one: Tensor, two: Tensor) -> str:
    """Return the largest difference in words; empty for equal bytes, and for tensors whose values cannot be compared.

    Raises:
        InvalidFileError: a file ends before its tensors do.
        OSError: the values cannot be read.
    """
    if one.values is None or two.values is None or one.shape != two.shape:
        return ""
    types = _numpy(one), _numpy(two)
    if types[0] is None or types[1] is None:
        return _of_bytes(one, two)
    found, any_different = _Found(), False
    for start in range(0, one.elements, _BLOCK):
        count = min(_BLOCK, one.elements - start)
        blocks = [
            _read(blob, start * kind.itemsize, count * kind.itemsize)
            for blob, kind in ((one.values, types[0]), (two.values, types[1]))
        ]
        if types[0] == types[1] and blocks[0] == blocks[1]:
            continue
        any_different = True
        found.add(np.frombuffer(blocks[0], types[0]), np.frombuffer(blocks[1], types[1]))
    # Equal numbers of another type are no change of values.
    return str(found) if any_different and (types[0] == types[1] or found.different or found.nans) else ""


def _of_bytes(one: Tensor, two: Tensor) -> str:
    """Compare packed and quantized elements, which have no numpy type."""
    first, second = one.values, two.values
    if first is None or second is None or one.dtype != two.dtype or first.size is None:
        return ""
    for start in range(0, first.size, _BYTES):
        length = min(_BYTES, first.size - start)
        if _read(first, start, length) != _read(second, start, length):
            return "other bytes"
    return ""


def _numpy(tensor: Tensor) -> np.dtype[Any] | None:
    if tensor.numpy:
        stored: np.dtype[Any] = np.dtype(tensor.numpy)
        return stored
    known = DTYPES.get(tensor.dtype)
    return known.numpy if known else None


def _read(blob: Blob, offset: int, length: int) -> bytes:
    data = blob.read_at(offset, length)
    if len(data) != length:
        raise InvalidFileError("the file ends before its tensors do")
    return data
