"""Serializers `jax` and `flax`: trees of arrays as safetensors, each array named by its path in the tree."""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hublish.base.errors import LoadError, SerializationError
from hublish.base.progress import Progress
from hublish.formats.catalogue import BuiltIn
from hublish.formats.format_options import JaxOptions
from hublish.formats.frameworks import has_arrays, imported, is_array
from hublish.formats.interface import Trust, Written
from hublish.formats.safetensors import Safetensors, read_files
from hublish.formats.tensors.tensor import Unwritable

SEPARATOR = "separator"
"""The metadata key of the string that joins the parts of a name; without it, a dot."""
MAX_DEPTH = 100
"""The most parts a name may have: Python's own recursion limit is 1,000 frames, which the caller shares."""


class Jax(BuiltIn, row="jax"):
    """Nested dicts, lists and tuples of arrays: the parameters of Flax, Haiku, Equinox and Optax trees.

    Holds every dtype that safetensors has; arrays come from any device. Lists and tuples are loaded as dicts with the
    keys "0", "1", ... Does not hold random keys (`jax.random.key_data` converts them to plain numbers), Python scalars,
    None and functions. A sharded array is gathered in main memory. jax is needed only for `rebuild`.
    """

    version = 2  # 1 left a safetensors source without `format` as it was

    def holds(self, value: Any) -> bool:
        """Return whether it is a tree with arrays of jax; `dump` rejects its other leaves by name."""
        jax = sys.modules.get("jax")  # an array of jax exists only after jax was imported
        return (
            isinstance(value, Mapping)
            and jax is not None
            and has_arrays(value, lambda leaf: isinstance(leaf, jax.Array))
        )

    def dump(
        self, source: Any, path_in_repo: str, workspace: Path, options: JaxOptions, progress: Progress
    ) -> tuple[Written, ...]:
        """Write a tree, or any source of serializer `safetensors`.

        Raises:
            SerializationError: a leaf that the options do not exclude is not an array, or a key cannot be part of a
                name; the message names it.
        """
        given: Any = source
        metadata = dict(options.metadata)
        if not isinstance(source, Path):
            leaves = flattened(self.tree(source), options.separator)
            given = {name: _entry(name, leaf) for name, leaf in leaves.items()}
            metadata = {"format": "flax", SEPARATOR: options.separator, **metadata}
        with_metadata = options.model_copy(update={"metadata": metadata})
        return Safetensors().dump(given, path_in_repo, workspace, with_metadata, progress)

    def load(self, files: Mapping[str, Path]) -> Mapping[str, Any]:
        """Map the arrays, by their flat names; raise errors as `Safetensors.load` does."""
        return Safetensors().load(files)

    def rebuild(self, files: Mapping[str, Path], trust: Trust) -> dict[str, Any]:
        """Return the tree as nested dicts of jax arrays.

        An array whose type jax would narrow (64 bits, while `jax_enable_x64` is off) stays a numpy array.

        Raises:
            LoadError: as `load`, or the path of one array leads through another array.
            MissingDependencyError: jax is not installed.
        """
        numpy = imported("jax.numpy", serializer=self.name)
        dtypes = imported("jax.dtypes", serializer=self.name)
        # jax narrows 64 bits to 32 unless it is configured otherwise.
        leaves = {
            name: numpy.asarray(array) if dtypes.canonicalize_dtype(array.dtype) == array.dtype else array
            for name, array in self.load(files).items()
        }
        return nested(leaves, _separator(files))

    def tree(self, source: Any) -> Any:
        """Return the tree of arrays in `source`; subclasses extract it from their framework's values."""
        return source


class Flax(Jax, row="flax"):
    """Trees as in serializer `jax`, and modules and states of `flax.nnx`.

    Of a module, its parameters and other variables but not its random state: `nnx.Param`, `nnx.BatchStat` and the
    like. `rebuild` returns nested dicts, which `nnx.update(model, nnx.restore_int_paths(tree))` puts back into a
    module; the parameters of a `flax.linen` module are such dicts already.
    """

    def holds(self, value: Any) -> bool:
        """Return whether it is a module or a state of `flax.nnx`."""
        return _nnx_of(value) is not None

    def tree(self, source: Any) -> Any:
        """Return the variables of a module or a state as nested dicts, and any other tree unchanged."""
        nnx = _nnx_of(source)
        if nnx is None:
            return source
        # Random state holds keys, which safetensors has no type for; a loaded module creates its own.
        state = nnx.state(source) if isinstance(source, nnx.Module) else source
        _, kept = nnx.split_state(state, nnx.RngState, ...)
        if not kept:
            raise SerializationError(f"the {type(source).__name__} has no variables")
        return nnx.to_pure_dict(kept)


