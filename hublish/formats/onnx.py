"""Serializer `onnx`: models as `.onnx`, with the files of their external data.

The package onnx parses a model: `pip install "hublish[onnx]"`. Only the model itself is read into memory; external data
is checked and published in place, and mapped when it is loaded.
"""

import math
import mmap
import os
import posixpath
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hublish.base.errors import LoadError, SerializationError
from hublish.base.progress import Progress
from hublish.formats.catalogue import BuiltIn
from hublish.formats.format_options import OnnxOptions
from hublish.formats.frameworks import framework_errors_as, imported, is_a, is_installed
from hublish.formats.input_files import InvalidFileError, invalid_file_as, named, opened
from hublish.formats.interface import LazyArrays, TensorInfo, Trust, Written
from hublish.formats.protobuf_size import check_parsed_size
from hublish.formats.release_files import check_suffix, only, output_path
from hublish.schemas.documents.path_rules import path_problems

MAX_MODEL_SIZE: Final = (2 << 30) - 1
"""Bytes: protobuf's own limit on a message."""
_MAX_DIMENSIONS = 32  # of a numpy array before version 2
# Elements smaller than a byte share bytes: they cannot be mapped.
_PACKED = re.compile(r"u?int[24]|float[46]_\w+")


class Onnx(BuiltIn, row="onnx"):
    """One model: its graph, its weights, and the files of its external data.

    A file is passed on unchanged, with its external data from the same folder; links and paths that lead out of it are
    rejected, and so is a model that onnx's checker rejects. Holds models of every opset. Operators of other libraries
    need those libraries where it is run.
    """

    def holds(self, value: Any) -> bool:
        """Return whether it is a ModelProto."""
        return is_a(value, "onnx.onnx_ml_pb2.ModelProto")

    def dump(
        self, source: Any, path_in_repo: str, workspace: Path, options: OnnxOptions, progress: Progress
    ) -> tuple[Written, ...]:
        """Write a ModelProto, or pass a file on with its data.

        Raises:
            SerializationError: it is not a model, is damaged, onnx's checker rejects it, or its data is missing.
            MissingDependencyError: onnx is not installed.
        """
        check_suffix(path_in_repo, self.suffixes)
        if isinstance(source, Path):
            model, name = source, str(source)
        else:
            model, name = output_path(workspace, path_in_repo), path_in_repo
            _save(source, model, options)
        # Checked before onnx's checker runs: that one follows external data.
        with invalid_file_as(SerializationError):
            data = data_beside(read_onnx(model, name))
        _check(model, name)
        folder = posixpath.dirname(path_in_repo)
        beside = (Written(posixpath.join(folder, location), path) for location, path in data.items())
        return (Written(path_in_repo, model), *beside)

    def load(self, files: Mapping[str, Path]) -> "OnnxArrays":
        """Open the weights of the graph by name; external ones are mapped.

        Raises:
            LoadError: no model, more than one, a damaged one, or its data is missing.
            MissingDependencyError: onnx is not installed.
        """
        path, file = only(files, self.suffixes, self.name)
        with invalid_file_as(LoadError):
            model = read_onnx(file, path)
            return OnnxArrays(model, data_among(model, files))

    def rebuild(self, files: Mapping[str, Path], trust: Trust) -> Any:
        """Return an `onnxruntime.InferenceSession` on the CPU; without onnxruntime a ModelProto with all its data.

        Raises:
            LoadError: as `load`, or the runtime rejects the model.
            MissingDependencyError: onnx is not installed.
        """
        path, file = only(files, self.suffixes, self.name)
        with invalid_file_as(LoadError):
            model = read_onnx(file, path)
            data = data_among(model, files)
            if not is_installed("onnxruntime"):
                return _with_data(model, data)
        runtime = imported("onnxruntime", serializer=self.name)
        with _in_one_folder(file, data) as whole, framework_errors_as(LoadError, f"onnxruntime cannot load {path}"):
            return runtime.InferenceSession(str(whole), providers=["CPUExecutionProvider"])


@dataclass(frozen=True, slots=True)
class ExternalData:
    """The place of a tensor's data in a file beside the model."""

    tensor: str
    location: str
    """Relative to the model's folder."""
    offset: int
    length: int | None
    """None: to the end of the file."""


@dataclass(frozen=True, slots=True)
class OnnxModel:
    """A model, parsed; its external data stays on disk."""

    name: str
    """Its path in the repo, or its name in errors."""
    path: Path
    proto: Any
    external: tuple[ExternalData, ...]
    """Of all tensors, those of nodes, subgraphs, functions and sparse tensors included."""

    @property
    def locations(self) -> tuple[str, ...]:
        """The files of its data, relative to its folder, sorted."""
        return tuple(sorted({place.location for place in self.external}))


