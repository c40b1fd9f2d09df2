"""What the test of a framework is made of: a small model that is really trained, and the way to the Hub and back."""

from typing import Any, Protocol

from numpy.typing import NDArray

import hublish


class Trained(Protocol):
    """A module of this folder."""

    def train(self) -> Any:
        """Train a model on data of its own; the same every time."""

    def publish(self, model: Any, repo_id: str) -> hublish.Receipt:
        """Send it to the Hub of the environment."""

    def load(self, repo_id: str) -> Any:
        """Get it back, in a process that never saw it."""

    def predict(self, model: Any) -> NDArray[Any]:
        """Ask it about inputs that are always the same."""
