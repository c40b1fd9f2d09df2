"""Run each step of a user's script, and write what it returns or its traceback.

python -m tests.frameworks.libraries.steps with_peft found.json

The script is an ordinary one, which knows its Hub by HF_ENDPOINT and HF_TOKEN alone. One process runs all steps, since
the import of a library takes longer than they do.
"""

import hashlib
import inspect
import json
import os
import subprocess
import sys
import traceback
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]

# Variables of the machine that a user's script has as well. None of them is one of the client's.
_INHERITED = ("PATH", "LANG", "TMPDIR", "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")


class Found:
    """What the steps of one script returned."""

    def __init__(self, steps: dict[str, Any]) -> None:
        self._steps = steps

    def __getitem__(self, step: str) -> Any:
        """Return what a step returned; fail the test with its traceback if it raised."""
        found = self._steps[step]
        assert "error" not in found, found["error"]
        return found["returned"]


def run(script: str, folder: Path, **settings: str) -> Found:
    """Run a script in a folder, with settings such as HF_ENDPOINT and with a home of its own."""
    environment = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    environment |= {"HOME": str(folder), "HF_HOME": str(folder / "hf"), "PYTHONPATH": str(ROOT), **settings}
    command = [sys.executable, "-m", "tests.frameworks.libraries.steps", script, f"{script}.json"]
    ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=600)
    assert ran.returncode == 0, ran.stderr
    return Found(json.loads((folder / f"{script}.json").read_text()))


def tensors(model: Any) -> dict[str, str]:
    """Describe the tensors of a PyTorch module by their types, shapes and bytes."""
    import torch

    described = {}
    for name, tensor in model.state_dict().items():
        content = tensor.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy().tobytes()
        described[name] = f"{tensor.dtype} {list(tensor.shape)} {hashlib.sha256(content).hexdigest()}"
    return described


def main(script: str, found: str) -> None:
    """Run the public functions of a script in their order."""
    module = import_module(f"tests.frameworks.libraries.{script}")
    steps: dict[str, Any] = {}
    for name, step in list(vars(module).items()):
        if inspect.isfunction(step) and step.__module__ == module.__name__ and not name.startswith("_"):
            try:
                steps[name] = {"returned": step()}
            except Exception:
                steps[name] = {"error": traceback.format_exc()}
    Path(found).write_text(json.dumps(steps))


if __name__ == "__main__":
    main(*sys.argv[1:])
