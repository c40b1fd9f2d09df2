"""The command line with the embedded Hub, from the check to the loaded release."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from huggingface_hub import HfApi

from hublish import EmbeddedHub
from tests.hublish.cli.running import MANIFEST, Run

TOKEN = "hf_" + "canary" * 6


@contextmanager
def embedded(project: Path) -> Iterator[HfApi]:
    """The Hub that `--local` means, for the real client."""
    with EmbeddedHub(project / ".hublish" / "hub") as hub:
        yield HfApi(endpoint=hub.endpoint, token=hub.token)


def test_a_release_is_checked_planned_published_verified_pulled_and_loaded(run: Run, project: Path) -> None:
    assert run("check").stdout.startswith("ok  hub.yaml")
    assert run("files -q").stdout.split() == ["config.json", "hub.yaml", "model.safetensors"]

    plan = run("plan --local --out plan.json").stdout
    assert "parent    none: the repo will be created" in plan
    assert "+ model.safetensors" in plan
    assert "Plan: 3 to add, 0 to change, 0 to delete" in plan
    assert "hublish publish plan.json --local" in plan

    published = run("publish plan.json --local").stdout
    assert "Published acme/digits-mlp at main in one commit." in published
    assert "tag       v1\n" in published
    assert (project / "hub.lock").is_file()

    assert run("verify --local").stdout.startswith("ok  acme/digits-mlp at v1: 3 files as in the lock")
    pulled = run("pull acme/digits-mlp@v1 --local --local-dir back").stdout
    assert "every byte checked" in pulled
    assert (project / "back" / "config.json").read_text() == '{"classes": 10}\n'

    loaded = run("load acme/digits-mlp@v1 --local --cache-dir cache").stdout
    assert re.search(r"^  weight  F32    3 x 4  +48 B  model\.safetensors$", loaded, re.MULTILINE)
    assert "2 tensors, 16 parameters, 56 B" in loaded


def test_publishing_twice_reports_nothing_to_do(run: Run, project: Path) -> None:
    first = json.loads(run("publish -y --local --json").stdout)
    second = json.loads(run("publish -y --local --json").stdout)
    assert (first["created"], second["created"]) == (True, False)
    assert first["commit"] == second["commit"]
    assert "Nothing to do" in run("publish -y --local").stdout
    assert "Nothing to do" in run("plan --local").stdout
    with embedded(project) as api:
        titles = [commit.title for commit in api.list_repo_commits("acme/digits-mlp")]
    assert titles.count("Release v1") == 1


def test_the_detailed_exit_code_is_2_for_changes(run: Run) -> None:
    run("plan --local --detailed-exitcode", exits=2)
    run("publish -y --local -q")
    run("plan --local --detailed-exitcode", exits=0)


def test_a_stale_plan_is_refused(run: Run, project: Path) -> None:
    run("plan --local --out plan.json")
    (project / "run" / "config.json").write_text('{"classes": 11}\n')
    error = json.loads(run("publish plan.json --local --json", exits=1).stdout)["error"]
    assert error["code"] == "plan.stale"
    assert not (project / "hub.lock").exists()


def test_the_plan_in_json_can_be_published_too(run: Run, project: Path) -> None:
    (project / "plan.json").write_text(run("plan --local --json").stdout)
    assert len(run("publish plan.json --local -q").stdout.strip()) == 40


def test_a_plan_file_that_a_source_matches_is_refused(run: Run, project: Path) -> None:
    for _ in range(2):
        assert "would become part" in run("plan --local --out run/plan.json", exits=2).stderr
        assert not (project / "run" / "plan.json").exists()
    assert "would become part" in run("plan --local --out run/config.json", exits=2).stderr
    assert (project / "run" / "config.json").read_text() == '{"classes": 10}\n'


@pytest.mark.parametrize("command", ["plan", "rollback v1"])
@pytest.mark.parametrize("name", ["hub.yaml", "hub.lock", "run/config.json"])
def test_a_plan_overwrites_no_file_of_the_project(command: str, name: str, run: Run, project: Path) -> None:
    run("publish -y --local -q")
    before = (project / name).read_bytes()
    assert name.rpartition("/")[2] in run(f"{command} --local --out {name}", exits=2).stderr
    assert (project / name).read_bytes() == before


def test_verify_names_what_changed_on_the_hub(run: Run, project: Path) -> None:
    run("publish -y --local -q")
    with embedded(project) as api:
        api.delete_file("config.json", "acme/digits-mlp")
        api.upload_file(path_or_fileobj=b"x", path_in_repo="new.txt", repo_id="acme/digits-mlp")
    shown = run("verify --local", exits=1).stdout
    assert "  - config.json" in shown
    assert "  + new.txt" in shown
    assert json.loads(run("verify --local --json", exits=1).stdout)["missing"] == ["config.json"]


def test_a_second_pull_needs_no_server(run: Run, project: Path) -> None:
    run("publish -y --local -q")
    first = run("pull acme/digits-mlp@v1 --local -q --cache-dir cache").stdout
    assert run("pull acme/digits-mlp@v1 --local -q --cache-dir cache --offline").stdout == first


def test_a_lock_alone_names_the_release_to_pull(run: Run, project: Path) -> None:
    commit = run("publish -y --local -q").stdout.strip()
    assert json.loads(run("pull --lock hub.lock --local --json --cache-dir cache").stdout)["commit"] == commit


def test_include_and_exclude_select_the_files(run: Run) -> None:
    run("publish -y --local -q")
    line = "pull acme/digits-mlp --local --json --local-dir back --include '*.json' --include '*.yaml' --exclude 'con*'"
    assert [file["path_in_repo"] for file in json.loads(run(line).stdout)["files"]] == ["hub.yaml"]


def test_a_manifest_comes_from_standard_input(run: Run) -> None:
    assert run("check -f -", typed=MANIFEST).stdout.startswith("ok  standard input")
    run("publish -f - -y --local -q", typed=MANIFEST)
    run("verify --local")


def test_excluded_files_are_shown_with_their_rules(run: Run) -> None:
    assert "run/draft.json  patterns.ignore_patterns[0]" in run("files --excluded").stdout


def test_a_build_writes_the_release(run: Run, project: Path) -> None:
    run("build --out dist")
    assert sorted(path.name for path in (project / "dist").iterdir()) == [
        "config.json",
        "hub.yaml",
        "model.safetensors",
    ]
    assert "is not empty" in run("build --out dist", exits=2).stderr


def test_a_rehearsal_leaves_nothing_behind(run: Run, project: Path) -> None:
    before = sorted(project.iterdir())
    assert "ok  the pulled release equals the published one" in run("rehearse").stdout
    assert sorted(project.iterdir()) == before


def test_a_card_is_printed_as_it_would_be_published(run: Run, project: Path) -> None:
    with (project / "hub.yaml").open("a") as manifest:
        manifest.write("card:\n  metadata: {license: apache-2.0}\n")
    text = run("card").stdout
    assert text.startswith("---\nlicense: apache-2.0\n")
    assert json.loads(run("card --json").stdout) == {"path_in_repo": "README.md", "text": text}


@pytest.mark.parametrize("document", ["manifest", "lock", "plan", "receipt", "trust"])
def test_every_schema_is_a_json_schema(run: Run, document: str) -> None:
    dialect = "draft-07/schema#" if document in ("manifest", "trust") else "2020-12/schema"
    assert json.loads(run(f"schema {document}").stdout)["$schema"].endswith(dialect)


def test_the_example_is_the_file_of_the_repository_and_a_check_names_the_files_that_it_lacks(
    run: Run, project: Path
) -> None:
    shown = run("schema --example").stdout
    assert shown == (Path(__file__).parents[3] / "hub.yaml.example").read_text()
    (project / "hub.yaml").write_text(shown)
    ended = run("check", exits=1)
    codes = re.findall(r"^error\[(.+?)\]", ended.stderr, re.MULTILINE)
    assert codes == ["source.missing", "source.missing", "card.file", "card.file", "source.invalid"]
    assert "there is no example of a lock" in run("schema lock --example", exits=2).stderr


def test_all_problems_of_a_manifest_are_reported_at_once(run: Run, project: Path) -> None:
    (project / "hub.yaml").write_text("repo: {repo_id: acme/a, tagg: v1}\nartefacts: []\n")
    ended = run("check", exits=1)
    assert ended.stdout == ""
    assert "did you mean 'tag'?" in ended.stderr
    assert "did you mean 'artifacts'?" in ended.stderr
    error = json.loads(run("check --json", exits=1).stdout)["error"]
    assert {problem["location"]["line"] for problem in error["problems"] if problem["location"]} == {1, 2}


@pytest.mark.parametrize("line", ["plan", "plan --json", "publish -y", "pull acme/a", "plan -q"])
def test_an_unreachable_hub_is_one_error_without_the_token(
    run: Run, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    ended = run(f"{line} --endpoint http://127.0.0.1:9", exits=1)
    assert "canary" not in ended.stdout + ended.stderr


def test_doctor_accepts_the_embedded_hub(run: Run) -> None:
    assert json.loads(run("doctor --local --json").stdout)["ok"] is True


def test_without_a_terminal_there_are_no_colors_and_no_bars(run: Run) -> None:
    ended = run("publish -y --local")
    assert "\x1b" not in ended.stdout + ended.stderr
    assert "\r" not in ended.stderr
    titles, _, warnings = ended.stderr.partition("warning[")
    assert all(line.startswith(("* ", "  took ")) for line in titles.splitlines())
    assert warnings.startswith("release.")


def test_quiet_prints_only_the_result(run: Run) -> None:
    ended = run("publish -y --local --quiet")
    assert re.fullmatch(r"[0-9a-f]{40}\n", ended.stdout)
    assert ended.stderr == ""
