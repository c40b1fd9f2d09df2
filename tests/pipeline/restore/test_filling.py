"""Weights into objects, by what the objects offer. Torch modules have tests of their own, where torch is."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

from hublish.base.errors import LoadError, UsageError
from hublish.formats.interface import Trust
from hublish.pipeline.restore.filling import restored
from hublish.pipeline.restore.wanted import Wanted
from hublish.pipeline.restore.weights import Weights
from hublish.schemas.documents.manifest import Load
from tests.pipeline.restore.releases import checked

ARRAYS = {"w": np.arange(4, dtype=np.float32), "b": np.zeros(2, np.float32)}


class Setter:
    def __init__(self, hidden: int = 0) -> None:
        self.hidden = hidden
        self.taken: list[str] = []

    def set_weights(self, arrays: Mapping[str, Any]) -> None:
        self.taken = sorted(arrays)


class Strict:
    strict: bool | None = None

    def load_state_dict(self, arrays: Mapping[str, Any], strict: bool = True) -> None:
        self.taken = sorted(arrays)
        self.strict = strict


class Called:
    def __init__(self, arrays: Mapping[str, Any]) -> None:
        self.taken = sorted(arrays)


class CalledWithConfig:
    def __init__(self, arrays: Mapping[str, Any], config: Mapping[str, Any]) -> None:
        self.taken = (sorted(arrays), config["hidden"])


@pytest.fixture
def weights(tmp_path: Path) -> Weights:
    safetensors.numpy.save_file(ARRAYS, tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text('{"hidden": 3}')
    return Weights.of(checked(tmp_path))


def test_without_an_object_the_arrays_come_as_they_are(weights: Weights) -> None:
    given = restored(weights, Wanted())
    assert {name: array.tobytes() for name, array in given.items()} == {n: a.tobytes() for n, a in ARRAYS.items()}


def test_a_class_with_a_method_for_weights_is_constructed_from_its_configuration(weights: Weights) -> None:
    made = restored(weights, Wanted(Setter))
    assert isinstance(made, Setter)
    assert (made.hidden, made.taken) == (3, ["b", "w"])


def test_an_instance_is_filled_and_given_back(weights: Weights) -> None:
    own = Setter(7)
    assert restored(weights, Wanted(own)) is own
    assert (own.hidden, own.taken) == (7, ["b", "w"])


@pytest.mark.parametrize("strict", [True, False])
def test_strictness_is_passed_on_to_whoever_knows_it(strict: bool, weights: Weights) -> None:
    assert restored(weights, Wanted(Strict, strict=strict)).strict is strict


def test_any_other_class_or_function_is_called_with_the_arrays(weights: Weights) -> None:
    assert restored(weights, Wanted(Called)).taken == ["b", "w"]
    assert restored(weights, Wanted(CalledWithConfig)).taken == (["b", "w"], 3)
    assert restored(weights, Wanted(len)) == 2
    assert restored(weights, Wanted(dict)).keys() == {"b", "w"}  # written in C, without a signature


def test_arrays_are_cast_before_they_are_handed_over(weights: Weights) -> None:
    given = restored(weights, Wanted(dict, dtype="float16"))
    assert {str(array.dtype) for array in given.values()} == {"float16"}


@pytest.mark.parametrize(
    ("wanted", "error", "message"),
    [
        (Wanted(7), LoadError, "a int has no way to take weights"),
        (Wanted(Setter, device="cuda"), UsageError, "`device` is for torch modules"),
        (Wanted(device="cuda"), UsageError, "`device` is for torch modules"),
        (Wanted(dtype="int4x"), UsageError, "no type of numpy's"),
    ],
)
def test_what_cannot_be_done_is_said(wanted: Wanted, error: type[Exception], message: str, weights: Weights) -> None:
    with pytest.raises(error, match=message):
        restored(weights, wanted)


@pytest.mark.parametrize("text", ["[]", '{"a": 1, "a": 2}', "{", "\ud800".encode("utf-8", "surrogatepass")])
def test_a_configuration_that_is_no_json_object_is_refused(text: str | bytes, weights: Weights) -> None:
    weights.files["config.json"].write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(LoadError, match=r"config\.json cannot be read"):
        restored(weights, Wanted(Setter))


def test_without_a_configuration_a_class_is_constructed_without_arguments(weights: Weights, tmp_path: Path) -> None:
    (tmp_path / "config.json").unlink()
    assert restored(Weights.of(checked(tmp_path)), Wanted(Setter)).hidden == 0


class Estimator:
    """What a framework works with, and no mapping of arrays."""

    def __init__(self, coefficient: float) -> None:
        self.coefficient = coefficient


class Estimators:
    """A serializer that gives back its framework's own value."""

    name = "estimators"

    def load(self, files: Mapping[str, Path]) -> Mapping[str, Any]:
        msg = "it holds no arrays"
        raise LoadError(msg)

    def rebuild(self, files: Mapping[str, Path], trust: Trust) -> Any:
        if not trust.pickle:
            msg = "it is a pickle"
            raise LoadError(msg)
        return Estimator(json.loads(files["model.json"].read_bytes()))


@pytest.fixture
def estimator(tmp_path: Path) -> Weights:
    (tmp_path / "model.json").write_text("0.5")
    files = {file.promised.path_in_repo: file.path for file in checked(tmp_path).files}
    return Weights(files, Estimators())  # type: ignore[arg-type]  # of a serializer, only what loading asks for


TRUSTING = Trust(pickle=True)


@pytest.mark.parametrize("into", [None, Estimator, object])
def test_a_format_of_a_framework_gives_the_frameworks_own_value(into: Any, estimator: Weights) -> None:
    value = restored(estimator, Wanted(into, trust=TRUSTING))
    assert isinstance(value, Estimator)
    assert value.coefficient == 0.5


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (Wanted(), "it is a pickle"),
        (Wanted(Setter, trust=TRUSTING), "the release holds a Estimator, which does not go into a Setter"),
        (Wanted(Setter(), trust=TRUSTING), "which does not go into a Setter"),
        (Wanted(Estimator, dtype="float16", trust=TRUSTING), "dtype"),
    ],
)
def test_a_framework_value_is_neither_bent_nor_built_without_trust(
    wanted: Wanted, message: str, estimator: Weights
) -> None:
    with pytest.raises((LoadError, UsageError), match=message):
        restored(estimator, wanted)


def test_what_was_not_checked_is_not_opened(tmp_path: Path) -> None:
    from dataclasses import replace

    with pytest.raises(LoadError, match="only after every digest was checked"):
        Weights.of(replace(checked(tmp_path), checked=False))


def test_the_serializer_of_the_load_plan_is_used(tmp_path: Path) -> None:
    (tmp_path / "x.safetensors").write_bytes(b"")
    assert Weights.of(checked(tmp_path, load=Load(serializer="torch"))).serializer.name == "torch"
    assert Weights.of(checked(tmp_path)).serializer.name == "safetensors"
