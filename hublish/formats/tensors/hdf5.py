"""Read Keras' `.weights.h5` and other HDF5 files of arrays with h5py, a block at a time.

The path of a dataset is the name of the tensor: `layers/dense/vars/0`. Links out of the file are never followed.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from hublish.base.content import Identity
from hublish.formats.frameworks import imported
from hublish.formats.input_files import InvalidFileError, named, opened
from hublish.formats.tensors.dtypes import DTYPES, Dtype, dtype_of
from hublish.formats.tensors.tensor import BLOCK_SIZE, MAX_DIMENSIONS, Content, Sink, Tensor
from hublish.formats.tensors.tensor_data import FileRange, InMemoryArray

# gzip, shuffle, checksum and lzf, which h5py has without plug-ins. A plug-in is a library that HDF5 would load.
_FILTERS: Final = frozenset({1, 2, 3, 32000})
# h5py expands a whole chunk into memory to read one element of it.
_MAX_CHUNK: Final = 256 << 20
# The limit of deflate is 1032, and that of lzf is far below.
_MAX_EXPANSION: Final = 2000
# The exceptions of h5py for damaged files.
_DAMAGE: Final = (OSError, RuntimeError, ValueError, KeyError, TypeError, OverflowError)


@contextmanager
def open_hdf5(path: Path) -> Iterator[tuple[Tensor, ...]]:
    """Describe the datasets of a file, by their paths; they can be written until the context ends.

    Raises:
        InvalidFileError: when the file is damaged, or has a dataset that safetensors cannot hold.
        MissingDependencyError: h5py is not installed.
    """
    h5py = imported("h5py", serializer="safetensors")
    with named(path), opened(path) as (_, identity), _damage_named():
        file = h5py.File(path, "r")
    with file:
        datasets: list[tuple[str, Any]] = []
        with named(path), _damage_named():
            # Visits hard links only, each object once.
            file.visititems(lambda name, one: datasets.append((name, one)) if isinstance(one, h5py.Dataset) else None)
            tensors = tuple(_tensor(path, identity, name, dataset) for name, dataset in datasets)
        yield tensors


@dataclass(frozen=True, slots=True)
class _Dataset:
    """A dataset whose elements must be unpacked."""

    dataset: Any
    dtype: Dtype

    def write_to(self, output: Sink) -> None:
        """Write the elements in C order."""
        with _damage_named():
            if not self.dataset.shape:
                InMemoryArray(self._typed(self.dataset[()]), self.dtype).write_to(output)
                return
            row = self.dtype.nbytes(math.prod(self.dataset.shape[1:]))
            step = max(1, BLOCK_SIZE // max(1, row), (self.dataset.chunks or (1,))[0])
            for first in range(0, self.dataset.shape[0], step):
                InMemoryArray(self._typed(self.dataset[first : first + step]), self.dtype).write_to(output)

    def _typed(self, array: Any) -> Any:
        return array.view(self.dtype.numpy) if array.dtype.kind == "V" else array


def _tensor(path: Path, identity: Identity, name: str, dataset: Any) -> Tensor:
    with named(f"dataset {ascii(name)[:80]}"):
        dtype = _dtype(dataset)
        _check(dataset)
        shape = tuple(map(int, dataset.shape))
        return Tensor(name, dtype, shape, _content(path, identity, dataset, dtype, math.prod(shape)))


def _dtype(dataset: Any) -> Dtype:
    # HDF5 has no bfloat16: Keras stores nameless bytes, and the name of the type as an attribute.
    if dataset.dtype.kind == "V" and dataset.dtype.itemsize == 2 and dataset.attrs.get("dtype") == "bfloat16":
        return DTYPES["BF16"]
    dtype = dtype_of(dataset.dtype)
    if dtype is None:
        msg = f"safetensors cannot hold elements of type {dataset.dtype}"
        raise InvalidFileError(msg, hint="exclude it: options: {exclude: [...]}")
    return dtype


def _check(dataset: Any) -> None:
    if dataset.shape is None or len(dataset.shape) > MAX_DIMENSIONS:
        raise InvalidFileError("it has no shape that safetensors can hold")
    if dataset.external or dataset.is_virtual:
        raise InvalidFileError("its data is in another file")
    settings = dataset.id.get_create_plist()
    unknown = {settings.get_filter(number)[0] for number in range(settings.get_nfilters())} - _FILTERS
    if unknown:
        raise InvalidFileError(f"it is compressed by HDF5 filter {min(unknown)}, which is a plug-in")
    if math.prod(dataset.chunks or (1,)) * dataset.dtype.itemsize > _MAX_CHUNK:
        raise InvalidFileError(f"it is stored in chunks of more than {_MAX_CHUNK} bytes")
    if dataset.nbytes > _MAX_CHUNK + _MAX_EXPANSION * dataset.id.get_storage_size():
        raise InvalidFileError(f"it expands to {dataset.nbytes} bytes, from {dataset.id.get_storage_size()}")


def _content(path: Path, identity: Identity, dataset: Any, dtype: Dtype, count: int) -> Content:
    # Contiguous datasets have an offset; their bytes can be copied without HDF5.
    offset, size = dataset.id.get_offset(), dtype.nbytes(count)
    raw = dataset.dtype.kind == "V" or dataset.dtype == dtype.numpy
    if offset is None or not raw or dtype.name == "BOOL" or offset + size > identity.size:
        return _Dataset(dataset, dtype)
    return FileRange(path, identity, int(offset), size)


@contextmanager
def _damage_named() -> Iterator[None]:
    try:
        yield
    except InvalidFileError:
        raise
    except _DAMAGE as error:
        raise InvalidFileError(f"not an HDF5 file, or damaged: {error}") from None
