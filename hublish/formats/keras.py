"""Serializer `keras`: whole models as `.keras` archives, loaded in Keras' safe mode.

An archive is a zip of `config.json`, `metadata.json` and `model.weights.h5`:
https://keras.io/guides/serialization_and_saving/. Its configuration is data except for the parts that
`keras_configuration.py` finds. Safe mode rejects most of them, but several ways around it were found.
"""

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hublish.base.errors import LoadError, SerializationError
from hublish.base.progress import Progress
from hublish.formats.catalogue import BuiltIn
from hublish.formats.format_options import KerasOptions
from hublish.formats.frameworks import framework_errors_as, imported, is_a
from hublish.formats.input_files import InvalidFileError, invalid_file_as
from hublish.formats.interface import LazyArrays, TensorInfo, Trust, Written
from hublish.formats.keras_configuration import code_in_configuration, parse_json
from hublish.formats.release_files import check_suffix, only, output_path
from hublish.formats.zip_reader import check_expansion, opened_archive, write_reproducibly

# The members of an archive.
_CONFIG, _METADATA, _WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
_MAX_JSON = 64 << 20  # bytes


class Keras(BuiltIn, row="keras"):
    """One Keras 3 model: its layers, weights, vocabularies and, where it was compiled, the optimizer's state.

    Holds all that `model.save` writes. Custom layers must be registered where it is loaded
    (`keras.saving.register_keras_serializable`). Does not hold the older `.h5` and SavedModel formats: load them with
    Keras and save them as `.keras`. The same model gives the same bytes: the time of saving is omitted.
    """

    def holds(self, value: Any) -> bool:
        """Return whether it is a Keras 3 model."""
        return is_a(value, "keras.src.models.model.Model")

    def dump(
        self, source: Any, path_in_repo: str, workspace: Path, options: KerasOptions, progress: Progress
    ) -> tuple[Written, ...]:
        """Save a model, or pass an archive on unchanged.

        Raises:
            SerializationError: Keras cannot save it, it carries code, or a file is not a `.keras` archive.
            MissingDependencyError: the model came from a Keras that cannot be imported here.
        """
        check_suffix(path_in_repo, self.suffixes)
        written = source if isinstance(source, Path) else _save(source, output_path(workspace, path_in_repo))
        with invalid_file_as(SerializationError):
            code = code_in(written, str(source) if isinstance(source, Path) else path_in_repo)
        if code and options.lambdas == "forbid":
            msg = f"the model carries code in {code}"
            hint = "use a registered function or a custom layer, or set the option lambdas: allow"
            raise SerializationError(msg, hint=hint)
        return (Written(path_in_repo, written),)

    def load(self, files: Mapping[str, Path]) -> "KerasArrays":
        """Open the weights by their path in the archive: `layers/dense/vars/0`; each is read on access.

        Raises:
            LoadError: no archive, more than one, or a damaged one.
            MissingDependencyError: h5py is not installed.
        """
        path, file = only(files, self.suffixes, self.name)
        h5py = imported("h5py", serializer=self.name)
        with framework_errors_as(LoadError, f"h5py cannot read the weights of {path}"), invalid_file_as(LoadError):
            return KerasArrays.of(h5py, path, file)

    def rebuild(self, files: Mapping[str, Path], trust: Trust) -> Any:
        """Return the model of the one `.keras` file, loaded in safe mode; `trust.code` runs functions in bytecode.

        Raises:
            LoadError: the archive is damaged, or carries code without permission to run it.
            MissingDependencyError: Keras or its backend is not installed.
        """
        path, file = only(files, self.suffixes, self.name)
        with invalid_file_as(LoadError):
            code = code_in(file, path)
        if code and not trust.code:
            msg = f"{path} carries code in {code}: loading it runs any code its publisher chose"
            raise LoadError(msg, hint="permit it with trust=Trust(code=True)")
        # Safe mode stays on without trust: it may know kinds of code that `code_in` does not.
        keras = imported("keras", serializer=self.name)
        with framework_errors_as(LoadError, f"Keras cannot load {path}"):
            return keras.saving.load_model(file, safe_mode=not trust.code)


