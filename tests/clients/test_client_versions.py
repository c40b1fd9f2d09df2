"""One exercise, run by two older versions of huggingface_hub and by the newest one, on one embedded Hub at once."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import huggingface_hub
import pytest

from hublish.hub.server import EmbeddedHub

ROOT = Path(__file__).parents[2]

# The interpreters of the environments by the version that they contain.
INSTALLED = {
    "0.36": ROOT / ".venv-clients" / "0.36" / "bin" / "python",
    "1.2": ROOT / ".venv-clients" / "1.2" / "bin" / "python",
    huggingface_hub.__version__: Path(sys.executable),
}
STEPS = 73


@dataclass(frozen=True)
class Run:
    """The steps of one version."""

    version: str
    errors: dict[str, str]  # by the name of the step; empty when it passed
    output: str


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Run]]:
    """Run the exercise with every version, all at the same time: most of it waits for the Hub."""
    folder = tmp_path_factory.mktemp("versions")
    with EmbeddedHub(folder / "hub", user="acme") as hub, ExitStack() as stack:
        callers = {
            "HF_ENDPOINT": hub.endpoint,
            "HF_TOKEN": hub.token,
            "EVE_TOKEN": hub.add_user("eve", orgs=("garden",)),
        }
        started = {version: stack.enter_context(_start(version, folder, callers)) for version in INSTALLED}
        yield {version: _finish(process) for version, process in started.items()}


def _start(version: str, folder: Path, callers: dict[str, str]) -> subprocess.Popen[str]:
    home = folder / version
    home.mkdir()
    (home / ".check_for_update_done").touch()  # the command asks no registry for a newer version
    known = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    settings = {"HF_HOME": str(home), "HF_HUB_DISABLE_PROGRESS_BARS": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
    return subprocess.Popen(
        [INSTALLED[version], "-m", "tests.clients.versions.exercise"],
        env={**known, **callers, **settings, "EXERCISE": version.replace(".", "-")},
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def _finish(process: subprocess.Popen[str]) -> Run:
    output, _ = process.communicate(timeout=600)
    outcomes = [json.loads(line) for line in output.splitlines() if line.startswith('{"step"')]
    versions = {outcome["version"] for outcome in outcomes}
    return Run("".join(versions), {outcome["step"]: outcome["error"] for outcome in outcomes}, output)


@pytest.mark.parametrize("version", INSTALLED)
def test_every_step_passes(runs: dict[str, Run], version: str) -> None:
    run = runs[version]
    print(*(f"{'FAILED' if error else 'passed'} {step}" for step, error in run.errors.items()), sep="\n")
    assert run.version.startswith(version), run.output[-5_000:]
    failed = [f"{step}\n{error}" for step, error in run.errors.items() if error]
    assert failed == [], "\n".join(failed)
    assert len(run.errors) == STEPS, run.output[-5_000:]
