"""Tensors in another floating-point type, converted a block at a time."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from hublish.formats.format_options import Float
from hublish.formats.input_files import InvalidFileError
from hublish.formats.tensors.dtypes import DTYPES, Dtype
from hublish.formats.tensors.output import BLOCK_SIZE, Sink
from hublish.formats.tensors.tensor import Content, Tensor

FLOATS: Final[Mapping[Float, str]] = {
    "float64": "F64",
    "float32": "F32",
    "float16": "F16",
    "bfloat16": "BF16",
    "float8_e4m3fn": "F8_E4M3",
    "float8_e5m2": "F8_E5M2",
    "float8_e4m3fnuz": "F8_E4M3FNUZ",
    "float8_e5m2fnuz": "F8_E5M2FNUZ",
}
"""safetensors' names of the types that tensors are cast between."""


def cast(tensor: Tensor, name: Float) -> Tensor:
    """Return the tensor with elements of the type `name`; one that is not floating-point stays as it is."""
    target = DTYPES[FLOATS[name]]
    if tensor.dtype == target or tensor.dtype.name not in FLOATS.values():
        return tensor
    return Tensor(tensor.name, target, tensor.shape, _Cast(tensor.name, tensor.content, tensor.dtype, target))


@dataclass(frozen=True, slots=True)
class _Cast:
    """Content that is converted on its way."""

    name: str
    content: Content
    stored: Dtype
    target: Dtype

    def write_to(self, output: Sink) -> None:
        """Write the elements, rounded to the nearest value of their new type, ties to even."""
        self.content.write_to(_CastingSink(output, self))

    def convert(self, data: bytes | memoryview) -> memoryview:
        """Return whole elements converted.

        Raises:
            InvalidFileError: when a number would become infinite or none at all.
        """
        before = np.frombuffer(data, self.stored.numpy)
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            after = before.astype(self.target.numpy)
        if not np.array_equal(np.isfinite(before), np.isfinite(after)) or (
            not np.array_equal(np.isnan(before), np.isnan(after))
        ):
            msg = f"tensor {ascii(self.name)[:80]} holds values that {self.target.name} has no place for"
            raise InvalidFileError(msg, hint="choose a dtype with a wider range, such as bfloat16")
        return after.view(np.uint8).data


class _CastingSink:
    """Converts what passes through it; blocks may end within an element."""

    def __init__(self, output: Sink, cast: _Cast) -> None:
        assert cast.stored.numpy is not None
        self._output = output
        self._cast = cast
        self._width = cast.stored.numpy.itemsize
        self._rest = b""

    def write(self, data: bytes | memoryview) -> None:
        """Append elements of the stored type."""
        view = memoryview(self._rest + bytes(data) if self._rest else data)
        whole = len(view) - len(view) % self._width
        for first in range(0, whole, BLOCK_SIZE):
            self._output.write(self._cast.convert(view[first : min(first + BLOCK_SIZE, whole)]))
        self._rest = bytes(view[whole:])

    def copy(self, source: int, offset: int, length: int) -> int:
        """Append elements of the stored type from a file."""
        done = 0
        while done < length and (block := os.pread(source, min(length - done, BLOCK_SIZE), offset + done)):
            self.write(block)
            done += len(block)
        return done
