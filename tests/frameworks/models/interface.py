"""The interface of a framework's test: train a small model, publish it, load it, predict."""

from typing import Any, Protocol

from numpy.typing import NDArray

import hublish


class Trained(Protocol):
    """A module of this folder."""

    def train(self) -> Any:
        """Train a model; the result is the same every time."""

    def publish(self, model: Any, repo_id: str) -> hublish.Receipt:
        """Publish it to the Hub that the environment names."""

    def load(self, repo_id: str) -> Any:
        """Load it, in a process that did not train it."""

    def predict(self, model: Any) -> NDArray[Any]:
        """Return its predictions for constant inputs."""
