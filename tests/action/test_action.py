"""The Action as a workflow runs it: what it chooses, refuses, installs, and shows on a pull request."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from hublish.hub.server import EmbeddedHub
from tests.action.composite import Job, Uses, run_action
from tests.action.github import GitHub
from tests.action.releases import ACTION, EVIL, LONG_LIVED, MANIFEST, REPO, Run, commits


def test_a_pull_request_gets_the_plan_as_comment_summary_and_artifact(
    run: Run, forge: GitHub, hub: EmbeddedHub
) -> None:
    ran = run()
    assert ran.succeeded, ran.log
    assert ran.steps["Publish"] == "skipped"
    assert "### Plan for `acme/digits` at `main`" in ran.summary
    (comment,) = forge.comments
    assert "### Plan for `acme/digits` at `main`" in comment.body
    assert comment.body.endswith("*For c0ffee.* [Plan and review](https://github.example/artifacts/1)\n")
    assert {token for token, _ in forge.requests} == {"Bearer ghs_of_the_job"}
    artifact = ran.used["actions/upload-artifact"]
    plan, page = map(Path, artifact["path"].split())
    assert artifact["name"] == "hublish-acme-digits"
    assert json.loads(plan.read_text())["repo_id"] == REPO
    assert "<!doctype html>" in page.read_text().lower()
    assert ran.outputs == {
        **dict.fromkeys(("commit", "tag", "url", "lock"), ""),
        "repo-id": REPO,
        "changes": "5",  # two files, hub.yaml, the card and the tag
        "plan": str(plan),
    }
    assert commits(hub) == ["initial commit"]


@pytest.mark.parametrize(
    ("environ", "reason"),
    [
        ({"ACTIONS_ID_TOKEN_REQUEST_TOKEN": None}, "id-token: write"),
        ({"HF_OIDC_ID_TOKEN": "garbage"}, "not a JWT"),
        ({"HF_OIDC_RESOURCE": "acme/other"}, "title=remote.exchange"),
    ],
)
def test_without_an_identity_nothing_is_published_although_a_token_is_there(
    run: Run, hub: EmbeddedHub, environ: Mapping[str, str | None], reason: str
) -> None:
    ran = run("push", environ)
    assert not ran.succeeded
    assert ran.steps["Publish"] == "skipped"
    assert reason in ran.log
    assert LONG_LIVED not in ran.log + ran.summary
    assert commits(hub) == ["initial commit"]
    assert ran.outputs["commit"] == ""


@pytest.mark.parametrize(
    ("event", "ref_type", "action", "inputs", "chosen"),
    [
        ("push", "tag", "", {}, "publish keyless"),
        ("push", "tag", "", {"token": "hf_x"}, "publish"),
        ("push", "tag", "", {"command": "plan"}, "plan"),
        ("push", "branch", "", {}, "plan"),
        ("push", "branch", "", {"command": "publish"}, "publish keyless"),
        ("release", "tag", "published", {}, "publish keyless"),
        ("release", "tag", "deleted", {}, "plan"),
        ("release", "tag", "edited", {}, "plan"),
        ("pull_request", "branch", "synchronize", {"token": "hf_x"}, "plan"),
        ("workflow_dispatch", "tag", "", {}, "plan"),
        ("workflow_dispatch", "branch", "", {"command": "publish"}, "publish keyless"),
        ("merge_group", "branch", "checks_requested", {}, "plan"),
    ],
)
def test_only_a_pushed_tag_and_a_published_release_are_published_by_themselves(
    tmp_path: Path, event: str, ref_type: str, action: str, inputs: dict[str, str], chosen: str
) -> None:
    job = Job(tmp_path, tmp_path, event, {"action": action}, {}, {"ref_type": ref_type})
    others = [step["name"] for step in yaml.safe_load(ACTION.read_text())["runs"]["steps"][1:]]
    ran = run_action(ACTION, job, inputs, {}, others)
    outputs = ran.results["start"]["outputs"]
    assert " ".join([outputs["command"], *(["keyless"] if outputs["keyless"] == "true" else [])]) == chosen


@pytest.mark.parametrize(
    ("event", "environ", "inputs", "reason"),
    [
        ("pull_request_target", {}, {}, "use pull_request"),
        ("pull_request_target", {}, {"command": "publish", "token": "hf_x"}, "use pull_request"),
        ("pull_request", {}, {"command": "publish"}, "a pull request is not published"),
        ("push", {"HF_OIDC_RESOURCE": REPO}, {"token": "hf_x"}, "keep one"),
        ("push", {}, {"command": "deploy"}, "auto, plan or publish"),
        ("push", {}, {"command": EVIL}, "auto, plan or publish"),
    ],
)
def test_a_dangerous_or_unclear_use_is_refused_first(
    run: Run, hub: EmbeddedHub, event: str, environ: dict[str, str], inputs: dict[str, str], reason: str
) -> None:
    ran = run(event, environ, **inputs)
    assert not ran.succeeded
    assert {name for name, result in ran.steps.items() if result != "skipped"} == {"Choose the command"}
    assert ran.log.startswith("::error title=hublish::")
    assert reason in ran.log


def test_no_other_hub_that_a_manifest_names_gets_a_token(run: Run, workspace: Path, forge: GitHub) -> None:
    manifest = (workspace / "hub.yaml").read_text()
    (workspace / "hub.yaml").write_text(manifest.replace("acme/digits,", f"acme/digits, endpoint: '{forge.url}',"))
    ran, reason = run(token=LONG_LIVED), "the manifest names another"
    assert (ran.steps["Check"], ran.steps["Plan"]) == ("success", "failure")
    assert [reason in text for text in (ran.log, ran.summary, forge.comments[0].body)] == [True] * 3
    run()
    ran = run("push")
    assert "title=remote.exchange" in ran.log
    sent = [token for token, _ in forge.requests]
    assert LONG_LIVED not in f"{sent} {forge.seen}"
    assert forge.seen


HUBLISH = """\
#!/bin/bash
echo "$*" >> "$RUNNER_TEMP/commands"
if [ "$1" = plan ]; then touch "${2#--out=}"; fi
"""


def test_a_version_that_does_not_name_the_repo_publishes_nothing(tmp_path: Path, workspace: Path) -> None:
    temp = tmp_path / "temp"
    (temp / "hublish" / "bin").mkdir(parents=True)
    (temp / "hublish" / "bin" / "hublish").write_text(HUBLISH)
    (temp / "hublish" / "bin" / "hublish").chmod(0o755)
    job = Job(workspace, temp, "push", {}, {"HF_TOKEN": LONG_LIVED}, {"ref_type": "tag"})
    uses: dict[str, Uses] = {name: lambda _: {} for name in ("actions/setup-python", "actions/upload-artifact")}
    ran = run_action(ACTION, job, {"version": "0.0.1"}, uses, ["Install hublish"])
    assert ran.steps["Publish"] == "failure"
    assert [line.split()[0] for line in (temp / "commands").read_text().splitlines()] == ["check", "plan"]


PYTHON = """\
#!/bin/bash
printf '%s\\n' "$*" >> "$RUNNER_TEMP/commands"
mkdir -p "$RUNNER_TEMP/hublish/bin"
[ -e "$RUNNER_TEMP/hublish/bin/python" ] || cp "$0" "$RUNNER_TEMP/hublish/bin/python"
"""
PIP = "-I -m pip --quiet --disable-pip-version-check install"


LOCKED = f"--no-deps --no-compile --require-hashes --requirement {ACTION.parent}/.ci"


@pytest.mark.parametrize(
    ("inputs", "installs"),
    [
        (
            {},
            [
                f"{LOCKED}/run.lock",
                f"--no-deps --no-compile --no-build-isolation {ACTION.parent}",
            ],
        ),
        ({"version": "1.2.0"}, ["hublish==1.2.0"]),
        ({"version": "1.2.0rc1", "extras": "onnx,oidc"}, ["hublish[onnx,oidc]==1.2.0rc1"]),
        ({"extras": "onnx"}, [f"{LOCKED}/run.lock", "...", f"{ACTION.parent}[onnx]"]),
        ({"extras": "onnx,sign"}, [f"{LOCKED}/sign.lock", "...", f"{ACTION.parent}[onnx,sign]"]),
        ({"extras": "design"}, [f"{LOCKED}/run.lock", "...", f"{ACTION.parent}[design]"]),
        # What signs is installed for a manifest that declares it.
        ({"file": "signed.yaml"}, [f"{LOCKED}/sign.lock", "..."]),
        ({"file": "signed", "working-directory": "."}, [f"{LOCKED}/sign.lock", "..."]),
        ({"file": "signed.yaml", "version": "1.2.0"}, ["hublish[sign]==1.2.0"]),
        ({"file": "signed.yaml", "version": "1.2.0", "extras": "onnx"}, ["hublish[sign,onnx]==1.2.0"]),
        ({"file": "missing.yaml"}, [f"{LOCKED}/run.lock", "..."]),
        ({"file": EVIL}, [f"{LOCKED}/run.lock", "..."]),
        ({"version": EVIL}, None),
        ({"version": "1 --index-url=http://evil"}, None),
        ({"extras": EVIL}, None),
        ({"extras": "onnx] @ http://evil"}, None),
    ],
)
def test_it_installs_its_own_code_or_one_version(
    tmp_path: Path, workspace: Path, inputs: dict[str, str], installs: list[str] | None
) -> None:
    temp = tmp_path / "temp"
    temp.mkdir()
    (temp / "python").write_text(PYTHON)
    (temp / "python").chmod(0o755)
    (workspace / "hub.yaml").write_text(f"# sign: no\n{MANIFEST}design: {{sign: 1}}\n")
    (workspace / "signed").mkdir()
    for name in ("signed.yaml", "signed/hub.yaml"):
        (workspace / name).write_text(f"{MANIFEST}sign: {{method: sigstore}}\n")
    job = Job(workspace, temp, "workflow_dispatch", {}, {}, {"ref_type": "branch"})
    ran = run_action(ACTION, job, inputs, {"actions/setup-python": lambda _: {"python-path": str(temp / "python")}})
    assert ran.steps["Install hublish"] == ("success" if installs else "failure")
    assert list(tmp_path.rglob("pwned")) == []
    if installs:
        commands = (temp / "commands").read_text().splitlines()
        assert commands[0] == f"-I -m venv {temp}/hublish"
        assert len(commands) == 1 + len(installs)
        for command, wanted in zip(commands[1:], installs, strict=True):
            assert wanted == "..." or command == f"{PIP} {wanted}"


def test_no_script_contains_an_expression_and_every_action_is_pinned() -> None:
    declared = yaml.safe_load(ACTION.read_text())
    for step in declared["runs"]["steps"]:
        assert "${{" not in step.get("run", "")
        assert step.get("shell", "bash") == "bash"
        if "uses" in step:
            assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", step["uses"])
    pins = re.findall(r"uses: \S+@[0-9a-f]{40}(.*)", ACTION.read_text())
    assert all(re.fullmatch(r" # v\d+\.\d+\.\d+", pin) for pin in pins)
    assert all(
        each["description"].endswith(".") for each in (*declared["inputs"].values(), *declared["outputs"].values())
    )
