"""Write digits.npz from scikit-learn's copy of the data: `pip install scikit-learn && python data/export.py`."""

from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

data = load_digits()
images, digits = data.images.astype(np.uint8), data.target.astype(np.uint8)
train, validation, test = np.split(np.random.default_rng(1797).permutation(len(digits)), [1149, 1437])
splits = {"train": train, "validation": validation, "test": test}
np.savez_compressed(
    Path(__file__).with_name("digits.npz"),
    **{f"{name}.images": images[chosen] for name, chosen in splits.items()},
    **{f"{name}.digits": digits[chosen] for name, chosen in splits.items()},
)
