"""Trees as safetensors. The arrays here are numpy's: to jax's own, nothing is asked that these do not have."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import safe_open

from hublish.base.errors import LoadError, SerializationError
from hublish.base.progress import SILENT
from hublish.formats.flax import Flax
from hublish.formats.format_options import JaxOptions
from hublish.formats.jax import Jax

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
        ({"a.b": np.ones(1)}, "holds the separator"),
        (np.ones(1), "no tree of arrays"),
        ({"a": np.array(["x"])}, "which safetensors cannot hold"),
    ],
)
def test_what_has_no_place_in_a_tree_is_refused(tree: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(SerializationError, match=message):
        dump(tree, tmp_path)


def test_options_of_safetensors_count_too(tmp_path: Path) -> None:
    files = dump(TREE, tmp_path, max_shard_size=24, metadata={"run": "7"})
    assert len([name for name in files if name.endswith(".safetensors")]) > 1
    assert np.array_equal(Jax().load(files)["params.Dense_0.kernel"], TREE["params"]["Dense_0"]["kernel"])


def test_a_release_without_weights_is_told(tmp_path: Path) -> None:
    with pytest.raises(LoadError, match=r"no \.safetensors file"):
        Jax().load({"config.json": tmp_path})
