from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

from hublish.formats.interface import Written
from hublish.formats.safetensors import Safetensors
from hublish.formats.tensors.dtypes import DTYPES
from hublish.formats.tensors.tensor import Tensor
from hublish.formats.tensors.tensor_data import FileRange
from hublish.formats.tensors.tied_tensors import find_ties, kept_names, read_ties

Dump = Callable[..., tuple[Written, ...]]


@pytest.fixture
def tied() -> dict[str, Any]:
    """A table used twice, a part of it, and its equal elsewhere in memory."""
    table = np.arange(6, dtype="f4").reshape(3, 2)
    return {"wte": table, "lm_head": table[:], "part": table[:2], "turned": table.T, "equal": table.copy()}


def stored(path: Path) -> tuple[set[str], dict[str, str]]:
    with safe_open(path, "numpy") as file:
        return set(file.keys()), file.metadata()


def loaded(written: tuple[Written, ...]) -> dict[str, Any]:
    return dict(Safetensors().load({file.path_in_repo: file.path for file in written}))


def test_a_tied_tensor_is_written_once_under_its_first_name(dump: Dump, tied: dict[str, Any]) -> None:
    (file,) = dump(tied)
    assert stored(file.path) == ({"lm_head", "part", "turned", "equal"}, {"format": "pt", "wte": "lm_head"})


@pytest.mark.parametrize("options", [{}, {"max_shard_size": 30}, {"dtype": "float16"}])
def test_every_name_loads_with_its_values(dump: Dump, tied: dict[str, Any], options: dict[str, Any]) -> None:
    found = loaded(dump(tied, **options))
    assert sorted(found) == sorted(tied)
    assert all(np.array_equal(found[name], tied[name]) for name in tied)


def test_ties_follow_new_names(dump: Dump, tied: dict[str, Any]) -> None:
    (file,) = dump(tied, rename={"lm_head": "zz"})
    assert stored(file.path)[1] == {"format": "pt", "zz": "wte"}


def test_an_excluded_tensor_has_no_ties(dump: Dump, tied: dict[str, Any]) -> None:
    (file,) = dump(tied, exclude=["lm_head"])
    assert "wte" in stored(file.path)[0]
    assert stored(file.path)[1] == {"format": "pt"}


def test_ties_pass_through_a_second_dump(dump: Dump, tied: dict[str, Any], tmp_path: Path) -> None:
    (first,) = dump(tied)
    (same,) = dump(first.path)
    assert same.path == first.path
    (renamed,) = dump(first.path, rename={"lm_head": "head", "wte": "embedding"})
    assert stored(renamed.path)[1] == {"format": "pt", "head": "embedding"}
    (kept,) = dump(first.path, exclude=["lm_head"])
    assert np.array_equal(loaded((kept,))["wte"], tied["wte"])


def test_a_file_of_the_library_keeps_its_metadata(dump: Dump, tmp_path: Path) -> None:
    save_file({"a": np.ones(2, "f4")}, tmp_path / "model.safetensors", {"format": "pt", "b": "a", "note": "x"})
    (file,) = dump(tmp_path / "model.safetensors", metadata={"more": "y"})
    assert stored(file.path)[1] == {"format": "pt", "b": "a", "note": "x", "more": "y"}


def test_empty_tensors_are_not_tied(dump: Dump) -> None:
    empty = np.zeros((0, 2), "f4")
    (file,) = dump({"a": empty, "b": empty})
    assert stored(file.path)[0] == {"a", "b"}


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [({"b": "a"}, {"b": "a"}), ({"a": "a"}, {}), ({"b": "c"}, {}), ({"format": "a"}, {}), ({"total_size": 8}, {})],
)
def test_only_metadata_that_names_a_stored_tensor_is_a_tie(
    metadata: dict[str, object], expected: dict[str, str]
) -> None:
    assert read_ties(metadata, ["a"]) == expected


def test_names_of_one_tensor_take_time_in_proportion() -> None:
    content = FileRange(Path("x"), None, 0, 4)  # type: ignore[arg-type]  # only compared
    count = 100_000
    ties = find_ties(Tensor(f"layer.{number:06}", DTYPES["F32"], (1,), content) for number in range(count))
    assert len(ties) == count - 1
    assert set(ties.values()) == {"layer.000000"}


def test_the_first_name_of_each_group_is_kept() -> None:
    assert kept_names([["b", "a"], ["c"], ["f", "d", "e"]]) == {"b": "a", "e": "d", "f": "d"}
