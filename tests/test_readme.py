"""The README is tested: its manifest is valid, its Python and its commands run, its tables are complete."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError

from hublish.cli.commands import ENTRIES
from hublish.codes.explained import RULES
from hublish.hub.server import EmbeddedHub
from hublish.schemas.documents.manifest_yaml import read_manifest
from tests.pages import commands, run, texts
from tests.signing_keys import key

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
VARIABLES = (ROOT / "docs" / "reference" / "variables.md").read_text()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The folder that the README's manifest describes."""
    best = tmp_path / "runs" / "best"
    best.mkdir(parents=True)
    np.savez(best / "model.npz", w=np.eye(3, dtype=np.float32))
    (best / "config.json").write_text("{}")
    (tmp_path / "hub.yaml").write_text(texts(README, "yaml")[0])
    return tmp_path


def test_its_manifest_is_valid() -> None:
    assert read_manifest(texts(README, "yaml")[0].encode()).repo.tag == "v1.2.0"


SHOWN = ["install", "first minute", "with a hub.yaml", "start", "explain", "recover", "signed", "develop"]
CONSOLE = dict(zip(SHOWN, texts(README, "console"), strict=True))
PURGE, *OTHERS = texts(README, "python")
PYTHON = dict(zip(["api", "helpers", "mixin", "arrays", "fixture"], OTHERS, strict=True))


