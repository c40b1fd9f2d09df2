"""Serializer `numpy`: arrays as `.npy` and `.npz`, which numpy alone reads."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from hublish.base.errors import LoadError, SerializationError
from hublish.base.progress import Progress
from hublish.formats.catalogue import BuiltIn
from hublish.formats.format_options import NumpyOptions
from hublish.formats.input_files import invalid_file_as
from hublish.formats.interface import Trust, Written
from hublish.formats.numpy_files import NumpyArrays, check_arrays
from hublish.formats.release_files import check_suffix, output_path, with_suffix


class Numpy(BuiltIn, row="numpy"):
    """One array (`.npy`), or arrays by name (`.npz`).

    Holds every type of numpy but Python objects: complex, text, dates and structured ones too. Does not hold
    objects, which numpy pickles, nor bfloat16 and float8, which it writes as nameless bytes: use `safetensors`.
    Files of the format are checked and passed on as they are.
    """

    version: ClassVar[int] = 1

    def dump(
        self,
        source: Path | NDArray[Any] | Mapping[str, Any],
        path_in_repo: str,
        workspace: Path,
        options: NumpyOptions,
        progress: Progress,  # noqa: ARG002 - numpy tells nothing while it writes
    ) -> tuple[Written, ...]:
        """Write arrays, or pass a file on.

        Raises:
            SerializationError: when the source holds what the format cannot, or the path has another ending.
        """
        check_suffix(path_in_repo, self.suffixes)
        if isinstance(source, Path):
            _check_same_kind(source, path_in_repo)
            with invalid_file_as(SerializationError):
                check_arrays(source, str(source))
            return (Written(path_in_repo, source),)
        target = output_path(workspace, path_in_repo)
        if path_in_repo.endswith(".npy"):
            np.save(target, _array("the value", source), allow_pickle=False)
        else:
            _save_many(target, source, options)
        return (Written(path_in_repo, target),)

    def load(self, files: Mapping[str, Path]) -> "NumpyArrays":
        """Open the arrays: `.npy` files are mapped and named after themselves, those of `.npz` read when touched.

        Raises:
            LoadError: when a file is damaged or holds Python objects, or two hold an array of the same name.
        """
        mine = with_suffix(files, self.suffixes)
        with invalid_file_as(LoadError):
            return NumpyArrays.of(mine)

    def rebuild(self, files: Mapping[str, Path], trust: Trust) -> dict[str, NDArray[Any]]:  # noqa: ARG002 - needs none
        """Return the arrays by name, as `load`, in a plain dict.

        Raises:
            LoadError: as `load`.
        """
        return dict(self.load(files))


def _check_same_kind(source: Path, path_in_repo: str) -> None:
    if source.suffix != Path(path_in_repo).suffix:
        msg = f"{source.name} would go up as {path_in_repo}, which promises another format"
        raise SerializationError(msg, hint=f"end path_in_repo with {source.suffix or '.npz'}")


def _save_many(target: Path, source: Any, options: NumpyOptions) -> None:
    if not isinstance(source, Mapping):
        msg = f"a {type(source).__name__} is no mapping of names to arrays, which a .npz holds"
        raise SerializationError(msg, hint="end path_in_repo with .npy for a single array")
    # Any: numpy's types take every keyword for its `allow_pickle`, which 1.26 does not have.
    arrays: dict[str, Any] = {_name(name): _array(repr(name), value) for name, value in source.items()}
    if not arrays:
        msg = "there are no arrays to write"
        raise SerializationError(msg)
    save = np.savez_compressed if options.compressed else np.savez
    save(target, **arrays)


def _name(name: object) -> str:
    if not isinstance(name, str) or not name:
        msg = f"an array is named {ascii(name)[:80]}"
        raise SerializationError(msg, hint="name it with a text")
    if name in ("file", "allow_pickle"):
        msg = f"an array is named {name!r}, which numpy.savez takes for itself"
        raise SerializationError(msg, hint="give it another name")
    return name


def _array(label: str, value: object) -> NDArray[Any]:
    if not isinstance(value, np.ndarray | np.generic) or isinstance(value, np.ma.MaskedArray):
        msg = f"{label} is a {type(value).__name__}, not a numpy array"
        raise SerializationError(msg, hint="numpy.asarray makes an array")
    array = np.asarray(value)
    if array.dtype.hasobject:
        msg = f"{label} holds Python objects, which numpy pickles"
        raise SerializationError(msg, hint="give it a numeric or text dtype")
    # numpy writes types it did not define (bfloat16, float8) as raw bytes, and reads them back as such.
    if array.dtype.isbuiltin == 2:
        msg = f"{label} has type {array.dtype}, whose name a numpy file does not keep"
        raise SerializationError(msg, hint="use serializer safetensors")
    return array
