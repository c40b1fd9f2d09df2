"""Keras, on the backend that KERAS_BACKEND names: a whole model."""

from typing import Any

import keras
from numpy.typing import NDArray

import hublish
from tests.frameworks.models.data import points


def train() -> Any:
    keras.utils.set_random_seed(0)
    layers = [keras.Input((4,)), keras.layers.Dense(8, activation="relu"), keras.layers.Dense(1, activation="sigmoid")]
    model = keras.Sequential(layers)
    model.compile("adam", "binary_crossentropy")
    inputs, labels = points()
    model.fit(inputs, labels, epochs=3, verbose=0)
    return model


def publish(model: Any, repo_id: str) -> hublish.Receipt:
    return hublish.push_to_hub(model, repo_id)


def load(repo_id: str) -> Any:
    assert hublish.load(repo_id).arrays["layers/dense/vars/0"].shape == (4, 8)
    return hublish.from_hub(repo_id)


def predict(model: Any) -> NDArray[Any]:
    found: NDArray[Any] = model.predict(points()[0], verbose=0)
    return found
