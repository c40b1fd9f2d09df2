"""An ONNX model on disk, with the files beside it that keep the data of its tensors."""

import math
import mmap
import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import ml_dtypes
import numpy as np
from numpy.typing import NDArray

from hublish.base.errors import LoadError
from hublish.formats.input_files import InvalidFileError, invalid_file_as, named, opened
from hublish.formats.interface import TensorInfo
from hublish.formats.onnx_model import OnnxTensor, read_model
from hublish.formats.onnx_values import typed_values

# TensorProto.DataType. Texts have no bytes of their own; four-bit elements are packed.
_TYPES: Final[dict[int, Any]] = {
    1: "<f4",
    2: "u1",
    3: "i1",
    4: "<u2",
    5: "<i2",
    6: "<i4",
    7: "<i8",
    9: "?",
    10: "<f2",
    11: "<f8",
    12: "<u4",
    13: "<u8",
    14: "<c8",
    15: "<c16",
    16: ml_dtypes.bfloat16,
    17: ml_dtypes.float8_e4m3fn,
    18: ml_dtypes.float8_e4m3fnuz,
    19: ml_dtypes.float8_e5m2,
    20: ml_dtypes.float8_e5m2fnuz,
}


@dataclass(frozen=True, slots=True)
class OnnxFile:
    """A model, described."""

    name: str
    """Its path in the repo, or how errors call it."""
    path: Path
    tensors: tuple[OnnxTensor, ...]

    @property
    def locations(self) -> tuple[str, ...]:
        """The files that keep its data, relative to its folder, sorted."""
        return tuple(sorted({tensor.external.location for tensor in self.tensors if tensor.external}))


def read_onnx(path: Path, name: str) -> OnnxFile:
    """Read what a model says of its tensors.

    Raises:
        InvalidFileError: naming the file, when it is no ONNX model.
    """
    with named(name):
        model = OnnxFile(name, path, read_model(_mapped(path)))
        if Path(name).name in model.locations:
            msg = "it names itself as the file of its data"
            raise InvalidFileError(msg)
    return model


def data_beside(model: OnnxFile) -> dict[str, Path]:
    """Return the files of a model's data by location; none is a link, and each is as long as its tensors need.

    Raises:
        InvalidFileError: naming the one that is missing, a link or too short.
    """
    found = {location: _below(model.path.parent, location) for location in model.locations}
    check_sizes(model, found)
    return found


def data_among(model: OnnxFile, files: Mapping[str, Path]) -> dict[str, Path]:
    """Return the files of a model's data by location, from the files of a release.

    Raises:
        InvalidFileError: naming the one that is missing or too short.
    """
    folder = posixpath.dirname(model.name)
    paths = {location: posixpath.join(folder, location) for location in model.locations}
    for path in paths.values():
        if path not in files:
            msg = f"{model.name}: its data {path} is missing"
            raise InvalidFileError(msg, hint="let load.allow_patterns let it in")
    found = {location: files[path] for location, path in paths.items()}
    check_sizes(model, found)
    return found


def check_sizes(model: OnnxFile, found: Mapping[str, Path]) -> None:
    """Refuse data that ends before a tensor does."""
    sizes = {}
    for location, path in found.items():
        with named(f"{model.name}, data {location}"), opened(path) as (_, identity):
            sizes[location] = identity.size
    for tensor in model.tensors:
        place = tensor.external
        if place and place.offset + (place.length or 0) > sizes[place.location]:
            msg = f"{model.name}: tensor {ascii(tensor.name)[:80]} runs past the end of {place.location}"
            raise InvalidFileError(msg, hint="copy or download the file again")


class OnnxArrays(Mapping[str, NDArray[Any]]):
    """The weights of a model's graph by name, mapped from the model and the files of its data."""

    def __init__(self, model: OnnxFile, data: Mapping[str, Path]) -> None:
        self._model = model
        self._data = data
        self._places = {tensor.name: tensor for tensor in _weights(model.tensors)}

    @property
    def tensors(self) -> tuple[TensorInfo, ...]:
        """What the model holds; sizes are those of the elements."""
        return tuple(self._described(tensor) for tensor in self._places.values())

    def __getitem__(self, name: str) -> NDArray[Any]:
        tensor = self._places[name]
        kind = _TYPES.get(tensor.type)
        if kind is None:
            msg = f"tensor {name!r} of {self._model.name} has elements of type {tensor.type}, which numpy cannot hold"
            raise LoadError(msg, hint="read it with onnx.numpy_helper.to_array")
        dtype = np.dtype(kind)
        if 0 in tensor.shape:
            return np.empty(tensor.shape, dtype)
        with invalid_file_as(LoadError), named(f"tensor {name!r} of {self._model.name}"):
            flat = self._mapped(tensor, dtype) if tensor.raw or tensor.external else self._typed(tensor, dtype)
        return flat.reshape(tensor.shape)

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, name: object) -> bool:
        return name in self._places

    def _mapped(self, tensor: OnnxTensor, dtype: np.dtype[Any]) -> NDArray[Any]:
        needed = math.prod(tensor.shape) * dtype.itemsize
        if tensor.external:
            place = tensor.external
            path, offset, length = self._data[place.location], place.offset, place.length
        else:
            assert tensor.raw is not None  # the caller looked
            path, offset, length = self._model.path, tensor.raw.begin, tensor.raw.end - tensor.raw.begin
        if length is not None and length != needed:
            msg = f"it takes {needed} bytes, {length} are there"
            raise InvalidFileError(msg, hint="copy or download the file again")
        try:
            mapped = np.memmap(path, np.uint8, "r", offset, (needed,))
        except (ValueError, OSError) as error:
            msg = f"it cannot be mapped: {error}"
            raise InvalidFileError(msg) from None
        array: NDArray[Any] = np.asarray(mapped).view(dtype)
        return array

    def _typed(self, tensor: OnnxTensor, dtype: np.dtype[Any]) -> NDArray[Any]:
        values = typed_values(_mapped(self._model.path), tensor.typed, dtype)
        if len(values) != math.prod(tensor.shape):
            msg = f"it has {math.prod(tensor.shape)} elements, {len(values)} are there"
            raise InvalidFileError(msg)
        return values

    def _described(self, tensor: OnnxTensor) -> TensorInfo:
        kind = _TYPES.get(tensor.type)
        dtype = np.dtype(kind) if kind is not None else None
        nbytes = math.prod(tensor.shape) * dtype.itemsize if dtype is not None else 0
        label = str(dtype) if dtype is not None else f"type {tensor.type}"
        return TensorInfo(tensor.name, tensor.shape, label, nbytes, self._model.name)


def open_arrays(path: str, file: Path, files: Mapping[str, Path]) -> OnnxArrays:
    """Open the weights of the model `path` among a release's files.

    Raises:
        LoadError: when it is damaged, or its data is missing.
    """
    with invalid_file_as(LoadError):
        model = read_onnx(file, path)
        return OnnxArrays(model, data_among(model, files))


def _weights(tensors: Iterable[OnnxTensor]) -> Iterator[OnnxTensor]:
    return (tensor for tensor in tensors if tensor.initializer and tensor.name)


def _below(folder: Path, location: str) -> Path:
    path = folder
    for part in location.split("/"):
        path = path / part
        if path.is_symlink():
            msg = f"its data {location} is a link, or lies behind one"
            raise InvalidFileError(msg, hint="copy the file it leads to")
    return path


def _mapped(path: Path) -> memoryview:
    with opened(path) as (descriptor, identity):
        # Not closed by hand: it goes away with the last view of it, also when an error still holds one.
        return memoryview(mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ) if identity.size else b"")
