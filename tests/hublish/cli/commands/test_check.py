"""`hublish check`: values from --set and the environment, and the resolved manifest."""

import json
from pathlib import Path

import pytest
import yaml

from hublish.schemas.documents.manifest_yaml import read_manifest
from tests.hublish.cli.running import MANIFEST, Run, Start

TOKEN = "hf_" + "aB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0xYz1"
MENTIONING = MANIFEST.replace("tag: v1", 'tag: "v{{ version }}-{{ env.BUILD }}"') + "env: [BUILD]\n"

UNTAGGED = MANIFEST + "variables: {version: '1'}\n"


@pytest.fixture(autouse=True)
def mentioning(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A manifest that declares neither the version nor the build."""
    (project / "hub.yaml").write_text(MENTIONING)
    monkeypatch.setenv("BUILD", "7")


def test_the_resolved_manifest_is_the_whole_output_and_reads_back_as_itself(run: Run, project: Path) -> None:
    written = run("check --set version=1.2 --resolved").stdout
    assert read_manifest(written.encode()).repo.tag == "v1.2-7"
    (project / "hub.yaml").write_text(written)
    assert run("check --resolved --quiet").stdout == written
    assert yaml.safe_load(written)["policy"]["max_file_size"] == "50GB"


def test_in_json_the_resolved_manifest_is_data(run: Run) -> None:
    document = json.loads(run("check --set version=1.2 --resolved --json").stdout)
    assert (document["ok"], document["resolved"]["repo"]["tag"]) == (True, "v1.2-7")
    assert document["resolved"]["variables"] == {"version": "1.2"}
    assert "resolved" not in json.loads(run("check --set version=1.2 --json").stdout)


def test_problems_are_reported_and_nothing_is_printed(run: Run) -> None:
    ended = run("check --resolved", exits=1)
    assert ended.stdout == ""
    assert "unknown variable 'version'" in ended.stderr
    assert "pass --set version=VALUE" in ended.stderr


def test_the_next_command_repeats_the_settings(run: Run) -> None:
    assert "hublish plan -f - --set 'version=1 2'\n" in run("check --set 'version=1 2' -f -", typed=UNTAGGED).stdout


def test_settings_apply_to_standard_input_too(run: Run) -> None:
    assert "tag: v3-7" in run("check -f - --resolved --set version=3", typed=MENTIONING).stdout


@pytest.mark.parametrize("line", ["check --set version=1 --resolved", "check --set version=1 --json"])
def test_a_secret_of_the_environment_is_in_no_output_and_in_no_traceback(
    start: Start, environ: dict[str, str], line: str
) -> None:
    environ.update(BUILD=TOKEN, HF_DEBUG="1")
    ended = start(line, capture_output=True)
    output = ended.stdout + ended.stderr
    assert ended.returncode == 1
    assert "Traceback" in output
    assert "'env.BUILD' has no value: it is a secret" in output
    assert TOKEN[3:] not in output


@pytest.mark.parametrize("secret", [TOKEN, "AKIA" + "Q3EGTXUHV7Z2LWN5"])
def test_a_secret_that_is_set_is_in_no_output(run: Run, secret: str) -> None:
    ended = run(f"check --set version={secret}", exits=2)
    assert "the value of 'version' is a secret" in ended.stderr
    assert secret[4:] not in ended.stdout + ended.stderr


def test_a_problem_found_after_reading_shows_its_line_too(run: Run, project: Path) -> None:
    (project / "hub.yaml").write_text(UNTAGGED.replace("run/*.json", "rum/*.json"))
    assert (
        "  --> hub.yaml:9:13  artifacts[1].source\n"
        "   |\n"
        " 9 |   - source: rum/*.json\n"
        "   |             ^^^^^^^^^^\n"
        "   = hint: "
    ) in run("check", exits=1).stderr


def test_a_warning_shows_its_line_and_fails_only_when_strict(run: Run, project: Path) -> None:
    (project / "hub.yaml").write_text(UNTAGGED.replace('"draft.json"', '"draft.json", "*.tmp"'))
    warning = (
        "warning[source.pattern]: pattern '*.tmp' matched nothing\n"
        "  --> hub.yaml:11:35  patterns.ignore_patterns[1]\n"
        "   |\n"
        '11 |   ignore_patterns: ["draft.json", "*.tmp"]\n'
        "   |                                   ^^^^^^^\n"
    )
    ended = run("check")
    assert warning in ended.stderr
    assert "with 2 warnings" in ended.stdout
    strict = run("check --strict", exits=1).stderr
    assert warning in strict
    assert strict.endswith("error[check.warnings]: 2 warnings, and --strict allows none\n")


def test_github_annotations_name_the_place(run: Run, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_WORKSPACE", str(project.parent))
    (project / "hub.yaml").write_text(UNTAGGED.replace('"draft.json"', '"draft.json", "*.tmp"'))
    ended = run("check --format github")
    assert ended.stdout.startswith("ok  hub.yaml: ")
    assert (
        "\n::warning file=project/hub.yaml,line=11,endLine=11,col=35,endColumn=42,title=source.pattern::"
        in ended.stderr
    )
    (project / "hub.yaml").write_text(UNTAGGED.replace("v1", "*"))
    ended = run("check --format github", exits=1)
    assert ended.stderr.startswith(
        "::error file=project/hub.yaml,line=4,endLine=4,col=8,endColumn=9,title=yaml.syntax::"
    )
    assert ended.stderr.endswith("\nerror[manifest.invalid]: hub.yaml has a problem\n")
