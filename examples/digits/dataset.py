"""The digits, cut once and for all into images to train on, to choose an epoch by, and to test with."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FILE = Path(__file__).parent / "data" / "digits.npz"


@dataclass(frozen=True)
class Split:
    """Some of the images with what they show."""

    images: NDArray[np.uint8]
    """(n, 8, 8), pixels from 0 (white) to 16 (black)."""
    digits: NDArray[np.uint8]
    """(n,), 0 to 9."""

    @classmethod
    def read(cls, name: str) -> "Split":
        """Read `train` (1,149 images), `validation` (288) or `test` (360)."""
        with np.load(FILE) as stored:
            return cls(stored[f"{name}.images"], stored[f"{name}.digits"])

    def accuracy(self, predicted: NDArray[np.intp]) -> float:
        """Share of the images that were read rightly."""
        return float((predicted == self.digits).mean())
