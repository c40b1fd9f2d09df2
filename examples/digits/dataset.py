"""The digits, in a fixed split for training, for the choice of the epoch, and for testing."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FILE = Path(__file__).parent / "data" / "digits.npz"


@dataclass(frozen=True)
class Split:
    """A part of the images, with their labels."""

    # (n, 8, 8), pixels from 0 (white) to 16 (black).
    images: NDArray[np.uint8]
    # (n,), 0 to 9.
    digits: NDArray[np.uint8]

    @classmethod
    def read(cls, name: str) -> "Split":
        """Read `train` (1,149 images), `validation` (288) or `test` (360)."""
        with np.load(FILE) as stored:
            return cls(stored[f"{name}.images"], stored[f"{name}.digits"])

    def accuracy(self, predicted: NDArray[np.intp]) -> float:
        """Return the share of correct predictions."""
        return float((predicted == self.digits).mean())
