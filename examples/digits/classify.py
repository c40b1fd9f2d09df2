"""The consumer's side: load the classifier from the Hub, classify the test digits, and compare with the training run.

    python classify.py REPO_ID REVISION

It loads from the embedded Hub in the current folder, and exits with 1 when a weight or the accuracy differs.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from dataset import Split
from digits_mlp import DigitsMLP, Floats

import hublish

RUN = Path(__file__).parent / "runs" / "best"


def identical(trained: Mapping[str, Floats], loaded: Mapping[str, Floats]) -> bool:
    """Compare names, dtypes, shapes and every bit."""
    return set(trained) == set(loaded) and all(
        (trained[name].dtype, trained[name].shape, trained[name].tobytes())
        == (loaded[name].dtype, loaded[name].shape, loaded[name].tobytes())
        for name in trained
    )


def main(repo_id: str, revision: str) -> int:
    """Print the accuracy in training beside the accuracy of the loaded model."""
    loaded = hublish.load(repo_id, revision=revision, endpoint="embedded")
    commit = loaded.release.plan.release.commit
    test = Split.read("test")
    accuracy = round(test.accuracy(DigitsMLP(loaded.arrays).predict(test.images)), 6)
    expected = json.loads((RUN / "metrics.json").read_text())[0]["metrics"][0]["value"]
    with np.load(RUN / "model.npz") as trained:
        same = identical(trained, loaded.arrays)
    numbers = sum(array.size for array in loaded.arrays.values())
    print(f"  accuracy when trained  {expected:.2%} of {len(test.digits)} test digits")
    print(f"  accuracy when loaded   {accuracy:.2%} from {repo_id} at {revision} ({commit[:8]})")
    print(f"  weights                {numbers:,} numbers, {'bit for bit the same' if same else 'CHANGED'}")
    return 0 if same and accuracy == expected else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
