"""The contracts of pyproject.toml hold: who may import whom."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
LINT = "from importlinter import cli; raise SystemExit(cli.lint_imports(no_cache=True))"


def test_every_import_goes_down_the_layers() -> None:
    run = subprocess.run([sys.executable, "-c", LINT], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
