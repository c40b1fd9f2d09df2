"""Each framework: train a small model, publish it, load it in a new process, and compare predictions."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from hublish.hub.server import EmbeddedHub

ROOT = Path(__file__).parents[2]
FRAMEWORKS = sorted(path.stem.removeprefix("with_") for path in (Path(__file__).parent / "models").glob("with_*.py"))
NOT_REPRODUCIBLE = {"fastai"}  # cloudpickle gives random names to functions


def run(hub: EmbeddedHub, folder: Path, *arguments: str) -> str:
    environment = {
        **os.environ,
        "HF_ENDPOINT": hub.endpoint,
        "HF_TOKEN": hub.token,
        "HF_HOME": str(folder / "hf"),
        "KERAS_BACKEND": "torch",
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-m", "tests.frameworks.running", *arguments]
    ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_predictions_are_equal_in_a_new_process(framework: str, tmp_path: Path) -> None:
    first, second = tmp_path / "publisher", tmp_path / "reader"
    first.mkdir()
    second.mkdir()
    with EmbeddedHub(tmp_path / "hub") as hub:
        output = run(hub, first, framework, "publish", f"acme/{framework}", str(tmp_path / "expected.npy"))
        run(hub, second, framework, "load", f"acme/{framework}", str(tmp_path / "found.npy"))
    changed = framework in NOT_REPRODUCIBLE
    assert output.splitlines()[-1] == f"created=True changed={changed} verified=True"
    expected, found = np.load(tmp_path / "expected.npy"), np.load(tmp_path / "found.npy")
    assert expected.size
    assert np.array_equal(expected, found)
