"""Serializer `jax`: trees of arrays as safetensors, under names that tell their place in the tree."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from hublish.base.errors import LoadError, SerializationError
from hublish.base.progress import Progress
from hublish.formats.catalogue import BuiltIn
from hublish.formats.format_options import JaxOptions
from hublish.formats.frameworks import imported
from hublish.formats.input_files import invalid_file_as
from hublish.formats.interface import Trust, Written
from hublish.formats.safetensors import Safetensors
from hublish.formats.tensors.safetensors_file import read_set
from hublish.formats.trees import flattened, nested

SEPARATOR = "separator"
"""The key of the metadata that names what joins the parts of a name; without it, a dot."""


class Jax(BuiltIn, row="jax"):
    """Nested dicts, lists and tuples of arrays: the parameters of Flax, Haiku, Equinox and Optax trees.

    Holds every dtype that safetensors has; arrays come from any device. Lists and tuples come back as dicts with the
    keys "0", "1", ... Does not hold random keys (`jax.random.key_data` makes plain numbers of them), scalars of Python,
    None and functions. A sharded array is gathered in main memory. jax is needed only for `rebuild`.
    """

    version: ClassVar[int] = 1

    def holds(self, value: Any) -> bool:
        """Whether it is a tree of nothing but jax arrays."""
        jax = sys.modules.get("jax")  # no array of its can exist before it was imported
        return isinstance(value, Mapping) and jax is not None and _holds_only(value, jax.Array)

    def dump(
        self, source: Any, path_in_repo: str, workspace: Path, options: JaxOptions, progress: Progress
    ) -> tuple[Written, ...]:
        """Write a tree, or what serializer `safetensors` reads.

        Raises:
            SerializationError: naming the first leaf that is no array, or the key that cannot be part of a name.
        """
        given: Any = source
        metadata = dict(options.metadata)
        if not isinstance(source, Path):
            leaves = flattened(self.tree(source), options.separator)
            given = {name: _array(name, leaf) for name, leaf in leaves.items()}
            metadata = {"format": "flax", SEPARATOR: options.separator, **metadata}
        asked = options.model_copy(update={"metadata": metadata})
        return Safetensors().dump(given, path_in_repo, workspace, asked, progress)

    def load(self, files: Mapping[str, Path]) -> Mapping[str, Any]:
        """Map the arrays, by their flat names.

        Raises:
            LoadError: when a file is damaged, a shard is missing, or files disagree.
        """
        return Safetensors().load(files)

    def rebuild(self, files: Mapping[str, Path], trust: Trust) -> dict[str, Any]:  # noqa: ARG002 - needs none
        """Return the tree as nested dicts of jax arrays.

        An array whose type jax would narrow (64 bits, while `jax_enable_x64` is off) stays a numpy array.

        Raises:
            LoadError: as `load`, or when one name leads through another.
            MissingDependencyError: jax is not installed.
        """
        numpy = imported("jax.numpy", serializer=self.name)
        dtypes = imported("jax.dtypes", serializer=self.name)
        leaves = {
            name: numpy.asarray(array) if dtypes.canonicalize_dtype(array.dtype) == array.dtype else array
            for name, array in self.load(files).items()
        }
        return nested(leaves, _separator(files))

    def tree(self, source: Any) -> Any:
        """Return the tree that `source` stands for."""
        return source


def _holds_only(node: Any, kind: type) -> bool:
    if isinstance(node, Mapping | list | tuple):
        items = node.values() if isinstance(node, Mapping) else node
        return bool(node) and all(_holds_only(item, kind) for item in items)
    return isinstance(node, kind)


def _array(name: str, leaf: Any) -> NDArray[Any]:
    if not (hasattr(leaf, "shape") and hasattr(leaf, "dtype")):
        msg = f"{name!r} is a {type(leaf).__name__}, not an array"
        raise SerializationError(msg, hint="give the part of the tree that holds arrays; keep the rest as JSON")
    if not isinstance(leaf.dtype, np.dtype):  # jax's own types, whose elements numpy cannot hold
        msg = f"{name!r} has elements of type {leaf.dtype}, for which safetensors has no place"
        raise SerializationError(msg, hint="jax.random.key_data makes numbers of random keys")
    return np.asarray(leaf)


def _separator(files: Mapping[str, Path]) -> str:
    with invalid_file_as(LoadError):
        found = {metadata[SEPARATOR] for metadata in read_set(files).metadata if metadata.get(SEPARATOR)}
    if len(found) > 1:
        msg = f"the files join names in different ways: {', '.join(sorted(map(repr, found)))}"
        raise LoadError(msg, hint="let load.allow_patterns choose one of them")
    return str(found.pop()) if found else "."
