"""Tied tensors: one tensor under several names, such as an output layer that uses the embedding's weights.

A tied tensor is written once, under its first name in alphabetical order, and the metadata maps the other names to
it: `{"lm_head.weight": "wte.weight"}`. `save_model` of safetensors and `save_torch_state_dict` of huggingface_hub do
the same, and their loaders read it. Tensors that share only a part of their memory are each written in full.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from hublish.formats.tensors.tensor import Tensor
from hublish.formats.tensors.tensor_data import FileRange, InMemoryArray, StridedRange

# The key of the metadata for the framework; its value could be the name of a tensor.
_RESERVED: Final = "format"


def find_ties(tensors: Iterable[Tensor]) -> dict[str, str]:
    """Return, for each tensor that repeats another one, the name of the one that is kept; sorted by name."""
    groups: dict[Hashable, list[str]] = {}
    for tensor in tensors:
        # Empty tensors share every address.
        if tensor.nbytes and (place := _place(tensor)) is not None:
            groups.setdefault((tensor.dtype, tensor.shape, place), []).append(tensor.name)
    return kept_names(groups.values())


def kept_names(groups: Iterable[Sequence[str]]) -> dict[str, str]:
    """Return, for each name in a group of tied ones but the first in order, that first name; sorted by name."""
    pairs: dict[str, str] = {}
    for names in groups:
        # Once per group: all 100,000 names of a hostile file may be in one.
        first = min(names)
        pairs.update((name, first) for name in names if name != first)
    return dict(sorted(pairs.items()))


def read_ties(metadata: Mapping[str, object], stored: Iterable[str]) -> dict[str, str]:
    """Return the ties recorded in metadata.

    Args:
        metadata: of the file, or of the index of a sharded set.
        stored: the names of the stored tensors.
    """
    # The metadata mixes ties with other strings: only a missing name that maps to a stored one is a tie.
    names = set(stored)
    pairs = {name: kept for name, kept in metadata.items() if name not in names and name != _RESERVED}
    return {name: kept for name, kept in pairs.items() if isinstance(kept, str) and kept in names}


def untied(tensors: Iterable[Tensor], ties: Mapping[str, str]) -> tuple[Tensor, ...]:
    """Return the tensors, followed by the tied ones as tensors of their own."""
    found = {tensor.name: tensor for tensor in tensors}
    return (*found.values(), *(replace(found[kept], name=name) for name, kept in ties.items()))


def _place(tensor: Tensor) -> Hashable:
    """Return a value that only the same elements in the same memory share; None when it is unknown."""
    match tensor.content:
        case FileRange() | StridedRange() as content:
            return content
        case InMemoryArray(array):
            return (array.__array_interface__["data"][0], array.strides, array.dtype.str)
        case _:
            return None
