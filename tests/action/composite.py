"""An interpreter of composite actions: it runs their scripts with bash, and records the other actions that they use."""

import os
import subprocess
import sys
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.action.expressions import Context, text
from tests.hublish.cli.report.step_outputs import read_outputs

# Seconds that a step may take.
DEADLINE = 600
# As the runner starts it for `shell: bash`.
_BASH = ("bash", "--noprofile", "--norc", "-eo", "pipefail")

Uses = Callable[[Mapping[str, str]], Mapping[str, str]]
"""Replaces another action: takes its inputs and returns its outputs."""


@dataclass
class Ran:
    """A finished run."""

    outputs: dict[str, str] = field(default_factory=dict)
    succeeded: bool = True
    summary: str = ""
    log: str = ""
    steps: dict[str, str] = field(default_factory=dict)
    """`success`, `failure` or `skipped`, by the name of the step."""
    used: dict[str, Mapping[str, str]] = field(default_factory=dict)
    """The inputs of the actions that were used, by name without the version."""
    results: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The context `steps`."""


@dataclass(frozen=True)
class Job:
    """The surroundings of an action: a checkout, an event, and an environment."""

    workspace: Path
    temp: Path
    event_name: str
    event: Mapping[str, Any]
    environ: Mapping[str, str]
    github: Mapping[str, str] = field(default_factory=dict)

    def variables(self) -> dict[str, str]:
        """Return the variables that every step has; the caller's own, such as HOME, are not among them."""
        own = {
            name: os.environ[name] for name in ("PATH", "LANG", "SSL_CERT_FILE", "SSL_CERT_DIR") if name in os.environ
        }
        given = {f"GITHUB_{name.upper()}": value for name, value in self.github.items()}
        runner = {"RUNNER_TEMP": str(self.temp), "GITHUB_WORKSPACE": str(self.workspace), "CI": "true"}
        event = {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": self.event_name, "HOME": str(self.temp / "home")}
        return {**own, **given, **runner, **event, **self.environ}

    def context(self) -> dict[str, Any]:
        """Return `github` and `env`."""
        github = {**self.github, "event_name": self.event_name, "event": self.event, "token": "ghs_of_the_job"}
        return {"github": github, "env": dict(self.environ)}


def run_action(
    action: Path, job: Job, inputs: Mapping[str, str], uses: Mapping[str, Uses], skip: Container[str] = ()
) -> Ran:
    """Run a composite action.

    Args:
        action: its action.yml.
        job: its surroundings.
        inputs: `with`; an unknown one is an error, where the runner warns.
        uses: what replaces the other actions, by name without the version.
        skip: the names of steps that the caller has done, or does not need.
    """
    declared = yaml.safe_load(action.read_text())
    assert declared["runs"]["using"] == "composite"
    assert set(inputs) <= set(declared["inputs"])
    base = Context(job.context())
    given = {name: base.fill(str(each.get("default", ""))) for name, each in declared["inputs"].items()} | dict(inputs)
    ran = Ran()
    results = ran.results
    for number, step in enumerate(declared["runs"]["steps"]):
        context = Context({**base.values, "inputs": given, "steps": results}, failed=not ran.succeeded)
        if not context.holds(step.get("if")) or step["name"] in skip:
            ran.steps[step["name"]] = "skipped"
            continue
        outputs, succeeded = _step(action, step, context, job, uses, ran, number)
        results[step.get("id", str(number))] = {"outputs": outputs, "outcome": "success" if succeeded else "failure"}
        ran.steps[step["name"]] = "success" if succeeded else "failure"
        ran.succeeded &= succeeded
    last = Context({**base.values, "inputs": given, "steps": results})
    ran.outputs = {name: last.fill(each["value"]) for name, each in declared["outputs"].items()}
    return ran


def _step(
    action: Path, step: Any, context: Context, job: Job, uses: Mapping[str, Uses], ran: Ran, number: int
) -> tuple[Mapping[str, str], bool]:
    if "uses" in step:
        name = step["uses"].partition("@")[0]
        ran.used[name] = {key: context.fill(text(value)) for key, value in step.get("with", {}).items()}
        return uses[name](ran.used[name]), True
    assert step["shell"] == "bash"
    files = {
        name: job.temp / f"{name}-{number}-{len(list(job.temp.iterdir()))}" for name in ("output", "summary", "script")
    }
    # The runner replaces expressions in a script before bash reads it.
    files["script"].write_text(context.fill(step["run"]))
    environ = {
        **job.variables(),
        **{name: context.fill(text(value)) for name, value in step.get("env", {}).items()},
        "GITHUB_ACTION_PATH": str(action.parent),
        "GITHUB_OUTPUT": str(files["output"]),
        "GITHUB_STEP_SUMMARY": str(files["summary"]),
    }
    folder = job.workspace / context.fill(step.get("working-directory", "."))
    ended = subprocess.run(
        [*_BASH, str(files["script"])],
        cwd=folder,
        env=environ,
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=DEADLINE,
    )
    ran.log += ended.stdout
    ran.summary += files["summary"].read_text() if files["summary"].exists() else ""
    return read_outputs(files["output"]), ended.returncode == 0


def installed(temp: Path) -> None:
    """Put the hublish of this environment where the Action installs it."""
    scripts = temp / "hublish" / "bin"
    scripts.mkdir(parents=True, exist_ok=True)
    for name in ("hublish", "python"):
        if not (scripts / name).exists():
            (scripts / name).symlink_to(Path(sys.executable).with_name(name))
