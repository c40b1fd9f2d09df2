"""Arrays mapped from safetensors files: nothing is read until an element is accessed.

The library's `safe_open` is not used for this: it copies each tensor into memory when it is requested, and its numpy
reader has no bfloat16 and no float8.
"""

import math
import mmap
from collections.abc import Iterator, Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from hublish.base.errors import LoadError
from hublish.formats.input_files import unchanged
from hublish.formats.interface import TensorInfo
from hublish.formats.tensors.safetensors_file import SafetensorsFile, SafetensorsSet


class MappedArrays(Mapping[str, NDArray[Any]]):
    """Read-only arrays by tensor name, in the order of the files and their bytes; tied names come last.

    A file is mapped when the first of its arrays is requested. Each array keeps its file mapped, also after `close`;
    the file must not be truncated while they exist.

    Args:
        read: the files, in which every tensor has one name.
    """

    def __init__(self, read: SafetensorsSet) -> None:
        self._places = {entry.name: (file, entry) for file in read.files for entry in file.entries}
        self._ties = read.ties
        self._maps: dict[str, mmap.mmap] = {}
        self._closed = False

    @property
    def tensors(self) -> tuple[TensorInfo, ...]:
        """The tensors in the files, read from their headers alone; tied tensors once."""
        return tuple(
            TensorInfo(entry.name, entry.shape, entry.dtype.name, entry.end - entry.begin, file.name)
            for file, entry in self._places.values()
        )

    def __getitem__(self, name: str) -> NDArray[Any]:
        file, entry = self._places[self._ties.get(name, name)]
        if self._closed:
            raise LoadError(f"tensor {name!r} was requested after the files were closed")
        dtype = entry.dtype.numpy
        if dtype is None:
            msg = f"tensor {name!r} of {file.name} has packed {entry.dtype.name} elements, which numpy cannot represent"
            raise LoadError(msg, hint="read it with the library that wrote it")
        # A buffer cannot be mapped at the very end of a file, where an empty tensor may begin.
        if not math.prod(entry.shape):
            array: NDArray[Any] = np.empty(entry.shape, dtype)
            array.flags.writeable = False
            return array
        # Unaligned offsets are allowed: old writers did not pad the header.
        return np.ndarray(entry.shape, dtype, buffer=self._map(file), offset=file.data_offset + entry.begin)

    def __iter__(self) -> Iterator[str]:
        yield from self._places
        yield from self._ties

    def __len__(self) -> int:
        return len(self._places) + len(self._ties)

    def __contains__(self, name: object) -> bool:
        # Mapping's own would build the array.
        return name in self._places or name in self._ties

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Release the files; existing arrays stay valid."""
        # Dropped and not closed: mmap refuses to close while arrays use it, and is freed with the last of them.
        self._maps.clear()
        self._closed = True

    def _map(self, file: SafetensorsFile) -> mmap.mmap:
        # One map for all tensors of a file; the kernel reads the pages that are touched.
        if file.name not in self._maps:
            with unchanged(file.path, file.identity) as descriptor:
                self._maps[file.name] = mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ)
        return self._maps[file.name]
