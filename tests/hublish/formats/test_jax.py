"""Trees of arrays as safetensors. The arrays are numpy's, which have every attribute that the serializer uses."""

from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors import safe_open

from hublish.base.errors import LoadError, SerializationError
from hublish.base.progress import SILENT
from hublish.formats.format_options import JaxOptions
from hublish.formats.jax import Flax, Jax, flattened, nested

TREE: dict[str, Any] = {
    "params": {"Dense_0": {"kernel": np.ones((2, 3), "f"), "bias": np.zeros(3, "f")}},
    "steps": [np.int32(4)],
}


def dump(tree: Any, folder: Path, serializer: Jax | None = None, **options: Any) -> dict[str, Path]:
    written = (serializer or Jax()).dump(tree, "model.safetensors", folder, JaxOptions(**options), SILENT)
    return {item.path_in_repo: item.path for item in written}


@pytest.mark.parametrize("serializer", [Jax(), Flax()])
@pytest.mark.parametrize("separator", [".", "/"])
def test_leaves_are_named_by_their_path(separator: str, serializer: Jax, tmp_path: Path) -> None:
    files = dump(TREE, tmp_path, serializer, separator=separator)
    names = ["params.Dense_0.bias", "params.Dense_0.kernel", "steps.0"]
    assert sorted(serializer.load(files)) == [name.replace(".", separator) for name in names]
    with safe_open(files["model.safetensors"], "np") as file:
        assert file.metadata() == {"format": "flax", "separator": separator}


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        ({"a": 1}, "'a' is a int, not an array"),
        ({"a": {"b": None}}, "'a.b' is a NoneType"),
        ({"a.b": np.ones(1)}, "contains the separator"),
        (np.ones(1), "not a tree of arrays"),
        ({"a": np.array(["x"])}, "which safetensors cannot hold"),
    ],
)
def test_a_tree_with_other_leaves_is_rejected(tree: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(SerializationError, match=message):
        dump(tree, tmp_path)


@pytest.mark.parametrize("leaf", [1, None, np.array(["x"]), np.ones(1, ml_dtypes.int4), np.ones(1, "c16")])
def test_an_excluded_leaf_does_not_matter(leaf: Any, tmp_path: Path) -> None:
    files = dump({"a": {"w": np.ones(1), "x": leaf}}, tmp_path, exclude=("a.x",))
    assert list(Jax().load(files)) == ["a.w"]


def test_options_of_safetensors_apply(tmp_path: Path) -> None:
    files = dump(TREE, tmp_path, max_shard_size=24, metadata={"run": "7"})
    assert len([name for name in files if name.endswith(".safetensors")]) > 1
    assert np.array_equal(Jax().load(files)["params.Dense_0.kernel"], TREE["params"]["Dense_0"]["kernel"])


def test_a_release_without_weights_is_reported(tmp_path: Path) -> None:
    with pytest.raises(LoadError, match=r"no \.safetensors file"):
        Jax().load({"config.json": tmp_path})


KEYS = st.text(st.characters(exclude_characters="/"), min_size=1, max_size=5)
TREES = st.dictionaries(
    KEYS,
    st.recursive(st.integers(), lambda inside: st.dictionaries(KEYS, inside, min_size=1, max_size=3)),
    min_size=1,
    max_size=4,
)


@given(TREES)
def test_nested_dicts_are_rebuilt(tree: dict[str, Any]) -> None:
    assert nested(flattened(tree, "/"), "/") == tree


def test_items_of_lists_are_numbered() -> None:
    names = flattened({"layers": [{"w": 1}, ({"w": 2}, 3)], 4: 5}, ".")
    assert names == {"layers.0.w": 1, "layers.1.0.w": 2, "layers.1.1": 3, "4": 5}
    assert nested(names, ".") == {"layers": {"0": {"w": 1}, "1": {"0": {"w": 2}, "1": 3}}, "4": 5}


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        ({}, "a dict is not a tree of arrays"),
        (3, "a int is not a tree of arrays"),
        ({"a": {"b.c": 1}}, r"'a': the key 'b.c' is empty or contains the separator"),
        ({"": 1}, "the key '' is empty"),
        ({None: 1}, "the key None is neither"),
        ({True: 1}, "the key True is neither"),
    ],
)
def test_a_leaf_without_a_name_is_rejected(tree: Any, message: str) -> None:
    with pytest.raises(SerializationError, match=message):
        flattened(tree, ".")


def test_a_tree_that_contains_itself_is_rejected() -> None:
    tree: dict[str, Any] = {}
    tree["again"] = tree
    with pytest.raises(SerializationError, match="more than 100 deep"):
        flattened(tree, ".")


@pytest.mark.parametrize("names", [["a", "a.b"], ["a.b", "a"], ["a.b", "a.b.c.d"]])
def test_a_name_that_leads_through_an_array_is_rejected(names: list[str]) -> None:
    with pytest.raises(LoadError, match="leads through"):
        nested(dict.fromkeys(names, 1), ".")


def test_a_name_of_too_many_parts_is_rejected() -> None:
    with pytest.raises(LoadError, match="more than 100 deep"):
        nested({"." * 1000: 1}, ".")


def test_two_keys_that_are_spelled_alike_are_rejected() -> None:
    with pytest.raises(SerializationError, match="'1' twice"):
        flattened({"1": 1, 1: 2}, ".")