def read_onnx(path: Path, name: str) -> OnnxModel:
    """Parse a model without its external data.

    Raises:
        InvalidFileError: it is not an ONNX model, is damaged, or refers to data outside its folder; names the file.
        MissingDependencyError: onnx is not installed.
    """
    with named(name):
        proto = _parsed(path)
        tensors = tuple(_tensors(proto))
        for tensor in tensors:
            if len(tensor.dims) > _MAX_DIMENSIONS or any(length < 0 for length in tensor.dims):
                msg = f"tensor {ascii(tensor.name)[:80]} has a negative dimension, or more than {_MAX_DIMENSIONS}"
                raise InvalidFileError(msg)
        model = OnnxModel(name, path, proto, tuple(place for tensor in tensors if (place := _external(tensor))))
        # Mapping such a tensor would read the graph as weights.
        if posixpath.basename(path.as_posix()) in model.locations or posixpath.basename(name) in model.locations:
            raise InvalidFileError("it refers to itself as the file of its data")
    return model


def _parsed(path: Path) -> Any:
    onnx = imported("onnx", serializer="onnx")
    proto = onnx.ModelProto()
    with opened(path) as (descriptor, identity):
        if not 0 < identity.size <= MAX_MODEL_SIZE:
            msg = f"a model of {identity.size} bytes; protobuf, the format of ONNX, holds at most {MAX_MODEL_SIZE}"
            raise InvalidFileError(msg, hint="save its weights as external data")
        with mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ) as mapped, memoryview(mapped) as data:
            check_parsed_size(data, proto.DESCRIPTOR)
            try:
                proto.ParseFromString(data)
            # protobuf's DecodeError, whose base classes depend on the implementation.
            except Exception as error:
                raise InvalidFileError(f"not an ONNX model, or a damaged one: {error}") from None
    if not proto.ir_version or not proto.HasField("graph"):
        raise InvalidFileError("not an ONNX model: it has no version or no graph")
    return proto


def _tensors(message: Any) -> Iterator[Any]:
    """Yield every TensorProto inside a message.

    onnx's own `external_data_helper` skips the tensors of sparse ones and of training graphs.
    """
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        # Containers of repeated fields differ between protobuf's implementations; only messages have ListFields.
        for item in (value,) if hasattr(value, "ListFields") else value:
            if field.message_type.name == "TensorProto":
                yield item
            else:
                yield from _tensors(item)


def _external(tensor: Any) -> ExternalData | None:
    # Entries without this mark are leftovers that runtimes ignore.
    if tensor.data_location != tensor.EXTERNAL:
        return None
    shown = f"tensor {ascii(tensor.name)[:80]}"
    entries = {entry.key: entry.value for entry in tensor.external_data}
    # Runtimes disagree on which of two equal keys counts: each could read another file.
    if len(entries) < len(tensor.external_data):
        raise InvalidFileError(f"{shown} describes its external data twice")
    location = entries.get("location", "")
    if problems := path_problems(location):
        msg = f"{shown} has its data in {ascii(location)[:80]}: {problems[0]}"
        raise InvalidFileError(msg, hint="external data belongs beside the model or in a folder there")
    # Values are strings in the file, of any length.
    offset, length = entries.get("offset") or "0", entries.get("length")
    if not (offset.isdecimal() and (not length or length.isdecimal()) and len(offset + (length or "")) < 40):
        raise InvalidFileError(f"{shown} has an offset or a length that is not a number")
    return ExternalData(tensor.name, location, int(offset), int(length) if length else None)


def data_beside(model: OnnxModel) -> dict[str, Path]:
    """Return the files of a model's data by location; none is a link, and each is as long as its tensors need.

    Raises:
        InvalidFileError: a file is missing, a link or too short; the message names it.
    """
    found = {location: _below(model.path.parent, location) for location in model.locations}
    _check_sizes(model, found)
    return found


def data_among(model: OnnxModel, files: Mapping[str, Path]) -> dict[str, Path]:
    """Return the files of a model's data by location, from the files of a release.

    Raises:
        InvalidFileError: a file is missing or too short; the message names it.
    """
    # Locations are relative to the model, and `files` has paths from the root of the repo.
    folder = posixpath.dirname(model.name)
    paths = {location: posixpath.join(folder, location) for location in model.locations}
    for path in paths.values():
        if path not in files:
            raise InvalidFileError(f"{model.name}: its data {path} is missing", hint="add it to load.allow_patterns")
    found = {location: files[path] for location, path in paths.items()}
    _check_sizes(model, found)
    return found


