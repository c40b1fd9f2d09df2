"""The weights of a release: its checked files, and the serializer that reads them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import ml_dtypes
import numpy as np
from numpy.typing import NDArray

from hublish.base.errors import LoadError, UsageError
from hublish.base.values import LocalRelease
from hublish.formats import registry
from hublish.formats.interface import LazyArrays, Rebuilding, Serializer, Trust
from hublish.formats.release_files import CONFIG, checkpoint_files, loadable, serializer_for
from hublish.formats.torch import Checkpoints, Torch
from hublish.schemas.diagnose.problems import InvalidDocumentError
from hublish.schemas.documents.json_documents import read_json_value

# Formats with the same layout on disk: arrays by name, whichever library they are for.
_STATE_DICTS: Final = ("safetensors", "torch", Checkpoints.name)
# config.json of the largest models has some 100 KB; a larger one is not read.
_MAX_CONFIG_BYTES: Final = 16 << 20


@dataclass(frozen=True)
class Weights:
    """Files, and the serializer that reads them."""

    files: Mapping[str, Path]
    """By path_in_repo."""
    serializer: Serializer | Checkpoints

    @classmethod
    def of(cls, release: LocalRelease) -> "Weights":
        """Return the weights of a release, read by the load plan's serializer, else by the one their names imply.

        Raises:
            LoadError: when the files were not checked, or no format is known.
        """
        if not release.checked:
            raise LoadError("files are loaded only after every digest was checked")
        files = {file.promised.path_in_repo: file.path for file in release.files}
        return cls(files, _reader(files, release.plan.release.load.serializer))

    @classmethod
    def in_folder(cls, folder: Path) -> "Weights":
        """Return the weights in a folder of the caller's own, such as one from `save_pretrained`; without digests.

        Raises:
            LoadError: when no format is known.
        """
        found = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
        # A training folder may contain checkpoints in several formats: one of them is loaded.
        files = {path: found[path] for path in loadable(tuple(found))}
        return cls(files, _reader(files))

    @property
    def is_state_dict(self) -> bool:
        """Whether the files are safetensors: arrays that a torch module and a numpy object can both take."""
        return self.serializer.name in _STATE_DICTS

    def arrays(self) -> Mapping[str, Any]:
        """Return arrays by name, read on access.

        Raises:
            LoadError: when the format holds no arrays, or a file is damaged.
        """
        return self.serializer.load(self.files)

    def tensors(self, trust: Trust) -> Mapping[str, Any]:
        """Return the tensors of torch by name, when the files are a state dict; raises errors as `arrays` does."""
        reader = self.serializer if isinstance(self.serializer, Checkpoints) else Torch()
        return reader.rebuild(self.files, trust)

    def value(self, trust: Trust) -> Any:
        """Return the value of the format's framework; arrays by name for a format without one.

        Raises:
            LoadError: when it needs more trust.
            MissingDependencyError: the framework is not installed.
        """
        # Arrays, where torch need not be installed.
        if isinstance(self.serializer, Checkpoints) or not isinstance(self.serializer, Rebuilding):
            return self.arrays()
        return self.serializer.rebuild(self.files, trust)

    def config(self) -> Mapping[str, Any]:
        """Return the content of config.json; empty when it is not among the files.

        Raises:
            LoadError: when it is not a JSON object.
        """
        config = stored_config(self.files)
        if isinstance(config, Mapping):
            return config
        raise LoadError(f"{CONFIG} cannot be read: it is not a JSON object")


def _reader(files: Mapping[str, Path], declared: str | None = None) -> Serializer | Checkpoints:
    if declared is None and checkpoint_files(files):
        return Checkpoints()
    return registry.get(declared or serializer_for(files))


def stored_config(files: Mapping[str, Path]) -> Any:
    """Return the content of config.json; an empty mapping when it is not among the files.

    Raises:
        LoadError: when it is not JSON.
    """
    path = files.get(CONFIG)
    if path is None:
        return {}
    try:
        return read_json_value(path.read_bytes(), CONFIG, family="config", max_bytes=_MAX_CONFIG_BYTES)
    except InvalidDocumentError as error:
        raise LoadError(f"{CONFIG} cannot be read", problems=error.problems) from None


class CastArrays(LazyArrays[NDArray[Any]]):
    """Arrays by name, cast on access: floating ones to the wanted type, all others as they are.

    `torch.nn.Module.to` follows the same rule. The type is one of numpy, or its name: `float16`, `bfloat16`.

    Raises:
        UsageError: when it is not a floating type.
    """

    def __init__(self, arrays: Mapping[str, NDArray[Any]], dtype: Any) -> None:
        super().__init__(arrays)
        self._dtype = _floating(dtype)

    def __getitem__(self, name: str) -> NDArray[Any]:
        array = self._stored[name]
        return array.astype(self._dtype, copy=False) if _is_floating(array.dtype) else array


def _floating(dtype: Any) -> np.dtype[Any]:
    try:
        # bfloat16 and the float8 types have names in ml_dtypes only.
        found = np.dtype(getattr(ml_dtypes, dtype, dtype) if isinstance(dtype, str) else dtype)
    except TypeError:
        msg = f"{dtype!r} is not a numpy type"
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
    # finfo accepts complex types and describes their parts.
    return not np.issubdtype(dtype, np.complexfloating)