def flattened(tree: Any, separator: str) -> dict[str, Any]:
    """Return the leaves by their path, whose parts `separator` joins: `encoder.layers.0.kernel`.

    A tree consists of mappings whose keys are strings or whole numbers, lists, tuples, and leaves. No key may contain
    the separator.

    Raises:
        SerializationError: a key cannot be part of a path, or the tree has no leaves.
    """
    leaves: dict[str, Any] = {}
    for name, leaf in _leaves(tree, (), separator):
        if name in leaves:
            raise SerializationError(f"the tree has {name!r} twice: as a string and as a number")
        leaves[name] = leaf
    if not leaves or "" in leaves:
        msg = f"a {type(tree).__name__} is not a tree of arrays by name"
        raise SerializationError(msg, hint="give nested dicts, such as the parameters of a model")
    return leaves


def nested(leaves: Mapping[str, Any], separator: str) -> dict[str, Any]:
    """Return the tree of dicts that `flattened` was given; the items of a list are under "0", "1", ...

    Leaves are arrays, or any values but dicts.

    Raises:
        LoadError: a name leads through another array, or is too deep.
    """
    tree: dict[str, Any] = {}
    for name, leaf in leaves.items():
        *folders, last = name.split(separator)
        if len(folders) >= MAX_DEPTH:
            raise LoadError(f"the name {ascii(name)[:80]} is more than {MAX_DEPTH} deep")
        node: Any = tree
        for folder in folders:
            node = node.setdefault(folder, {}) if isinstance(node, dict) else None
        if not isinstance(node, dict) or last in node:
            msg = f"the name {ascii(name)[:80]} leads through another array, or another leads through it"
            raise LoadError(msg, hint=f"the names may be joined by another separator than {separator!r}")
        node[last] = leaf
    return tree


def _leaves(node: Any, path: tuple[str, ...], separator: str) -> Iterator[tuple[str, Any]]:
    # A container may contain itself, which would otherwise end in a RecursionError without a place.
    if len(path) > MAX_DEPTH:
        raise SerializationError(f"the tree is more than {MAX_DEPTH} deep", hint="check whether it contains itself")
    if isinstance(node, Mapping):
        items: Any = node.items()
    elif isinstance(node, list | tuple):
        items = enumerate(node)
    else:
        yield separator.join(path), node
        return
    for key, value in items:
        yield from _leaves(value, (*path, _part(key, path, separator)), separator)


def _part(key: object, path: tuple[str, ...], separator: str) -> str:
    place = f"{separator.join(path)!r}: " if path else ""
    if isinstance(key, bool) or not isinstance(key, str | int):
        msg = f"{place}the key {ascii(key)[:80]} is neither a string nor a whole number"
        raise SerializationError(msg, hint="use strings as keys")
    part = str(key)
    if not part or separator in part:
        msg = f"{place}the key {part!r} is empty or contains the separator {separator!r}"
        raise SerializationError(msg, hint="set the option separator to a string that no key contains, such as '/'")
    return part


def _nnx_of(value: Any) -> Any:
    """Return the module `flax.nnx` when the value is one of its modules or states, else None."""
    nnx = sys.modules.get("flax.nnx")  # a value of its types exists only after it was imported
    return nnx if nnx is not None and isinstance(value, nnx.Module | nnx.State) else None


def _entry(name: str, leaf: Any) -> NDArray[Any] | Unwritable:
    """Return a leaf as an array, or the reason why it is not one, for the case that the options do not exclude it."""
    if not is_array(leaf):
        hint = "give the part of the tree that holds arrays, or exclude it; keep the rest as JSON"
        return Unwritable(f"{name!r} is a {type(leaf).__name__}, not an array", hint)
    # jax has extended types, such as random keys, that have no counterpart in numpy.
    if not isinstance(leaf.dtype, np.dtype):
        msg = f"{name!r} has elements of type {leaf.dtype}, which safetensors cannot hold"
        return Unwritable(msg, "jax.random.key_data converts random keys to numbers")
    return np.asarray(leaf)


def _separator(files: Mapping[str, Path]) -> str:
    found = {each[SEPARATOR] for each in read_files(files).metadata if each.get(SEPARATOR)}
    if len(found) > 1:
        msg = f"the files join names in different ways: {', '.join(sorted(map(repr, found)))}"
        raise LoadError(msg, hint="select one of them with load.allow_patterns")
    return str(found.pop()) if found else "."
