"""Fixtures for golden files, terminals and command lines."""

import io
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hublish.cli import main
from tests.hublish.cli.running import DEADLINE, MANIFEST, Ended, Golden, MakeDesk, Run, Start, desk
from tests.isolation import CLIENT_SETTINGS

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Compare a text with the golden file of that name."""

    def compare(name: str, text: str) -> None:
        path = GOLDEN / f"{name}.txt"
        if request.config.getoption("--update-goldens", default=False):
            path.write_text(text)
        assert text == path.read_text(), f"{path.name} differs; --update-goldens rewrites it"

    return compare


@pytest.fixture
def make_desk() -> MakeDesk:
    return desk


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with a release."""
    folder = tmp_path / "project"
    (folder / "run").mkdir(parents=True)
    (folder / "hub.yaml").write_text(MANIFEST)
    (folder / "run" / "config.json").write_text('{"classes": 10}\n')
    (folder / "run" / "draft.json").write_text("{}\n")
    weight = np.arange(12, dtype=np.float32).reshape(3, 4)
    np.savez(folder / "run" / "weights.npz", weight=weight, bias=np.ones(4, np.float16))
    return folder


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """An isolated environment: no token, no cache, no request for colors."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "HUGGING", "CI"))}
    return {**kept, **CLIENT_SETTINGS, "HF_HOME": str(tmp_path / "home"), "COLUMNS": "100", "PYTHONWARNINGS": "error"}


@pytest.fixture
def run(project: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command line in the project's folder, in this process: starting another one takes seconds."""
    monkeypatch.chdir(project)
    monkeypatch.delenv("HF_DEBUG", raising=False)

    def run_line(line: str, *, exits: int = 0, typed: str = "") -> Ended:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(typed.encode())))
        code = main(shlex.split(line))
        ended = Ended(*capsys.readouterr())
        assert code == exits, ended
        assert "Traceback" not in ended.stderr
        return ended

    return run_line


@pytest.fixture
def start(project: Path, environ: dict[str, str]) -> Start:
    """Run a command line in a new process."""

    def run_line(line: str, **streams: Any) -> subprocess.CompletedProcess[str]:
        words = [sys.executable, "-m", "hublish", *shlex.split(line)]
        return subprocess.run(words, cwd=project, env=environ, text=True, timeout=DEADLINE, **streams)

    return run_line
