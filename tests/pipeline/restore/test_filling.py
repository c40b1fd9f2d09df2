"""Objects are constructed and filled in the way they take weights. Tests of torch modules are where torch is."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

from hublish.base.errors import LoadError, UsageError
from hublish.formats.interface import Trust
from hublish.pipeline.restore.arguments import Constructor
from hublish.pipeline.restore.filling import Wanted, restored
from hublish.pipeline.restore.weights import Weights
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


def test_without_an_object_the_arrays_are_returned(weights: Weights) -> None:
    given = restored(weights, Wanted())
    assert {name: array.tobytes() for name, array in given.items()} == {n: a.tobytes() for n, a in ARRAYS.items()}


def test_a_class_with_a_method_for_weights_is_constructed_from_its_configuration(weights: Weights) -> None:
    made = restored(weights, Wanted(Setter))
    assert isinstance(made, Setter)
    assert (made.hidden, made.taken) == (3, ["b", "w"])


def test_an_instance_is_filled_and_returned(weights: Weights) -> None:
    own = Setter(7)
    assert restored(weights, Wanted(own)) is own
    assert (own.hidden, own.taken) == (7, ["b", "w"])


@pytest.mark.parametrize("strict", [True, False])
def test_strictness_is_passed_to_methods_that_have_it(strict: bool, weights: Weights) -> None:
    assert restored(weights, Wanted(Strict, strict=strict)).strict is strict


def test_any_other_class_or_function_is_called_with_the_arrays(weights: Weights) -> None:
    assert restored(weights, Wanted(Called)).taken == ["b", "w"]
    assert restored(weights, Wanted(CalledWithConfig)).taken == (["b", "w"], 3)
    assert restored(weights, Wanted(len)) == 2
    assert restored(weights, Wanted(dict)).keys() == {"b", "w"}  # written in C, without a signature


def test_arrays_are_cast_before_they_are_passed_on(weights: Weights) -> None:
    given = restored(weights, Wanted(dict, dtype="float16"))
    assert {str(array.dtype) for array in given.values()} == {"float16"}


@pytest.mark.parametrize(
    ("wanted", "error", "message"),
    [
        (Wanted(7), LoadError, "a int has no method that takes weights"),
        (Wanted(Setter, device="cuda"), UsageError, "`device` is for torch modules"),
        (Wanted(device="cuda"), UsageError, "`device` is for torch modules"),
        (Wanted(dtype="int4x"), UsageError, "is not a numpy type"),
    ],
)
def test_options_that_do_not_apply_are_refused(
    wanted: Wanted, error: type[Exception], message: str, weights: Weights
) -> None:
    with pytest.raises(error, match=message):
        restored(weights, wanted)


@pytest.mark.parametrize("text", ["[]", '{"a": 1, "a": 2}', "{", "\ud800".encode("utf-8", "surrogatepass")])
def test_a_configuration_that_is_not_a_json_object_is_refused(text: str | bytes, weights: Weights) -> None:
    weights.files["config.json"].write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(LoadError, match=r"config\.json cannot be read"):
        restored(weights, Wanted(Setter))


def test_without_a_configuration_a_class_is_constructed_without_arguments(weights: Weights, tmp_path: Path) -> None:
    (tmp_path / "config.json").unlink()
    assert restored(Weights.of(checked(tmp_path)), Wanted(Setter)).hidden == 0


class Estimator:
    """The value of a framework, which is not a mapping of arrays."""

    def __init__(self, coefficient: float) -> None:
        self.coefficient = coefficient


class Estimators:
    """A serializer that returns its framework's own value."""

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
    return Weights(files, Estimators())  # type: ignore[arg-type]  # only the methods of a serializer that loading calls


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
        (Wanted(Setter, trust=TRUSTING), "the release contains a Estimator, which does not go into a Setter"),
        (Wanted(Setter(), trust=TRUSTING), "which does not go into a Setter"),
        (Wanted(Estimator, dtype="float16", trust=TRUSTING), "dtype"),
    ],
)
def test_a_framework_value_is_neither_converted_nor_built_without_trust(
    wanted: Wanted, message: str, estimator: Weights
) -> None:
    with pytest.raises((LoadError, UsageError), match=message):
        restored(estimator, wanted)


@dataclass
class Size:
    height: int
    width: int = 1


class Plain: ...


class Named:
    def __init__(self, hidden: int, bias: bool = True) -> None:
        self.given = (hidden, bias)


class Rest:
    def __init__(self, hidden: int = 1, **rest: Any) -> None:
        self.given = (hidden, rest)


class Whole:
    def __init__(self, config: dict[str, Any]) -> None:
        self.given = config


class WholeAsDataclass:
    def __init__(self, config: Size) -> None:
        self.given = config


class Nested:
    def __init__(self, size: Size | None = None, other: "Size | None" = None) -> None:
        self.given = (size, other)


class Unresolved:
    def __init__(self, size: "Nowhere") -> None:  # type: ignore[name-defined]  # noqa: F821 - on purpose
        self.given = size


@dataclass
class Data:
    hidden: int
    bias: bool = True


class Coded:
    """A class with coders of its own, as huggingface_hub's mixins store them."""

    def __init__(self, size: Size) -> None:
        self.given = size

    @classmethod
    def _decode_arg(cls, expected: Any, value: Any) -> Any:
        return (expected, value)


@pytest.mark.parametrize(
    ("into", "config", "expected"),
    [
        (Plain, {"hidden": 3}, {}),
        (Named, {"hidden": 3, "model_type": "x"}, {"hidden": 3}),
        (Named, {}, {}),
        (Rest, {"hidden": 3, "other": 4}, {"hidden": 3, "other": 4}),
        (Whole, {"hidden": 3}, {"config": {"hidden": 3}}),
        (Whole, {"config": {"a": 1}}, {"config": {"a": 1}}),
        (Whole, {}, {}),
        (WholeAsDataclass, {"height": 2, "other": 4}, {"config": Size(2)}),
        (Nested, {"size": {"height": 2, "width": 5}, "other": None}, {"size": Size(2, 5), "other": None}),
        (Nested, {"other": {"height": 2}}, {"other": Size(2)}),
        (Unresolved, {"size": {"height": 2}}, {"size": {"height": 2}}),
        (Data, {"hidden": 3, "bias": False}, {"hidden": 3, "bias": False}),
        (Coded, {"size": {"height": 2}}, {"size": (Size, {"height": 2})}),
    ],
)
def test_a_configuration_goes_to_the_parameters_it_names(
    into: type, config: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert Constructor(into).chosen(config) == expected


def test_a_missing_argument_is_an_error_that_names_the_class() -> None:
    with pytest.raises(LoadError, match=r"Named cannot be constructed without arguments: .*hidden"):
        Constructor(Named).construct({"size": 3})
    with pytest.raises(LoadError, match=r"WholeAsDataclass cannot be constructed without arguments"):
        Constructor(WholeAsDataclass).construct({})


def test_an_instance_is_constructed() -> None:
    assert Constructor(Named).construct({"hidden": 3}).given == (3, True)
