"""The classifier: two layers in NumPy."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]


@dataclass(frozen=True)
class DigitsMLP:
    """A perceptron with one hidden layer of ReLU units."""

    # `hidden.weight` (64, 32), `hidden.bias` (32,), `output.weight` (32, 10), `output.bias` (10,).
    arrays: Mapping[str, Floats]

    def logits(self, images: NDArray[np.uint8]) -> Floats:
        """Return the scores (n, 10) of the ten digits for `images` (n, 8, 8) with pixels from 0 to 16."""
        pixels = images.reshape(len(images), 64) / 16
        hidden = np.maximum(pixels @ self.arrays["hidden.weight"] + self.arrays["hidden.bias"], 0)
        scores: Floats = hidden @ self.arrays["output.weight"] + self.arrays["output.bias"]
        return scores

    def predict(self, images: NDArray[np.uint8]) -> NDArray[np.intp]:
        """Return the digits (n,) on `images` (n, 8, 8)."""
        digits: NDArray[np.intp] = self.logits(images).argmax(axis=1)
        return digits
