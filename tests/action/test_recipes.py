"""The recipes of examples/ci do what they say: their jobs and targets run against an embedded Hub."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from huggingface_hub import HfApi

from hublish.hub.server import EmbeddedHub
from tests.action.expressions import Context
from tests.action.github import GitHub
from tests.action.releases import LONG_LIVED, REPO, Run, commits
from tests.hublish.hub.server.oidc_issuer import Issuer

RECIPES = Path(__file__).parents[2] / "examples" / "ci"
SCRIPTS = Path(sys.executable).parent
DEADLINE = 120


def recipe(name: str) -> Any:
    # As YAML 1.2, which GitHub and GitLab read, `on` is a word.
    return yaml.load((RECIPES / name).read_text(), yaml.BaseLoader)


@pytest.fixture
def environ(tmp_path: Path, hub: EmbeddedHub) -> dict[str, str]:
    """The environment of a job in which `pip install hublish` has nothing to do."""
    pip = tmp_path / "bin" / "pip"
    pip.parent.mkdir()
    pip.write_text('#!/bin/bash\n[ "$*" = "install hublish" ]\n')
    pip.chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "GITHUB_"))}
    path = os.pathsep.join((str(pip.parent), str(SCRIPTS), os.environ["PATH"]))
    return {**kept, "PATH": path, "HF_ENDPOINT": hub.endpoint, "HF_HOME": str(tmp_path / "home"), "CI": "true"}


def bash(script: str, folder: Path, environ: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, timeout=DEADLINE)


@pytest.mark.parametrize(("event", "chosen"), [("pull_request", "plan"), ("push", "publish")])
def test_on_github_a_pull_request_is_planned_and_a_tag_is_published(
    run: Run, hub: EmbeddedHub, forge: GitHub, tmp_path: Path, event: str, chosen: str
) -> None:
    workflow = recipe("github-release.yml")
    assert set(workflow["on"]) == {"pull_request", "push"}
    assert (workflow["on"]["push"], workflow["permissions"]) == ({"tags": ["v*"]}, {})
    seen = Context({"github": {"event_name": event}})
    jobs = [name for name, job in workflow["jobs"].items() if seen.holds(job["if"])]
    assert jobs == [chosen]
    job = workflow["jobs"][chosen]
    # Neither job can write to the repository, and only one gets an identity.
    assert job["permissions"]["contents"] == "read"
    assert ("id-token" in job["permissions"], "pull-requests" in job["permissions"]) == (
        event == "push",
        event != "push",
    )
    checkout, action, *rest = job["steps"]
    assert checkout["with"] == {"persist-credentials": "false"}
    assert action["uses"].startswith("hublish/hublish@v")
    ran = run(event, **action.get("with", {}))
    assert ran.succeeded, ran.log
    assert len(forge.comments) == (event == "pull_request")
    assert len(commits(hub)) == (2 if event == "push" else 1)
    for step in rest:
        filled = Context({"steps": {action["id"]: {"outputs": ran.outputs}}})
        given = {name: filled.fill(value) for name, value in step["env"].items()}
        ended = bash(step["run"], tmp_path, {**os.environ, **given})
        assert ended.stdout == f"released v1 as {ran.outputs['url']}\n"


def test_on_gitlab_a_merge_request_is_planned_and_a_tag_is_published(
    environ: dict[str, str], hub: EmbeddedHub, issuer: Issuer, workspace: Path
) -> None:
    jobs = recipe("gitlab-ci.yml")
    ended = bash("\n".join(jobs["plan"]["script"]), workspace, environ)
    assert ended.returncode == 0, ended.stderr
    assert all((workspace / path).is_file() for path in jobs["plan"]["artifacts"]["paths"])
    assert commits(hub) == ["initial commit"]
    job = jobs["publish"]
    assert job["id_tokens"] == {"HF_OIDC_ID_TOKEN": {"aud": "https://huggingface.co"}}
    assert list(job["variables"]) == ["HF_OIDC_RESOURCE"]
    keyless = {"HF_OIDC_RESOURCE": REPO, "HF_OIDC_ID_TOKEN": issuer.token(hub.endpoint), "HF_TOKEN": LONG_LIVED}
    ended = bash("\n".join(job["script"]), workspace, environ | keyless)
    assert ended.returncode == 0, ended.stderr
    assert HfApi(endpoint=hub.endpoint, token=hub.token).list_repo_commits(REPO)[0].authors[0].startswith("oidc-")
    assert all((workspace / path).is_file() for path in job["artifacts"]["paths"])
    # The same ID token again: nothing replaces it.
    ended = bash("\n".join(job["script"]), workspace, environ | keyless)
    assert ended.returncode == 1
    assert "was exchanged before" in ended.stderr


def test_a_job_that_signs_has_an_identity_and_no_secret() -> None:
    workflow = recipe("github-signed-release.yml")
    (job,) = workflow["jobs"].values()
    assert (workflow["on"], workflow["permissions"]) == ({"push": {"tags": ["v*"]}}, {})
    assert job["permissions"] == {"contents": "read", "id-token": "write"}
    job = recipe("gitlab-signed-ci.yml")["publish"]
    assert job["id_tokens"] == {
        "HF_OIDC_ID_TOKEN": {"aud": "https://huggingface.co"},
        "SIGSTORE_ID_TOKEN": {"aud": "sigstore"},
    }
    for name in ("github-signed-release.yml", "gitlab-signed-ci.yml"):
        # The identity that the comment declares is that of this file, at the tags that start it.
        text = (RECIPES / name).read_text()
        file = re.match(r"# (\S+):", text)
        assert file
        assert f"{file[1]}@refs/tags/v*" in text
        assert "secrets." not in text


def test_with_make_the_reviewed_plan_is_released_and_no_other(
    environ: dict[str, str], hub: EmbeddedHub, workspace: Path
) -> None:
    shutil.copy(RECIPES / "Makefile", workspace)
    environ["HF_TOKEN"] = hub.token
    assert bash("make plan", workspace, environ).returncode == 0
    assert (workspace / "review.html").is_file()
    (workspace / "data" / "config.json").write_text("[]")
    ended = bash("make release", workspace, environ)
    assert "error[plan.stale]" in ended.stderr
    assert ended.returncode != 0
    assert bash("make plan", workspace, environ).returncode == 0
    ended = bash("make release", workspace, environ)
    assert ended.returncode == 0, ended.stderr
    assert len(commits(hub)) == 2
    (workspace / "hub.yaml").write_text("artifacts: 1\n")
    assert bash("make plan MANIFEST=hub.yaml", workspace, environ).returncode != 0