class KerasArrays(LazyArrays[TensorInfo]):
    """The weights of an archive, read on access."""

    def __init__(self, h5py: Any, path: Path, stored: Mapping[str, TensorInfo]) -> None:
        super().__init__(stored)
        self._h5py = h5py
        self._path = path

    @classmethod
    def of(cls, h5py: Any, name: str, path: Path) -> "KerasArrays":
        """Describe the weights of the archive at `path`, whose name in errors is `name`.

        Raises:
            InvalidFileError: it is damaged, or its weights are in other files.
        """
        stored: dict[str, TensorInfo] = {}

        def add(place: str, node: Any) -> None:
            if not isinstance(node, h5py.Dataset):
                return
            label = f"{name}: weight {ascii(place)[:80]}"
            # HDF5 can map a dataset to any file of the machine, whose content would then pass for a weight.
            if node.external or node.is_virtual:
                raise InvalidFileError(f"{label} is in another file")
            # A dataset of a few bytes may claim terabytes that were never written.
            nbytes = int(node.nbytes)
            check_expansion(f"{label} expands", nbytes, int(node.id.get_storage_size()))
            stored[place] = TensorInfo(place, tuple(map(int, node.shape or ())), str(node.dtype), nbytes, name)

        with opened_archive(path, name) as archive, archive.open(_WEIGHTS) as member, h5py.File(member) as weights:
            weights.visititems(add)  # never follows a link out of the file
        return cls(h5py, path, stored)

    @property
    def tensors(self) -> tuple[TensorInfo, ...]:
        """The descriptions of the weights."""
        return tuple(self._stored.values())

    def __getitem__(self, name: str) -> Any:
        place = self._stored[name].name
        # Opened for every array: an open archive would keep a file descriptor for as long as the mapping exists.
        with (
            invalid_file_as(LoadError),
            opened_archive(self._path, self._path.name) as archive,
            archive.open(_WEIGHTS) as member,
            self._h5py.File(member) as weights,
        ):
            return weights[place][()]


def code_in(path: Path, name: str) -> str:
    """Return the place of code in the configuration of an archive, called `name` in errors; empty without any.

    Raises:
        InvalidFileError: it is not a `.keras` archive, or is damaged.
    """
    with opened_archive(path, name) as archive:
        archive.read_json(_CONFIG, _MAX_JSON)
        # Parsed again, because that keeps only the last of equal keys.
        code = code_in_configuration(parse_json(archive.read(_CONFIG, _MAX_JSON)))
        if _WEIGHTS not in archive.by_name:
            msg = f"it has no member {_WEIGHTS}"
            raise InvalidFileError(msg, hint="save the whole model with Keras 3: model.save('model.keras')")
    return code.place if code else ""


def write_canonical(draft: Path, target: Path) -> None:
    """Copy an archive without the time of saving.

    Raises:
        InvalidFileError: it is not a `.keras` archive.
    """
    with opened_archive(draft, target.name) as archive:
        metadata = archive.read_json(_METADATA, _MAX_JSON)
    kept = {key: value for key, value in metadata.items() if key != "date_saved"}
    write_reproducibly(draft, target, {_METADATA: json.dumps(kept).encode()})


def _save(model: Any, target: Path) -> Path:
    keras = imported("keras", serializer="keras")
    if not isinstance(model, keras.Model):
        raise SerializationError(f"a {type(model).__name__} is not a keras.Model", hint="give the model itself")
    # It has no weights to save yet: loading it would create new random ones.
    if not model.built:
        msg = "the model has no weights yet: it was not built"
        raise SerializationError(msg, hint="before publishing, call it on data, or call model.build(input_shape)")
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        draft = Path(folder) / "model.keras"
        with framework_errors_as(SerializationError, "Keras cannot save the model"):
            model.save(draft)
        with invalid_file_as(SerializationError):
            write_canonical(draft, target)
    return target
