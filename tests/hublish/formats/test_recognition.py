"""Which serializer a value in memory is for, told without importing any framework."""

import sys
from collections import OrderedDict
from typing import Any

import numpy as np
import pytest

from hublish.formats.recognition import is_a, maps_to, recognised


def made(name: str, *bases: type) -> Any:
    """An instance of a class with the full name of a framework's, which is not installed here."""
    module, _, kind = name.rpartition(".")
    return type(kind, bases or (object,), {"__module__": module})()


MODULE = "torch.nn.modules.module.Module"


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ({"w": np.zeros(2), "b": np.float32(1)}, "safetensors"),
        (OrderedDict(w=np.zeros(2)), "safetensors"),
        (made(MODULE), "torch"),
        (made("mine.Net", type(made(MODULE))), "torch"),
        ({"w": made("torch.nn.parameter.Parameter", type(made("torch.Tensor")))}, "torch"),
        (made("keras.src.models.model.Model"), "keras"),
        (made("keras.src.models.model.Model", type(made(MODULE))), "keras"),  # as with the torch backend
        (made("sklearn.svm.SVC", type(made("sklearn.base.BaseEstimator"))), "sklearn"),
        (made("fastai.learner.Learner"), "fastai"),
        ({}, None),
        ({"w": [1.0]}, None),
        ({"w": np.zeros(2), "x": "y"}, None),
        (object(), None),
        (None, None),
    ],
)
def test_the_type_tells_the_serializer(value: Any, name: str | None) -> None:
    assert recognised(value) == name


def test_no_framework_is_imported_to_find_out() -> None:
    recognised(made(MODULE))
    assert not {"torch", "keras", "sklearn", "fastai", "jax"} & set(sys.modules)


def test_names_are_full_and_inherited() -> None:
    assert is_a(True, "builtins.int")
    assert not is_a(True, "int")
    assert maps_to({"a": 1}, "builtins.str", "builtins.int")
    assert not maps_to({"a": 1, "b": "x"}, "builtins.int")
    assert not maps_to([1], "builtins.int")
