"""huggingface_hub's own tests on the embedded Hub: only the endpoints in their constants are changed."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import huggingface_hub
import pytest

from hublish.hub.server import EmbeddedHub
from tests.clients.client_sdist import pinned_versions, unpack

ROOT = Path(__file__).parents[2]
FILES = ("test_commit_api.py", "test_lfs.py")
OPTIONS = [
    *("-q", "-n2", "--dist=loadscope", "--tb=short", "--timeout=120", "-Werror::FutureWarning"),
    *("-p", "no:cacheprovider", "-p", "tests.clients.suite_fixtures"),
]


def test_the_sdist_is_that_of_the_installed_client() -> None:
    assert pinned_versions() == [huggingface_hub.__version__]


@pytest.fixture
def endpoints(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Serve the two Hubs that the tests know, and return the constants that name them."""
    with _hub(tmp_path / "staging") as staging, _hub(tmp_path / "production") as production:
        yield {"ENDPOINT_STAGING": staging.endpoint, "ENDPOINT_PRODUCTION": production.endpoint}


def _hub(root: Path) -> EmbeddedHub:
    return EmbeddedHub(root, user="hub")


def test_the_clients_own_tests_pass_on_the_embedded_hub(endpoints: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "client_tests"
    unpack(folder, lambda _, text: text, lambda name: name.startswith("testing_") or name in FILES)
    results = tmp_path / "results.json"
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", *OPTIONS, "client_tests"],
        env={**os.environ, "CLIENT_SUITE_RESULTS": str(results), "PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=1200,
        check=False,
    )
    assert results.exists(), ran.stdout[-5000:] + ran.stderr[-5000:]
    outcomes = json.loads(results.read_text())
    assert {outcome for outcome, _ in outcomes.values()} == {"passed"}, ran.stdout[-20_000:]
