"""`hublish explain` from the command line."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.hublish.cli.running import Run


def test_the_first_line_is_the_verdict(run: Run) -> None:
    shown = run("explain run/draft.json").stdout.splitlines()
    assert shown[:4] == [
        "out: run/draft.json: patterns.ignore_patterns[0]: draft.json (hub.yaml:11:21)",
        "   |",
        '11 |   ignore_patterns: ["draft.json"]',
        "   |                     ^^^^^^^^^^^^",
    ]


def test_every_path_has_its_own_outcome(run: Run) -> None:
    assert run("explain -q run/config.json run/draft.json model.safetensors hub.yaml").stdout.split() == [
        "in",
        "out",
        "in",
        "in",
    ]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("run/draft.json", 0),
        ("run/draft.json --detailed-exitcode", 2),
        ("run/config.json --detailed-exitcode", 0),
        ("run/config.json run/draft.json --detailed-exitcode", 2),
        ("run/confg.json", 1),
        ("run/confg.json run/config.json --detailed-exitcode", 1),
    ],
)
def test_only_a_missing_path_fails_without_a_detailed_exit_code(run: Run, words: str, code: int) -> None:
    run(f"explain {words}", exits=code)


def test_a_path_that_does_not_exist_gets_a_suggestion(run: Run) -> None:
    shown = run("explain run/confg.json", exits=1).stdout
    assert shown.startswith("absent: run/confg.json does not exist, on disk or in the release\n")
    assert "did you mean run/config.json" in shown


def test_a_path_is_relative_to_the_current_folder(run: Run, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project / "run")
    (answer,) = json.loads(run("explain config.json -f ../hub.yaml --json").stdout)["explanations"]
    assert (answer["taken"], answer["path"], answer["outcome"]) == ("file", "run/config.json", "in")
    assert answer["fates"][0]["rule"]["location"]["source"] == "../hub.yaml"


def test_nothing_is_written(run: Run, project: Path) -> None:
    before = sorted(project.rglob("*"))
    run("explain . hub.yaml run")
    assert sorted(project.rglob("*")) == before


def test_no_network_and_no_server_is_needed(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    run("explain run/config.json")


def test_explaining_imports_neither_arrays_nor_a_client(project: Path) -> None:
    code = (
        "import sys; from hublish.cli import main; main(sys.argv[1:]);"
        "print(*sys.modules, *{name.partition('.')[0] for name in sys.modules})"
    )
    words = [sys.executable, "-c", code, "explain", "model.safetensors", "run/config.json"]
    ran = subprocess.run(words, cwd=project, capture_output=True, text=True, check=True)
    unwanted = {"numpy", "huggingface_hub", "dulwich", "jinja2", "hublish.hub.client.hub"}
    assert unwanted.isdisjoint(ran.stdout.split())


def test_local_reads_the_embedded_hub(run: Run) -> None:
    assert run("explain run/config.json --local -q").stdout == "in\n"


def test_a_rule_is_explained_by_the_code_of_its_findings_and_without_a_manifest(run: Run, project: Path) -> None:
    (project / "hub.yaml").unlink()
    shown = run("explain policy.pickle").stdout
    assert shown.startswith("error[policy.pickle]: A file that runs code when it is loaded\n")
    assert "rule: policy.pickle, path_in_repo: FILE" in shown
    (document,) = json.loads(run("explain policy.name --json").stdout)["rules"]
    assert (document["code"], document["may_be_waived"]) == ("policy.name", False)
    assert run("explain -q policy.name card.template").stdout.splitlines()[1] == "A template that is not text"


def test_a_code_is_explained_in_markdown_with_its_example(run: Run) -> None:
    lines = run("explain yaml.duplicate_key run/config.json --format markdown").stdout.splitlines()
    page = "https://hublish.github.io/hublish/errors/yaml.duplicate_key/"
    assert lines[0] == f"**error** [yaml.duplicate_key]({page}): A key that is written twice."
    assert {"```yaml", "policy: {pickle: forbid}", "```text"} <= {*lines}
    assert any(line.startswith("in: run/config.json") for line in lines)


def test_a_misspelled_code_gets_a_suggestion_with_a_manifest_and_without(run: Run, project: Path) -> None:
    assert "did you mean policy.pickle?" in run("explain policy.pickels", exits=1).stdout
    (project / "hub.yaml").unlink()
    assert "did you mean policy.pickle?" in run("explain policy.pickels", exits=2).stderr


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("policy.pickle", "out: policy.pickle"),
        ("./policy.pickle", "out: policy.pickle"),
        ("--code policy.pickle", "error[policy.pickle]"),
        ("--code policy.pickle policy.pickle", "error[policy.pickle]"),
        ("policy.secret", "error[policy.secret]"),
        ("./policy.secret", "absent: ./policy.secret"),
    ],
)
def test_a_file_with_the_name_of_a_rule_comes_first(run: Run, project: Path, words: str, first: str) -> None:
    (project / "policy.pickle").write_text("a file")
    assert run(f"explain {words}", exits=1 if first.startswith("absent") else 0).stdout.startswith(first)


def test_without_a_path_and_a_rule_the_command_line_is_wrong(run: Run) -> None:
    assert "no PATH is given" in run("explain", exits=2).stderr


def test_a_path_in_the_repo_that_looks_like_a_code_is_a_path(run: Run) -> None:
    assert run("explain config.json").stdout.startswith("in: run/config.json is uploaded as config.json")
    for name in ("card.md", "source.py"):
        assert run(f"explain {name}", exits=1).stdout.startswith(f"absent: {name}")
    assert run("explain card.template").stdout.startswith("error[card.template]")


def test_a_mistake_in_the_manifest_is_explained_while_it_is_there(run: Run, project: Path) -> None:
    (project / "hub.yaml").write_text("artefacts: []\n")
    assert "A key that hub.yaml does not have" in run("explain manifest.unknown_key").stdout
    assert "unknown key 'artefacts'" in run("explain manifest.unknown_key README.md", exits=1).stderr
