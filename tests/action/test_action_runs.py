"""Whole runs of the Action: later pushes, forks, tags, several manifests, and hostile names."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from huggingface_hub import HfApi

import hublish
from hublish.hub.server import EmbeddedHub
from tests.action.composite import Job, run_action
from tests.action.github import BOT, Comment, GitHub
from tests.action.releases import ACTION, EVIL, MANIFEST, REPO, Run, commits


def test_a_later_push_updates_the_comment_also_with_what_is_wrong(run: Run, forge: GitHub, workspace: Path) -> None:
    forge.comments = [Comment(BOT, "coverage"), Comment("eve", "first!")]
    run()
    (workspace / "hub.yaml").write_text(MANIFEST.replace("artifacts", "artefacts"))
    ran = run()
    assert not ran.succeeded
    assert [ran.steps[name] for name in ("Check", "Plan", "Comment on the pull request")] == [
        "failure",
        "skipped",
        "success",
    ]
    assert "actions/upload-artifact" not in ran.used
    assert "::error file=hub.yaml,line=4" in ran.log
    assert len(forge.comments) == 3
    assert "unknown key 'artefacts', did you mean 'artifacts'?" in forge.comments[2].body
    assert "### Plan" not in forge.comments[2].body
    assert "artefacts" in ran.summary


def test_a_warning_fails_the_check(run: Run, workspace: Path) -> None:
    (workspace / "data" / "model.safetensors").unlink()
    ran = run(comment="false")
    assert ran.steps["Check"] == "failure"
    assert "release.no_weights" in ran.log
    assert ran.steps["Comment on the pull request"] == "skipped"


def test_a_fork_has_its_plan_in_the_summary(run: Run, forge: GitHub) -> None:
    forge.forbidden = True
    ran = run(environ={"ACTIONS_ID_TOKEN_REQUEST_URL": None, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": None})
    assert ran.succeeded, ran.log
    assert "### Plan for" in ran.summary
    assert "::notice title=hublish::the plan is in the summary of the job" in ran.log
    assert forge.comments == []


def test_a_tag_is_published_with_the_identity_of_the_job_and_only_once(
    run: Run, hub: EmbeddedHub, forge: GitHub
) -> None:
    ran = run("push")
    assert ran.succeeded, ran.log
    assert forge.requests == []
    assert re.fullmatch("[0-9a-f]{40}", ran.outputs["commit"])
    assert (ran.outputs["tag"], ran.outputs["changes"], ran.outputs["lock"]) == ("v1", "5", "hub.lock")
    assert ran.outputs["url"].endswith(f"/commit/{ran.outputs['commit']}")
    api = HfApi(endpoint=hub.endpoint, token=hub.token)
    assert api.list_repo_commits(REPO)[0].authors[0].startswith("oidc-")
    assert [(tag.name, tag.target_commit) for tag in api.list_repo_refs(REPO).tags] == [("v1", ran.outputs["commit"])]
    published = commits(hub)
    again = run("push")
    assert again.succeeded, again.log
    assert (again.outputs["commit"], again.outputs["changes"]) == (ran.outputs["commit"], "0")
    assert commits(hub) == published


def test_a_given_token_publishes_without_an_identity(run: Run, hub: EmbeddedHub) -> None:
    none = {"ACTIONS_ID_TOKEN_REQUEST_TOKEN": None, "HF_TOKEN": None, "HF_ENDPOINT": "http://127.0.0.1:9"}
    ran = run("workflow_dispatch", none, command="publish", token=hub.token, endpoint=hub.endpoint, set="version=2\n\n")
    assert ran.succeeded, ran.log
    assert ran.outputs["tag"] == "v2"
    assert hub.token not in ran.log + ran.summary


def test_hostile_names_and_messages_run_nothing_and_set_nothing(
    run: Run, workspace: Path, forge: GitHub, tmp_path: Path
) -> None:
    for name in ("$(touch pwned)", "`touch pwned`", "a;touch pwned", "@team #1 [x](evil.org)"):
        (workspace / "data" / f"{name}.json").write_text("{}")
    message = json.dumps("$(touch pwned) `touch pwned` @team <img src=x> ::error::")
    (workspace / "hub.yaml").write_text(MANIFEST.replace("acme/digits,", f"acme/digits, commit_message: {message},"))
    ran = run()
    assert ran.succeeded, ran.log
    assert "<img" not in forge.comments[0].body
    assert "](evil.org" not in re.sub(r"`[^`]*`", "", forge.comments[0].body)
    assert "ghs_of_the_job" not in forge.comments[0].body + ran.log
    assert set(ran.outputs) == {"commit", "tag", "url", "lock", "repo-id", "changes", "plan"}
    assert list(tmp_path.rglob("pwned")) == []


@pytest.mark.parametrize("name", ["file", "set", "endpoint", "token"])
def test_hostile_inputs_run_nothing(run: Run, tmp_path: Path, name: str) -> None:
    ran = run("workflow_dispatch", **{name: EVIL, "command": "plan"})
    assert not ran.succeeded
    assert list(tmp_path.rglob("pwned")) == []


def test_several_manifests_have_comments_artifacts_and_outputs_of_their_own(
    run: Run, workspace: Path, forge: GitHub
) -> None:
    (workspace / "other" / "data").mkdir(parents=True)
    (workspace / "other" / "data" / "train.csv").write_text("a,b\n1,2\n")
    other = MANIFEST.replace("acme/digits,", "acme/rows, repo_type: dataset,").replace(
        "pipeline_tag: tabular-classification", "size_categories: [n<1K]"
    )
    (workspace / "other" / "rows.yaml").write_text(other)
    first, second = run(), run(working_directory="other", file="rows.yaml")
    assert second.succeeded, second.log
    assert (first.outputs["repo-id"], second.outputs["repo-id"]) == (REPO, "acme/rows")
    assert first.outputs["plan"] != second.outputs["plan"]
    assert [ran.used["actions/upload-artifact"]["name"] for ran in (first, second)] == [
        "hublish-acme-digits",
        "hublish-datasets-acme-rows",
    ]
    assert ["acme/digits`" in each.body for each in forge.comments] == [True, False]
    run(working_directory="./other", file="rows.yaml")
    assert len(forge.comments) == 2


def test_no_module_of_the_checkout_is_imported(run: Run, workspace: Path) -> None:
    for name in ("json", "hashlib", "pip", "venv", "hublish", "sitecustomize", "yaml"):
        (workspace / f"{name}.py").write_text("raise SystemExit('imported from the checkout')")
    ran = run()
    assert ran.succeeded, ran.log
    assert "imported from the checkout" not in ran.log


def test_it_installs_itself_with_locked_dependencies_whatever_the_checkout_holds(
    tmp_path: Path, workspace: Path
) -> None:
    for name in ("json", "pip", "venv", "ensurepip", "hatchling"):
        (workspace / f"{name}.py").write_text("raise SystemExit('imported from the checkout')")
    temp = tmp_path / "temp"
    temp.mkdir()
    # The registry of this machine, which pip reads from its own settings.
    settings = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_", "REQUESTS_"))}
    settings["HOME"] = os.environ["HOME"]
    job = Job(workspace, temp, "workflow_dispatch", {}, settings, {"ref_type": "branch"})
    steps = yaml.safe_load(ACTION.read_text())["runs"]["steps"]
    later = [step["name"] for step in steps[1 + [step["name"] for step in steps].index("Install hublish") :]]
    uses = {"actions/setup-python": lambda _: {"python-path": sys.executable}}
    ran = run_action(ACTION, job, {}, uses, later)
    assert ran.succeeded, ran.log
    scripts = temp / "hublish" / "bin"
    shown = subprocess.run([scripts / "hublish", "--version"], capture_output=True, text=True)
    assert shown.stdout == f"hublish {hublish.__version__}\n", shown.stderr
    locked = dict(re.findall(r"^([\w.-]+)==([\w.]+)", (ACTION.parent / ".ci" / "run.lock").read_text(), re.MULTILINE))
    listing = [str(scripts / "python"), "-I", "-m", "pip", "list", "--format=json"]
    found = json.loads(subprocess.run(listing, capture_output=True, text=True).stdout)
    versions = {each["name"].lower().replace("_", "-"): each["version"] for each in found}
    assert versions["huggingface-hub"] == locked["huggingface-hub"]
