"""Which files keep the data of an ONNX model."""

from collections.abc import Iterable
from typing import Final

from hublish.formats.input_files import InvalidFileError
from hublish.pipeline.draft.tree import Tree, folder_of, joined, name_of

_LARGEST_READ: Final = 256 << 20
"""Bytes of a model that is read; one that keeps its data elsewhere is far smaller."""


def external_data(tree: Tree, model: str, here: Iterable[str]) -> tuple[str, ...]:
    """Return the files of a model's data that are there, as the model names them, or on a Hub by their names."""
    if tree.folder is not None and tree.sizes[model] <= _LARGEST_READ:
        from hublish.formats.onnx_files import read_onnx  # brings numpy

        try:
            named = read_onnx(tree.folder / model, model).locations
        except (InvalidFileError, OSError):
            named = ()
        return tuple(path for name in named if (path := joined(folder_of(model), name)) in tree)
    stem = name_of(model)
    return tuple(path for path in here if name_of(path).startswith((f"{stem}_data", f"{stem}.data")))
