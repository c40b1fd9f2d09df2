"""`hublish init`: written, printed and refused drafts."""

import json
from pathlib import Path

from hublish.schemas.documents.manifest_yaml import read_manifest
from tests.hublish.cli.running import MANIFEST, Run


def test_a_manifest_is_written_and_the_next_steps_are_shown(run: Run, project: Path) -> None:
    (project / "hub.yaml").unlink()
    ended = run("init --repo-id acme/digits-mlp")
    assert ended.stdout.startswith("Wrote hub.yaml\n")
    assert "EXCLUDED" not in ended.stdout
    assert "card.metadata.license: no LICENSE was found" in ended.stdout
    assert ended.stdout.endswith("Next: review hub.yaml, then hublish check\n      hublish files\n")
    assert read_manifest((project / "hub.yaml").read_bytes()).repo.repo_id == "acme/digits-mlp"
    run("check")


def test_an_existing_manifest_is_kept_without_force(run: Run, project: Path) -> None:
    assert "hint: `--force` replaces it" in run("init", exits=1).stderr
    assert (project / "hub.yaml").read_text() == MANIFEST
    assert run("init --force --quiet").stdout == "hub.yaml\n"
    assert (project / "hub.yaml").read_text() != MANIFEST


def test_a_dash_prints_the_draft_and_writes_nothing(run: Run, project: Path) -> None:
    printed = run("init --out -").stdout
    assert read_manifest(printed.encode()).artifacts[0].source == "run/weights.npz"
    assert run("init --out - --quiet").stdout == printed
    assert (project / "hub.yaml").read_text() == MANIFEST


def test_json_has_recognized_parts_excluded_files_and_the_text(run: Run, project: Path) -> None:
    (project / "train.py").touch()
    document = json.loads(run("init --json --out -").stdout)
    assert document["path"] is None
    assert {"what": "the model's folder: run/", "evidence": "its weights"} in document["recognised"]
    assert [one["path"] for one in document["left_out"]] == ["hub.yaml", "train.py"]
    assert document["to_fill_in"][0].startswith("repo.repo_id: your user")
    assert document["warnings"][0]["message"] == "the license is missing"
    assert read_manifest(document["text"].encode()).repo.repo_id == "your-name/project"


def test_another_folder_is_named_in_the_next_steps(run: Run, project: Path) -> None:
    (project / "hub.yaml").unlink()
    assert "hublish check -f ../project/hub.yaml" in run("init ../project").stdout


def test_hub_options_need_a_repo_to_draft_from(run: Run) -> None:
    assert "--from" in run("init --endpoint https://hub.example --force", exits=2).stderr
    assert "--from" in run("init --token secret --force", exits=2).stderr


def test_a_draft_from_a_repo_comes_before_its_pull(run: Run, project: Path) -> None:
    run("publish --local -y")
    ended = run("init again --from acme/digits-mlp@v1 --local")
    pull = "hublish pull acme/digits-mlp@v1 --include '*' --exclude hub.yaml --local-dir again --local"
    assert f"Next: {pull}\n" in ended.stdout
    drafted = read_manifest((project / "again" / "hub.yaml").read_bytes())
    assert [artifact.source for artifact in drafted.artifacts] == ["model.safetensors", "config.json"]
    run(pull.removeprefix("hublish "))
    assert read_manifest((project / "again" / "hub.yaml").read_bytes()) == drafted
    run("check -f again/hub.yaml")
    assert "has repo_type dataset" in run("init x --from datasets/acme/d --repo-type model --local", exits=2).stderr
