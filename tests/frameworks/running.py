"""Run one half of a test in a process of its own.

python -m tests.frameworks.running torch publish acme/torch answers.npy
"""

import sys
from importlib import import_module
from pathlib import Path
from typing import cast

import numpy as np

from tests.frameworks.models.interface import Trained


def main(framework: str, half: str, repo_id: str, answers: str) -> None:
    """Publish a trained model or load it, and save its predictions."""
    trained = cast(Trained, import_module(f"tests.frameworks.models.with_{framework}"))
    if half == "publish":
        model = trained.train()
        receipt = trained.publish(model, repo_id)
        second = trained.publish(model, repo_id)
        print(f"created={receipt.created} changed={second.created} verified={receipt.verified}")
    else:
        model = trained.load(repo_id)
    np.save(Path(answers), trained.predict(model), allow_pickle=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
