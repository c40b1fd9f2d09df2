"""Flax: a module of nnx with layers in a list, a normalization and dropout."""

from typing import Any

import jax
import numpy as np
import optax
from flax import nnx
from numpy.typing import NDArray

import hublish
from tests.frameworks.models.data import points


class Classifier(nnx.Module):
    """Two layers with every kind of state."""

    def __init__(self, seed: int) -> None:
        rngs = nnx.Rngs(seed)
        self.layers = nnx.List([nnx.Linear(4, 8, rngs=rngs), nnx.Linear(8, 2, rngs=rngs)])
        self.norm = nnx.BatchNorm(8, rngs=rngs)
        self.dropout = nnx.Dropout(0.1, rngs=rngs)

    def __call__(self, inputs: Any) -> Any:
        return self.layers[1](self.dropout(jax.nn.relu(self.norm(self.layers[0](inputs)))))


def _loss(model: Any, inputs: Any, labels: Any) -> Any:
    return optax.softmax_cross_entropy_with_integer_labels(model(inputs), labels).mean()


def train() -> Any:
    model = Classifier(0)
    optimizer = nnx.Optimizer(model, optax.adam(0.05), wrt=nnx.Param)
    for _ in range(10):
        optimizer.update(model, nnx.grad(_loss)(model, *points()))
    model.eval()
    return model


def publish(model: Any, repo_id: str) -> hublish.Receipt:
    return hublish.push_to_hub(model, repo_id)


def load(repo_id: str) -> Any:
    model = Classifier(1)
    nnx.update(model, nnx.restore_int_paths(hublish.from_hub(repo_id)))
    model.eval()
    return model


def predict(model: Any) -> NDArray[Any]:
    return np.asarray(model(points()[0]))
