"""Values of the frameworks that their formats reject, or accept only with permission."""

import os
from pathlib import Path
from typing import Any

import pytest

from hublish.base.errors import LoadError, SerializationError
from hublish.base.progress import SILENT
from hublish.formats import registry
from hublish.formats.format_options import validate_options
from hublish.formats.interface import DISTRUST, Rebuilding, Trust, Written

os.environ.setdefault("KERAS_BACKEND", "torch")
pytestmark = pytest.mark.filterwarnings("default")  # the frameworks' own


def dump(name: str, source: Any, path_in_repo: str, folder: Path, **options: Any) -> tuple[Written, ...]:
    serializer = registry.get(name)
    return serializer.dump(source, path_in_repo, folder, validate_options(serializer, options), SILENT)


def rebuild(name: str, written: tuple[Written, ...], trust: Trust = DISTRUST) -> Any:
    serializer = registry.get(name)
    assert isinstance(serializer, Rebuilding)
    return serializer.rebuild({item.path_in_repo: item.path for item in written}, trust)


def test_a_keras_lambda_is_published_and_run_only_when_both_sides_permit_it(tmp_path: Path) -> None:
    import keras
    import numpy as np

    model = keras.Sequential([keras.Input((2,)), keras.layers.Lambda(lambda values: values * 2)])
    with pytest.raises(SerializationError, match="carries code"):
        dump("keras", model, "model.keras", tmp_path)
    written = dump("keras", model, "model.keras", tmp_path, lambdas="allow")
    with pytest.raises(LoadError, match="carries code"):
        rebuild("keras", written)
    assert rebuild("keras", written, Trust(code=True)).predict(np.ones((1, 2)), verbose=0).tolist() == [[2, 2]]


def test_a_keras_model_without_weights_is_rejected(tmp_path: Path) -> None:
    import keras

    with pytest.raises(SerializationError, match="it was not built"):
        dump("keras", keras.Sequential([keras.layers.Dense(2)]), "model.keras", tmp_path)
    with pytest.raises(SerializationError, match=r"is not a keras\.Model"):
        dump("keras", object(), "model.keras", tmp_path)


def test_a_lambda_in_an_estimator_is_rejected(tmp_path: Path) -> None:
    from sklearn.preprocessing import FunctionTransformer

    written = dump("sklearn", FunctionTransformer(lambda values: values), "model.skops", tmp_path)
    with pytest.raises(LoadError, match=r"not known to be harmless|cannot load"):
        rebuild("sklearn", written)


def test_an_onnx_model_that_its_checker_rejects_is_rejected(tmp_path: Path) -> None:
    from onnx import helper

    graph = helper.make_graph([helper.make_node("NoSuchOperator", ["x"], ["y"])], "g", [], [])
    with pytest.raises(SerializationError, match="onnx's checker rejects"):
        dump("onnx", helper.make_model(graph), "model.onnx", tmp_path)
    with pytest.raises(SerializationError, match=r"is not an onnx\.ModelProto"):
        dump("onnx", object(), "model.onnx", tmp_path)


def test_random_keys_of_jax_are_rejected_and_wide_numbers_stay_wide(tmp_path: Path) -> None:
    import jax
    import numpy as np

    with pytest.raises(SerializationError, match="'seed' has elements of type key"):
        dump("jax", {"seed": jax.random.key(0)}, "model.safetensors", tmp_path)
    found = rebuild("jax", dump("jax", {"a": np.array([2**40])}, "model.safetensors", tmp_path))
    assert found["a"].tolist() == [2**40]


def test_a_value_that_is_not_a_learner_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(SerializationError, match="is not a fastai Learner"):
        dump("fastai", object(), "model.pkl", tmp_path)


@pytest.mark.parametrize("cut", [True, False])
def test_a_damaged_skops_file_is_rejected(cut: bool, tmp_path: Path) -> None:
    from sklearn.linear_model import LinearRegression

    (item,) = dump("sklearn", LinearRegression().fit([[1], [2]], [1, 2]), "model.skops", tmp_path)
    data = bytearray(item.path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 40] = bytes(40)
    item.path.write_bytes(data[:-5] if cut else data)
    with pytest.raises(LoadError):
        rebuild("sklearn", (item,))