class OnnxArrays(LazyArrays[Any]):
    """The weights of a model's graph by name; external ones are mapped from their files."""

    def __init__(self, model: OnnxModel, data: Mapping[str, Path]) -> None:
        super().__init__({tensor.name: tensor for tensor in model.proto.graph.initializer if tensor.name})
        self._model = model
        self._data = data
        self._onnx = imported("onnx", serializer="onnx")

    @property
    def tensors(self) -> tuple[TensorInfo, ...]:
        """The descriptions of the weights; sizes are those of the elements."""
        return tuple(self._described(name, tensor) for name, tensor in self._stored.items())

    def __getitem__(self, name: str) -> NDArray[Any]:
        tensor = self._stored[name]
        label = f"tensor {name!r} of {self._model.name}"
        dtype = self._dtype(tensor)
        if dtype is None:
            msg = f"{label} has elements of type {tensor.data_type}, which numpy cannot hold"
            raise LoadError(msg, hint="read it with onnx.numpy_helper.to_array")
        with framework_errors_as(LoadError, f"{label} cannot be read"), invalid_file_as(LoadError), named(label):
            if 0 in tensor.dims:
                return np.empty(tuple(tensor.dims), dtype)
            if place := _external(tensor):
                return self._mapped(place, math.prod(tensor.dims) * dtype.itemsize).view(dtype).reshape(tensor.dims)
            # Never called for external data, which onnx would look for in the current folder.
            array: NDArray[Any] = self._onnx.numpy_helper.to_array(tensor)
            return array

    def _mapped(self, place: ExternalData, needed: int) -> NDArray[np.uint8]:
        if place.length is not None and place.length != needed:
            msg = f"expected {needed} bytes, found {place.length}"
            raise InvalidFileError(msg, hint="copy or download the file again")
        return np.asarray(np.memmap(self._data[place.location], np.uint8, "r", place.offset, (needed,)))

    def _described(self, name: str, tensor: Any) -> TensorInfo:
        dtype, shape = self._dtype(tensor), tuple(tensor.dims)
        nbytes = math.prod(shape) * dtype.itemsize if dtype is not None else 0
        return TensorInfo(name, shape, str(dtype or f"type {tensor.data_type}"), nbytes, self._model.name)

    def _dtype(self, tensor: Any) -> np.dtype[Any] | None:
        """Return numpy's type of the elements; None when they are strings or smaller than a byte."""
        try:
            dtype: np.dtype[Any] = np.dtype(self._onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type))
        except KeyError:  # a type that is newer than the installed onnx
            return None
        return None if dtype.hasobject or _PACKED.fullmatch(dtype.name) else dtype


def _with_data(model: OnnxModel, data: Mapping[str, Path]) -> Any:
    """Return the ModelProto with its external data in memory.

    onnx's own loader rejects files with several hard links, which a cache may well have.
    """
    # The model is this call's own: nothing else refers to it.
    for tensor in _tensors(model.proto):
        if place := _external(tensor):
            with opened(data[place.location]) as (descriptor, _), os.fdopen(descriptor, "rb", closefd=False) as file:
                file.seek(place.offset)
                tensor.raw_data = file.read(-1 if place.length is None else place.length)
            tensor.ClearField("external_data")
            tensor.ClearField("data_location")
    return model.proto


def _check_sizes(model: OnnxModel, found: Mapping[str, Path]) -> None:
    # A runtime that maps truncated data fails much later, or crashes.
    sizes = {}
    for location, path in found.items():
        with named(f"{model.name}, data {location}"), opened(path) as (_, identity):
            sizes[location] = identity.size
    for place in model.external:
        if place.offset + (place.length or 0) > sizes[place.location]:
            msg = f"{model.name}: tensor {ascii(place.tensor)[:80]} runs past the end of {place.location}"
            raise InvalidFileError(msg, hint="copy or download the file again")


def _below(folder: Path, location: str) -> Path:
    path = folder
    for part in location.split("/"):
        path = path / part
        # A link could publish any file of this machine as weights.
        if path.is_symlink():
            msg = f"its data {location} is a link, or behind one"
            raise InvalidFileError(msg, hint="replace the link by a copy of its target")
    return path


def _save(source: Any, target: Path, options: OnnxOptions) -> None:
    onnx = imported("onnx", serializer="onnx")
    if not isinstance(source, onnx.ModelProto):
        msg = f"a {type(source).__name__} is not an onnx.ModelProto"
        raise SerializationError(msg, hint="export it to a file, such as with torch.onnx.export, and name that")
    with framework_errors_as(SerializationError, "onnx cannot write the model"):
        if not options.external_data:
            onnx.save_model(source, str(target))
            return
        copy = onnx.ModelProto()
        copy.CopyFrom(source)  # saving moves the data out of the model it is given
        location = f"{target.name}.data"
        onnx.save_model(copy, str(target), save_as_external_data=True, location=location, size_threshold=1024)


def _check(model: Path, name: str) -> None:
    with framework_errors_as(SerializationError, f"onnx's checker rejects {name}"):
        imported("onnx", serializer="onnx").checker.check_model(str(model))


@contextmanager
def _in_one_folder(model: Path, data: Mapping[str, Path]) -> Iterator[Path]:
    """Yield the path of the model with its data beside it as plain files, until the context ends.

    Runtimes look for external data in the folder of the model, and a cache keeps each file elsewhere. Nothing is copied
    when the files can be linked: the temporary folder must be on their disk.
    """
    if not data:
        yield model
        return
    with tempfile.TemporaryDirectory(prefix="hublish-onnx-") as name:
        for location, path in {**data, model.name: model}.items():
            target = Path(name) / location
            target.parent.mkdir(parents=True, exist_ok=True)
            # A hard link and not a symbolic one, which runtimes reject when it leads out of the folder.
            try:
                os.link(path.resolve(), target)
            except OSError:
                shutil.copyfile(path.resolve(), target)
        yield Path(name) / model.name
