"""Serializer `onnx`: models as `.onnx`, with the files of their external data."""

import importlib.util
import posixpath
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from hublish.base.errors import LoadError, SerializationError
from hublish.base.progress import Progress
from hublish.formats.catalogue import BuiltIn
from hublish.formats.format_options import OnnxOptions
from hublish.formats.frameworks import framework_errors_as, imported, is_a
from hublish.formats.input_files import invalid_file_as
from hublish.formats.interface import Trust, Written
from hublish.formats.onnx_files import OnnxArrays, data_among, data_beside, open_arrays, read_onnx
from hublish.formats.onnx_staging import in_one_folder
from hublish.formats.release_files import check_suffix, only, output_path


class Onnx(BuiltIn, row="onnx"):
    """One model: its graph, its weights, and the files that keep them.

    A file is passed on as it is, with its external data from the same folder; links and paths that lead out of it are
    refused. The structure is read here, without onnx; where onnx is installed, its checker is asked as well. Holds
    models of every opset. Operators of other libraries need those libraries where it is run.
    """

    version: ClassVar[int] = 1

    def holds(self, value: Any) -> bool:
        """Whether it is a ModelProto."""
        return is_a(value, "onnx.onnx_ml_pb2.ModelProto")

    def dump(
        self,
        source: Any,
        path_in_repo: str,
        workspace: Path,
        options: OnnxOptions,
        progress: Progress,  # noqa: ARG002 - onnx tells nothing while it writes
    ) -> tuple[Written, ...]:
        """Write a ModelProto, or pass a file on with its data.

        Raises:
            SerializationError: no model, a damaged one, one that onnx's checker refuses, or its data is not there.
            MissingDependencyError: the model came from an onnx that cannot be imported here.
        """
        check_suffix(path_in_repo, self.suffixes)
        if isinstance(source, Path):
            model, name = source, str(source)
        else:
            model, name = output_path(workspace, path_in_repo), path_in_repo
            _save(source, model, options)
        with invalid_file_as(SerializationError):
            data = data_beside(read_onnx(model, name))
        _check(model, name)
        folder = posixpath.dirname(path_in_repo)
        beside = (Written(posixpath.join(folder, location), path) for location, path in data.items())
        return (Written(path_in_repo, model), *beside)

    def load(self, files: Mapping[str, Path]) -> OnnxArrays:
        """Map the weights of the graph by name.

        Raises:
            LoadError: no model, more than one, a damaged one, or its data is missing.
        """
        return open_arrays(*only(files, self.suffixes, self.name), files)

    def rebuild(self, files: Mapping[str, Path], trust: Trust) -> Any:  # noqa: ARG002 - needs none
        """Return an `onnxruntime.InferenceSession` on the CPU; without onnxruntime a ModelProto with all its data.

        Without either it is the model's path: enough for any other runtime.

        Raises:
            LoadError: as `load`, or when the runtime refuses the model.
        """
        path, file = only(files, self.suffixes, self.name)
        with invalid_file_as(LoadError):
            data = data_among(read_onnx(file, path), files)
        with in_one_folder(file, data) as model:
            if importlib.util.find_spec("onnxruntime"):
                runtime = imported("onnxruntime", serializer="onnx")
                with framework_errors_as(LoadError, f"onnxruntime cannot load {path}"):
                    return runtime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
            if importlib.util.find_spec("onnx"):
                with framework_errors_as(LoadError, f"onnx cannot load {path}"):
                    return _onnx().load(str(model))
        return file


def _save(source: Any, target: Path, options: OnnxOptions) -> None:
    onnx = _onnx()
    if not isinstance(source, onnx.ModelProto):
        msg = f"a {type(source).__name__} is no onnx.ModelProto"
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
    if importlib.util.find_spec("onnx"):
        with framework_errors_as(SerializationError, f"onnx's checker refuses {name}"):
            _onnx().checker.check_model(str(model))


def _onnx() -> Any:
    return imported("onnx", serializer="onnx")
