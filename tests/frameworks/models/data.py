"""Points around two centers: enough to learn from, and the same in every process."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def points() -> tuple[NDArray[Any], NDArray[Any]]:
    """Return 200 points of four coordinates, and the center of each."""
    random = np.random.default_rng(0)
    labels = random.integers(0, 2, 200)
    return (random.normal(size=(200, 4)) + 2 * labels[:, None]).astype(np.float32), labels
