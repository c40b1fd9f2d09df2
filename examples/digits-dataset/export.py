"""Write the splits as Parquet files, in the form that `datasets` reads as images: `pip install datasets pillow`.

    python export.py

The images and their split are those of the classifier's example.
"""

from pathlib import Path

import numpy as np
from datasets import ClassLabel, Dataset, Features, Image
from PIL import Image as Picture

HERE = Path(__file__).parent
SOURCE = HERE.parent / "digits" / "data" / "digits.npz"
FEATURES = Features({"image": Image(), "label": ClassLabel(names=[str(digit) for digit in range(10)])})
# Pixels from 0 (paper) to 16 (ink) become shades of an 8-bit picture.
SHADES = np.round(np.arange(17) * 255 / 16).astype(np.uint8)


def main() -> None:
    """Write one file for each split."""
    with np.load(SOURCE) as stored:
        for split in ("train", "validation", "test"):
            pictures = [Picture.fromarray(SHADES[image]) for image in stored[f"{split}.images"]]
            rows = {"image": pictures, "label": stored[f"{split}.digits"].tolist()}
            Dataset.from_dict(rows, features=FEATURES).to_parquet(HERE / f"data/{split}-00000-of-00001.parquet")


if __name__ == "__main__":
    main()
