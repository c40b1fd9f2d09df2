"""huggingface_hub's own tests of its mixins, run on HubMixin: only their import of the mixin is changed."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.clients.client_sdist import SDIST, unpack

ROOT = Path(__file__).parents[2]
FILES = ("test_hub_mixin.py", "test_hub_mixin_pytorch.py", "testing_constants.py", "testing_utils.py")
IMPORT = re.compile(r"^from huggingface_hub\.hub_mixin import (.+)$", re.MULTILINE)

_CHECKED_FIRST: Final = (
    "replaces `_from_pretrained`, and loads a repo that does not exist: hublish checks the files of a repo first"
)
_ONE_BY_ONE: Final = "replaces the client's `hf_hub_download`: hublish downloads all files of one commit by itself"
CANNOT_PASS: Final = {
    ("test_hub_mixin", "test_from_pretrained_model_id_only"): _CHECKED_FIRST,
    ("test_hub_mixin", "test_from_pretrained_model_id_and_revision"): _CHECKED_FIRST,
    ("test_hub_mixin_pytorch", "test_from_pretrained_model_id_only"): _CHECKED_FIRST,
    ("test_hub_mixin_pytorch", "test_from_pretrained_model_id_and_revision"): _CHECKED_FIRST,
    ("test_hub_mixin_pytorch", "test_from_pretrained_model_from_hub_prefer_safetensor"): _ONE_BY_ONE,
    ("test_hub_mixin_pytorch", "test_from_pretrained_model_from_hub_fallback_pickle"): _ONE_BY_ONE,
}


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """The tests, unpacked and changed."""
    if not SDIST.exists():
        pytest.skip(f"{SDIST} was not downloaded: run make .venv-frameworks/dev.stamp with a network")
    folder = tmp_path / "client_tests"
    unpack(folder, _with_our_mixin, FILES.__contains__)
    return folder


def _with_our_mixin(name: str, text: str) -> str:
    text, changed = IMPORT.subn(_import_ours, text)
    assert bool(changed) == name.startswith("test_")
    return text


def _import_ours(found: re.Match[str]) -> str:
    return "\n".join(f"from hublish import HubMixin as {name}" for name in found[1].split(", "))


def test_the_mixin_passes_the_tests_of_the_client(suite: Path, tmp_path: Path) -> None:
    options = ["-q", "-rA", "--tb=short", "-p", "no:cacheprovider", "-p", "tests.frameworks.client_fixtures"]
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(suite)],
        env={**os.environ, "HF_HOME": str(tmp_path / "home"), "PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    results = re.findall(r"^(PASSED|FAILED|ERROR|SKIPPED) \S*?(\w+)\.py::\w+::(\w+)", ran.stdout, re.MULTILINE)
    passed = {(module, name) for result, module, name in results if result == "PASSED"}
    others = {(module, name) for result, module, name in results if result != "PASSED"}
    assert others == set(CANNOT_PASS), ran.stdout[-20_000:]
    assert len(passed) == 40
