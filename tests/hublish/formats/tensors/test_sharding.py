"""Shards, names and index against huggingface_hub's own."""

from typing import Any

import numpy as np
import pytest
from huggingface_hub import split_state_dict_into_shards_factory
from hypothesis import given
from hypothesis import strategies as st

from hublish.formats.input_files import InvalidFileError
from hublish.formats.tensors.dtypes import DTYPES
from hublish.formats.tensors.sharding import index_path, is_split_well, shard_paths, split, weights_path
from hublish.formats.tensors.tensor import Tensor
from hublish.formats.tensors.tensor_data import InMemoryArray

NOWHERE = InMemoryArray(np.zeros(0), DTYPES["F64"])
sizes = st.lists(st.integers(0, 30), min_size=1, max_size=25)


def tensors(sizes: list[int]) -> list[Tensor]:
    return [Tensor(f"t{number}", DTYPES["U8"], (size,), NOWHERE) for number, size in enumerate(sizes)]


def theirs(sizes: list[int], limit: int) -> Any:
    return split_state_dict_into_shards_factory(
        {f"t{number}": size for number, size in enumerate(sizes)},
        get_storage_size=lambda size: size,
        filename_pattern="model{suffix}.safetensors",
        max_shard_size=limit,
    )


@given(sizes, st.integers(1, 40))
def test_tensors_are_split_and_named_as_huggingface_hub_does(sizes: list[int], limit: int) -> None:
    shards = split(tensors(sizes), limit)
    paths = shard_paths("model.safetensors", len(shards))
    ours = {path: [tensor.name for tensor in shard] for path, shard in zip(paths, shards, strict=True)}
    assert ours == theirs(sizes, limit).filename_to_tensors


@given(sizes, st.integers(1, 40))
def test_what_was_split_needs_no_splitting_again(sizes: list[int], limit: int) -> None:
    shards = [(len(shard), sum(tensor.nbytes for tensor in shard)) for shard in split(tensors(sizes), limit)]
    assert is_split_well(shards, limit)


@pytest.mark.parametrize(
    ("shards", "limit", "well"),
    [
        ([(3, 100)], 100, True),
        ([(3, 101)], 100, False),
        ([(1, 101)], 100, True),
        ([(2, 60), (2, 60)], 100, True),
        ([(2, 50), (2, 50)], 100, False),
        ([(2, 60), (1, 500), (2, 30)], 100, False),
        ([(2, 60), (1, 500), (2, 50)], 100, True),
    ],
)
def test_shards_that_could_be_fewer_or_must_be_more_are_not_kept(
    shards: list[tuple[int, int]], limit: int, well: bool
) -> None:
    assert is_split_well(shards, limit) is well


@pytest.mark.parametrize(
    ("path_in_repo", "weights"),
    [
        ("model.safetensors", "model.safetensors"),
        ("weights/foo.safetensors", "weights/foo.safetensors"),
        ("runs/best/model.npz", "runs/best/model.safetensors"),
        ("embeddings.npy", "embeddings.safetensors"),
        ("model.safetensors.index.json", "model.safetensors"),
    ],
)
def test_the_weights_take_the_place_of_their_source(path_in_repo: str, weights: str) -> None:
    assert weights_path(path_in_repo) == weights


@pytest.mark.parametrize(
    "path_in_repo", ["model", "model.onnx", "weights/.npz", ".safetensors", "model.safetensors/x", ""]
)
def test_a_path_that_names_no_weights_is_refused(path_in_repo: str) -> None:
    with pytest.raises(InvalidFileError, match=r"does not end with \.safetensors"):
        weights_path(path_in_repo)


def test_shards_and_index_stand_beside_each_other() -> None:
    assert shard_paths("weights/foo.safetensors", 2) == (
        "weights/foo-00001-of-00002.safetensors",
        "weights/foo-00002-of-00002.safetensors",
    )
    assert index_path("weights/foo.safetensors") == "weights/foo.safetensors.index.json"
