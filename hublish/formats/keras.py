"""Serializer `keras`: whole models as `.keras` archives, loaded in Keras' safe mode."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from hublish.base.errors import LoadError, SerializationError
from hublish.base.progress import Progress
from hublish.formats.catalogue import BuiltIn
from hublish.formats.format_options import KerasOptions
from hublish.formats.frameworks import framework_errors_as, imported, is_a
from hublish.formats.input_files import invalid_file_as
from hublish.formats.interface import Trust, Written
from hublish.formats.keras_archive import KerasArrays, code_in, write_canonical
from hublish.formats.release_files import check_suffix, only, output_path


class Keras(BuiltIn, row="keras"):
    """One Keras 3 model: its layers, weights, vocabularies and, where it was compiled, the optimizer's state.

    Holds everything `model.save` does. Own layers must be registered where it is loaded
    (`keras.saving.register_keras_serializable`). Does not hold the older `.h5` and SavedModel formats: load them with
    Keras and save them as `.keras`. The same model is the same file, byte for byte: the time of saving is left out.
    """

    version: ClassVar[int] = 1

    def holds(self, value: Any) -> bool:
        """Whether it is a Keras 3 model."""
        return is_a(value, "keras.src.models.model.Model")

    def dump(
        self,
        source: Any,
        path_in_repo: str,
        workspace: Path,
        options: KerasOptions,
        progress: Progress,  # noqa: ARG002 - Keras tells nothing while it writes
    ) -> tuple[Written, ...]:
        """Save a model, or pass on an archive as it is.

        Raises:
            SerializationError: Keras cannot save it, it carries code, or a file is no `.keras` archive.
            MissingDependencyError: the model came from a Keras that cannot be imported here.
        """
        check_suffix(path_in_repo, self.suffixes)
        written = source if isinstance(source, Path) else _saved(source, output_path(workspace, path_in_repo))
        with invalid_file_as(SerializationError):
            code = code_in(written, str(source) if isinstance(source, Path) else path_in_repo)
        if code and options.lambdas == "forbid":
            msg = f"the model carries Python bytecode in {code}"
            hint = "use a registered function or an own layer, or set the option lambdas: allow"
            raise SerializationError(msg, hint=hint)
        return (Written(path_in_repo, written),)

    def load(self, files: Mapping[str, Path]) -> Mapping[str, Any]:
        """Open the weights by their path in the archive: `layers/dense/vars/0`; each is read when it is touched.

        Raises:
            LoadError: no archive, more than one, or a damaged one.
            MissingDependencyError: h5py is not installed.
        """
        path, file = only(files, self.suffixes, self.name)
        h5py = imported("h5py", serializer="keras")
        with invalid_file_as(LoadError), framework_errors_as(LoadError, f"h5py cannot read the weights of {path}"):
            return KerasArrays.of(h5py, path, file)

    def rebuild(self, files: Mapping[str, Path], trust: Trust) -> Any:
        """Return the model, loaded in safe mode.

        Args:
            files: with one `.keras` among them.
            trust: `code` runs the functions that are stored as bytecode.

        Raises:
            LoadError: the archive is damaged, or carries code without permission to run it.
            MissingDependencyError: Keras or its backend is not installed.
        """
        path, file = only(files, self.suffixes, self.name)
        with invalid_file_as(LoadError):
            code = code_in(file, path)
        if code and not trust.code:
            msg = f"{path} carries Python bytecode in {code}: loading it runs whatever its publisher chose"
            raise LoadError(msg, hint="permit it with trust=Trust(code=True)")
        keras = _keras()
        with framework_errors_as(LoadError, f"Keras cannot load {path}"):
            return keras.saving.load_model(file, safe_mode=not trust.code)


def _saved(model: Any, target: Path) -> Path:
    keras = _keras()
    if not isinstance(model, keras.Model):
        msg = f"a {type(model).__name__} is no keras.Model"
        raise SerializationError(msg, hint="give the model itself")
    if not model.built:
        msg = "the model has no weights yet: it was not built"
        raise SerializationError(msg, hint="call it on data, or model.build(input_shape), before it is published")
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        draft = Path(folder) / "model.keras"
        with framework_errors_as(SerializationError, "Keras cannot save the model"):
            model.save(draft)
        with invalid_file_as(SerializationError):
            write_canonical(draft, target)
    return target


def _keras() -> Any:
    return imported("keras", serializer="keras")
