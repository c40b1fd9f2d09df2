"""huggingface_hub's own tests on the embedded Hub: only constants are changed, which name the Hub and two commits.

`client_suite.toml` has every test that does not pass, and the reason.
"""

import json
import os
import re
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any, Final

import huggingface_hub
import pytest

from tests.clients.client_sdist import pinned_versions, unpack
from tests.clients.sample_cards import write_cards
from tests.clients.suite_hubs import environment, served, with_constants

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parents[1]
TABLE: Final[dict[str, Any]] = tomllib.loads((HERE / "client_suite.toml").read_text())
OPTIONS: Final = ("-q", "-n2", "--dist=loadscope", "--tb=short", "--timeout=120", "-Werror::FutureWarning")


def test_the_sdist_is_that_of_the_installed_client() -> None:
    for lock in ("clients", "frameworks"):
        locked = re.findall(r"^huggingface[_-]hub==([\d.]+)", (ROOT / ".ci" / f"{lock}.lock").read_text(), re.MULTILINE)
        assert pinned_versions() == locked
    assert pinned_versions() == [huggingface_hub.__version__]


def expected_reasons() -> dict[str, str]:
    """Return the reason for each test, class or file of the table."""
    # Who runs as root may read and write every file.
    groups = [group for group in TABLE["reason"] if not group.get("as_root") or os.geteuid() == 0]
    return {name: group["why"] for group in groups for name in group["tests"]}


def entry_of(test: str, reasons: dict[str, str]) -> str | None:
    """Return the entry of the table that covers a test: the test itself, its class, or its file."""
    plain = test.partition("[")[0]
    names = (test, plain, plain.rpartition("::")[0], plain.partition("::")[0])
    return next((name for name in names if name in reasons), None)


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, str]]:
    """Run the tests, and return the outcome and the message of each."""
    folder = tmp_path_factory.mktemp("suite")
    results = folder / "results.json"
    with served(folder) as constants:
        unpack(folder / "tests", lambda name, text: with_constants(name, text, constants), is_run)
        write_cards(folder / "tests")
        (folder / "tests" / "conftest.py").write_text((HERE / "suite_fixtures.py").read_text())
        ran = subprocess.run(
            [sys.executable, "-m", "pytest", *OPTIONS, "-p", "no:cacheprovider", "tests"],
            env={**os.environ, **environment(constants, folder), "CLIENT_SUITE_RESULTS": str(results)},
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=1800,
            check=False,
        )
    assert results.exists(), ran.stdout[-5000:]
    found: dict[str, tuple[str, str]] = json.loads(results.read_text())
    return found


def is_run(name: str) -> bool:
    """Return whether a file of the sdist is needed: all except those of the table's `not_run`."""
    return not any(re.fullmatch(pattern, name) for group in TABLE["not_run"] for pattern in group["files"])


def test_every_test_of_the_client_passes_or_has_a_reason(
    outcomes: dict[str, tuple[str, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    passed = [test for test, (outcome, _) in outcomes.items() if outcome == "passed"]
    others = {test: message for test, (outcome, message) in outcomes.items() if outcome != "passed"}
    reasons = expected_reasons()
    with capsys.disabled():
        print(summary(passed, list(others), reasons))
    unexplained = {test: message[-2000:] for test, message in others.items() if entry_of(test, reasons) is None}
    assert unexplained == {}
    assert {test: entry for test in passed if (entry := entry_of(test, reasons))} == {}
    assert {entry for entry in reasons if entry not in {entry_of(test, reasons) for test in others}} == set()
    assert len(passed) >= TABLE["passed"]


def summary(passed: list[str], others: list[str], reasons: dict[str, str]) -> str:
    """Return the number of tests that passed by file, and of the others by reason."""
    by_file = Counter(test.partition("::")[0] for test in passed)
    by_reason = Counter(reasons.get(entry_of(test, reasons) or "", "without a reason") for test in others)
    lines = [f"{count:6} {name}" for counter in (by_file, by_reason) for name, count in sorted(counter.items())]
    return "\n".join(["", f"{len(passed)} tests of huggingface_hub passed, {len(others)} did not", *lines])
