"""Shards, names and index compared with those of huggingface_hub."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from huggingface_hub import split_state_dict_into_shards_factory
from hypothesis import given
from hypothesis import strategies as st

from hublish.formats.input_files import InvalidFileError
from hublish.formats.tensors.dtypes import DTYPES
from hublish.formats.tensors.shards import (
    index_path,
    is_split_well,
    read_index,
    render_index,
    shard_paths,
    split,
    weights_path,
)
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
def test_the_result_of_a_split_is_split_well(sizes: list[int], limit: int) -> None:
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
def test_the_weights_replace_their_source(path_in_repo: str, weights: str) -> None:
    assert weights_path(path_in_repo) == weights


@pytest.mark.parametrize(
    "path_in_repo", ["model", "model.onnx", "weights/.npz", ".safetensors", "model.safetensors/x", ""]
)
def test_a_path_that_names_no_weights_is_refused(path_in_repo: str) -> None:
    with pytest.raises(InvalidFileError, match=r"does not end with \.safetensors"):
        weights_path(path_in_repo)


def test_shards_and_index_are_in_the_same_folder() -> None:
    assert shard_paths("weights/foo.safetensors", 2) == (
        "weights/foo-00001-of-00002.safetensors",
        "weights/foo-00002-of-00002.safetensors",
    )
    assert index_path("weights/foo.safetensors") == "weights/foo.safetensors.index.json"


# --------------------------------------------------------------------------------------------------- index

SHARD = "model-00001-of-00001.safetensors"


def index(folder: Path, value: Any) -> Path:
    path = folder / "model.safetensors.index.json"
    path.write_bytes(value if isinstance(value, bytes) else json.dumps(value).encode())
    return path


def test_an_index_is_read_back(tmp_path: Path) -> None:
    path = index(
        tmp_path, render_index({"total_size": 8, "note": "é"}, {"b": "y.safetensors", "a": "sub/x.safetensors"})
    )
    found = read_index(path, "the index")
    assert found.metadata == {"total_size": 8, "note": "é"}
    assert found.weight_map == {"b": "y.safetensors", "a": "sub/x.safetensors"}
    assert found.shards == ("sub/x.safetensors", "y.safetensors")


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"9" * 5_000, "not JSON"),
        ([], "no 'weight_map'"),
        ({}, "no 'weight_map'"),
        ({"weight_map": [SHARD]}, "no 'weight_map'"),
        ({"weight_map": {"a": 1}}, "no 'weight_map'"),
        (b'{"weight_map":{"a":"x.safetensors","a":"y.safetensors"}}', "it has a duplicate key"),
        (b'{"weight_map":{},"weight_map":{}}', "it has a duplicate key"),
        ({"weight_map": {"a": "model.bin"}}, "not a .safetensors file"),
        ({"weight_map": {"a": "model.safetensors.bin"}}, "not a .safetensors file"),
    ],
)
def test_a_file_that_is_not_an_index_is_refused(tmp_path: Path, value: Any, problem: str) -> None:
    with pytest.raises(InvalidFileError, match=f"^the index: .*{problem}"):
        read_index(index(tmp_path, value), "the index")


@pytest.mark.parametrize(
    "shard",
    [
        "../../x.safetensors",
        "a/../../x.safetensors",
        "a/../x.safetensors",
        "/etc/x.safetensors",
        "//host/share/x.safetensors",
        "C:\\x.safetensors",
        "C:x.safetensors",
        "..\\x.safetensors",
        "a\\x.safetensors",
        "./x.safetensors",
        "a//x.safetensors",
        "x\0.safetensors",
        "x\n.safetensors",
    ],
)
def test_a_shard_outside_the_folder_is_refused(tmp_path: Path, shard: str) -> None:
    with pytest.raises(InvalidFileError, match="points outside the index's folder"):
        read_index(index(tmp_path, {"weight_map": {"a": SHARD, "b": shard}}), "the index")


def test_a_huge_index_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = index(tmp_path, b"{}")
    with path.open("r+b") as file:
        file.truncate(10**11)
    with pytest.raises(InvalidFileError, match="an index of 100000000000 bytes; the limit is"):
        read_index(path, "the index")
