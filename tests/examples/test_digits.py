"""The example is real: training reproduces the committed run, and the tour loads the same weights."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

import numpy as np
import pytest

DIGITS = Path(__file__).parents[2] / "examples" / "digits"
RUN = DIGITS / "runs" / "best"


def python(*arguments: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments], env=os.environ | environment, cwd=DIGITS, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def snapshot(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_training_reproduces_the_committed_run_byte_for_byte(tmp_path: Path) -> None:
    python("train.py", str(tmp_path))
    assert snapshot(tmp_path) == snapshot(RUN)


def test_the_committed_data_equals_scikit_learn_s(tmp_path: Path) -> None:
    pytest.importorskip("sklearn", reason="the data is committed; scikit-learn is needed only to compare it")
    shutil.copy(DIGITS / "data" / "export.py", tmp_path)
    python(str(tmp_path / "export.py"))
    with np.load(tmp_path / "digits.npz") as exported, np.load(DIGITS / "data" / "digits.npz") as committed:
        assert set(exported) == set(committed)
        assert all(np.array_equal(exported[name], committed[name]) for name in committed)


def test_the_tour_loads_the_same_weights_and_leaves_the_checkout_unchanged(tmp_path: Path) -> None:
    before = snapshot(DIGITS)
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / ".tour").touch()
    (tmp_path / "demo" / "hub.lock").write_text("of an earlier tour")
    shown = python("demo.py", str(tmp_path / "demo"), CI="1")
    assert "accuracy when trained  97.22%" in shown
    assert "accuracy when loaded   97.22%" in shown
    assert "2,410 numbers, bit for bit the same" in shown
    assert "othing to do" in shown.rpartition("$ hublish publish")[2]
    assert "digits-mlp" in (tmp_path / "demo" / "hub.lock").read_text()
    assert snapshot(DIGITS) == before
    _, command, address = shown.rstrip().rsplit("\n  ", 2)
    assert b"Digits MLP" in page(command, address)


def page(command: str, address: str) -> bytes:
    """Run the last command of the tour on a free port, and return the page at the address below it."""
    words = shlex.split(re.sub(r"--port \d+", "--port 0", command))
    with subprocess.Popen(words, cwd=DIGITS, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout is not None
        try:
            endpoint = re.search(r"HF_ENDPOINT=(\S+)", server.stdout.readline())
            assert endpoint
            with urllib.request.urlopen(re.sub(r"http://[^/]+", endpoint[1], address), timeout=60) as answer:
                shown: bytes = answer.read()
        finally:
            server.kill()
    return shown


def test_the_tour_never_removes_a_folder_that_it_did_not_make(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("final")
    done = subprocess.run([sys.executable, "demo.py", str(tmp_path)], cwd=DIGITS, capture_output=True, text=True)
    assert done.returncode == 1
    assert "name another folder" in done.stderr
    assert snapshot(tmp_path) == {"thesis.txt": b"final"}
