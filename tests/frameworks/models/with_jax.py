"""jax: a tree of parameters from gradient descent."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

import hublish
from tests.frameworks.models.data import points


def _forward(tree: Any, inputs: Any) -> Any:
    hidden = jax.nn.relu(inputs @ tree["hidden"]["kernel"] + tree["hidden"]["bias"])
    return hidden @ tree["decide"]["kernel"] + tree["decide"]["bias"]


def train() -> Any:
    first, second = jax.random.split(jax.random.key(0))
    tree: Any = {
        "hidden": {"kernel": jax.random.normal(first, (4, 8)), "bias": jnp.zeros(8)},
        "decide": {"kernel": jax.random.normal(second, (8, 2)), "bias": jnp.zeros(2)},
    }
    inputs, labels = points()

    def loss(tree: Any) -> Any:
        return -jnp.mean(jax.nn.log_softmax(_forward(tree, inputs))[jnp.arange(len(labels)), labels])

    for _ in range(20):
        tree = jax.tree.map(lambda value, slope: value - 0.1 * slope, tree, jax.grad(loss)(tree))
    return tree


def publish(model: Any, repo_id: str) -> hublish.Receipt:
    return hublish.push_to_hub(model, repo_id)


def load(repo_id: str) -> Any:
    return hublish.from_hub(repo_id)


def predict(model: Any) -> NDArray[Any]:
    return np.asarray(_forward(model, points()[0]))