@pytest.mark.parametrize(
    "title",
    [pytest.param(title, marks=pytest.mark.frameworks if "import torch" in PYTHON[title] else ()) for title in PYTHON],
)
def test_its_python_runs_unchanged(
    title: str, project: Path, own_hub: EmbeddedHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", own_hub.endpoint)
    monkeypatch.setenv("HF_TOKEN", own_hub.token)
    (project / "test_block.py").write_text(PYTHON[title])
    runner = ["-m", "pytest", "-q"] if "def test_" in PYTHON[title] else []
    ran = run([sys.executable, *runner, "test_block.py"], project)
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize("title", ["helpers", "mixin"])
def test_both_ways_of_the_guide_take_ten_lines(title: str) -> None:
    assert len([line for line in PYTHON[title].splitlines() if line]) <= 10


def test_its_commands_run_unchanged(project: Path) -> None:
    shown = [command.line.split() for command in commands(CONSOLE["with a hub.yaml"])]
    assert [command[1] for command in shown] == ["rehearse", "plan", "review", "publish", "pull"]
    for command in shown:
        # Without a token, the Hub beside hub.yaml replaces the public one.
        local = [] if command[1] == "rehearse" else ["--local"]
        ran = run([sys.executable, "-m", *command, *local], project)
        assert ran.returncode == 0, ran.stderr


def test_its_way_back_runs_unchanged(project: Path) -> None:
    for number in (1, 2):
        (project / "runs" / "best" / "config.json").write_text(f"[{number}]")
        line = ["publish", "-y", "--local", "--set", f"version=1.{number}.0"]
        assert run([sys.executable, "-m", "hublish", *line], project).returncode == 0
    shown = [command.line.split() for command in commands(CONSOLE["recover"])]
    assert [command[1] for command in shown] == ["releases", "rollback", "verify"]
    printed = []
    for command in shown:
        agreed = ["-y"] if command[1] == "rollback" else []
        ran = run([sys.executable, "-m", *command, "--local", *agreed], project)
        assert ran.returncode == 0, ran.stderr
        printed.append(ran.stdout)
    assert printed[1].startswith("Rolled acme/digits-mlp at main back to v1.1.0 in one commit.")
    assert printed[2].startswith("ok  ")


def test_its_signed_release_runs_unchanged(project: Path) -> None:
    part = README.split("## Signed releases")[1].split("## In CI")[0]
    section, policy = texts(part, "yaml")
    (project / "acme.pem").write_bytes(key().private)
    (project / "acme.pub").write_bytes(key().public)
    (project / "trust.yaml").write_text(policy)
    with (project / "hub.yaml").open("a") as manifest:
        manifest.write(section.replace("~/keys/", ""))
    _, *shown = commands(CONSOLE["signed"])
    assert [command.line.split()[1] for command in shown] == ["publish", "pull", "verify"]
    printed = []
    for command in shown:
        # Nothing but the lock says which Hub it was; the last command needs none.
        more = {"publish": ["-y", "--local"], "pull": ["--local"]}.get(command.line.split()[1], [])
        ran = run([sys.executable, "-m", *command.line.split(), *more], project)
        assert ran.returncode == 0, ran.stderr
        printed.append(ran.stdout)
    assert "signed  by acme\n" in printed[-1]


def test_its_removal_of_a_secret_leaves_nothing_of_it(
    tmp_path: Path, own_hub: EmbeddedHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", own_hub.endpoint)
    monkeypatch.setenv("HF_TOKEN", own_hub.token)
    api, repo_id = HfApi(endpoint=own_hub.endpoint, token=own_hub.token), "acme/digits-mlp"
    api.delete_repo(repo_id, missing_ok=True)
    api.create_repo(repo_id)
    api.upload_file(path_or_fileobj=bytes(range(256)) * 99, path_in_repo="dump.bin", repo_id=repo_id)
    api.upload_file(path_or_fileobj=b"key", path_in_repo="key.txt", repo_id=repo_id)
    api.create_tag(repo_id, tag="v1.2.0")
    leaked = api.repo_info(repo_id).sha
    for path in ("dump.bin", "key.txt"):
        api.delete_file(path, repo_id=repo_id)
    (tmp_path / "purge.py").write_text(PURGE)
    ran = run([sys.executable, "purge.py"], tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert api.repo_info(repo_id).private
    assert len(api.list_repo_commits(repo_id)) == 1
    assert list(api.list_lfs_files(repo_id)) == []
    assert not api.list_repo_refs(repo_id).tags
    with pytest.raises(HfHubHTTPError):
        api.hf_hub_download(repo_id, "dump.bin", revision=leaked, local_dir=tmp_path / "copy")


def test_its_first_minute_runs_without_a_manifest(project: Path) -> None:
    (project / "hub.yaml").unlink()
    for command, more in zip(commands(CONSOLE["first minute"]), ([], ["-y", "--local"]), strict=True):
        ran = run([sys.executable, "-m", *command.line.split(), *more], project)
        assert ran.returncode == 0, ran.stderr
    assert not (project / "hub.yaml").exists()
    assert (project / "runs" / "best" / "hub.lock").exists()


def test_its_explanations_match_the_output(project: Path) -> None:
    (project / "runs" / "best" / "train.log").write_text("epoch 1\n")
    for command in commands(CONSOLE["explain"]):
        assert run([sys.executable, "-m", *command.line.split()], project).stdout == command.output


def test_its_problems_match_the_output(project: Path) -> None:
    command, output = texts(README, "text")[0].split("\n", 1)
    wrong = texts(README, "yaml")[0].replace("repo_id:", "repo-id:").replace("runs/best/*.json", "*.json")
    (project / "hub.yaml").write_text(wrong)
    ran = run([sys.executable, "-m", *command.split()[1:]], project)
    assert (ran.returncode, ran.stderr) == (1, output)
    document = run([sys.executable, "-m", *command.split()[1:], "--json"], project).stdout
    part = README.split("## When something is wrong")[1].split("##")[0]
    assert all(f"`{key}`" in part or f'"{key}"' in part for key in re.findall(r'"(\w+)": ', document))


def test_variables_have_the_documented_values(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "hub.yaml").write_text(texts(VARIABLES, "yaml")[0])
    monkeypatch.setenv("BUILD_NUMBER", "7")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1769817600")
    who = ["-c", "user.name=A", "-c", "user.email=a@example.com"]
    for line in (["init", "--quiet"], ["add", "."], [*who, "commit", "--quiet", "-m", "first"], ["tag", "v1.3.0"]):
        assert run(["git", *line], project).returncode == 0
    resolved = run([sys.executable, "-m", "hublish", "check", "--set", "version=1.3.0", "--resolved"], project)
    found = read_manifest(resolved.stdout.encode())
    assert (found.repo.tag, found.repo.commit_message) == ("v1.3.0", "Release 1.3.0 of 2026-01-31")
    assert found.card
    assert re.fullmatch(r"Commit [0-9a-f]{7}, build 7\.", found.card.variables["summary"])


def test_its_workflow_and_its_hooks_name_what_exists() -> None:
    workflow, hooks = (yaml.load(text, yaml.BaseLoader) for text in texts(README, "yaml") if "hublish/hublish" in text)
    (job,) = workflow["jobs"].values()
    assert [step["uses"].partition("@")[0] for step in job["steps"]] == ["actions/checkout", "hublish/hublish"]
    declared = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert [hook["id"] for hook in hooks["repos"][0]["hooks"]] == [hook["id"] for hook in declared]
    outputs = re.search(r"Outputs are (.*?);", README, re.DOTALL)
    assert outputs
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    assert set(re.findall(r"`([a-z-]+)`", outputs[1])) == set(action["outputs"])


def test_its_card_states_the_measured_accuracy(project: Path) -> None:
    with (project / "hub.yaml").open("w") as manifest:
        manifest.write(
            "repo: {repo_id: acme/digits}\nartifacts: [{source: runs/best/*.json}]\n" + texts(README, "yaml")[1]
        )
    (project / "runs" / "best" / "metrics.json").write_text('{"accuracy": 0.9722}')
    card = run([sys.executable, "-m", "hublish", "card"], project).stdout
    assert "right in 0.9722 of all cases." in card
    assert "| Accuracy | 0.9722 |" in card
    assert re.search(r"type: accuracy\n +(name: Accuracy\n +)?value: 0\.9722\n", card)


def test_its_start_runs_unchanged(project: Path) -> None:
    (project / "hub.yaml").unlink()
    shown = [command.line.split() for command in commands(CONSOLE["start"])]
    assert [command[1] for command in shown] == ["init", "check", "files"]
    for command in shown:
        ran = run([sys.executable, "-m", *command], project)
        assert ran.returncode == 0, ran.stderr


def test_it_names_every_command_and_no_other() -> None:
    table = README.split("## The commands")[1].split("##")[0]
    first_cells = "\n".join(row.split("|")[1] for row in table.splitlines() if row.startswith("|"))
    assert set(re.findall(r"`(?:hublish )?([a-z ]+)`", first_cells)) == {entry.name for entry in ENTRIES}


def test_it_names_only_targets_that_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"make ([a-z-]+)  ", README):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_every_rule_of_the_policy_is_in_the_table_as_it_is_explained() -> None:
    table = README.split("### Rules, and findings that you accept")[1].split("\n## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("| `")]
    assert rows == [
        f"| `{rule.code}` | {rule.title} | {rule.level} | {'yes' if rule.may_be_waived else 'no'} |"
        for rule in RULES.values()
        if rule.code.startswith("policy.")
    ]
