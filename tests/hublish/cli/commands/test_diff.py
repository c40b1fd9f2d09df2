"""`hublish diff` and `hublish plan --diff`: the output formats, the exit codes, and texts that attack a terminal."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import hublish
from tests.hublish.cli.running import MANIFEST, Run

TOKEN = "hf_" + "aBcDeFgHiJkLmNoPqRsTuVwXyZaBcDeFgH"
NOTE = "::notice::one\n\x1b[2J\x1b]0;title\x07two\u202etxt.exe\n::error file=a::b\n##[command]x\n" + f"token {TOKEN}\n"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a release in its Hub, v1, and a working tree that differs from it."""
    folder = tmp_path_factory.mktemp("diff") / "project"
    (folder / "run").mkdir(parents=True)
    text = MANIFEST.replace("- source: run/*.json", "- source: run/*.*[nt]")
    (folder / "hub.yaml").write_text(text + "publish_manifest: none\npolicy: {secrets: allow}\n")
    write(folder, {"config.json": '{"classes": 10}\n', "note.txt": "::notice::one\n", "gone.txt": "gone\n"}, np.float32)
    hublish.publish(folder / "hub.yaml", endpoint="embedded", digest_cache=False)
    (folder / "hub.yaml").write_text((folder / "hub.yaml").read_text().replace("tag: v1", "tag: v2"))
    write(folder, {"config.json": '{"classes": 11, "new": true}\n', "note.txt": NOTE}, np.float16)
    (folder / "run" / "gone.txt").unlink()
    return folder


def write(folder: Path, texts: dict[str, str], dtype: type) -> None:
    for name, text in texts.items():
        (folder / "run" / name).write_text(text)
    weight = np.zeros((3, 4), dtype) if dtype is np.float32 else np.full((3, 4), 10, dtype)
    np.savez(folder / "run" / "weights.npz", weight=weight, bias=np.ones(4, np.float16))


@pytest.fixture
def released(built: Path, project: Path) -> Path:
    """A copy of it, in which commands run."""
    shutil.rmtree(project)
    return Path(shutil.copytree(built, project))


def test_people_see_the_changes_of_each_file_and_no_text_controls_their_terminal(released: Path, run: Run) -> None:
    shown = run("diff --local v1").stdout
    assert "acme/digits-mlp at v1 (" in shown
    for line in (
        "~ config.json  1 key changed, 1 key added",
        "    ~ classes: 10 -> 11",
        "    + new: true",
        "- gone.txt  deleted: 1 line, 5 B",
        "    -gone",
        "~ model.safetensors  1 of 2 tensors changed: F32 -> F16",
        "    ~ weight: F32 [3, 4] -> F16 [3, 4]",
        "~ note.txt  +4 -0 lines",
        "    +\\x1b[2J\\x1b]0;title\\x07two\\u202etxt.exe",
        "    +token hf_…",
        "Files: 0 added, 3 changed, 1 deleted; 0 unchanged.",
        "--tensors downloads the weights and compares their values",
    ):
        assert line in shown.splitlines(), line
    assert not any(char in shown for char in "\x1b\x07\u202e")
    assert TOKEN[3:] not in shown


def test_a_workflow_log_contains_no_command_from_a_file(released: Path, run: Run) -> None:
    shown = run("diff --local v1 --format github").stdout
    # The runner takes a line for a command if only white space precedes it.
    assert "     \\x3a:notice::one" in shown
    assert "    +::error file=a::b" in shown
    assert "+#\\x23[command]x" in shown


def test_quiet_lists_the_files_with_their_marks(released: Path, run: Run) -> None:
    assert run("diff --local v1 --quiet").stdout.splitlines() == [
        "~ config.json",
        "- gone.txt",
        "~ model.safetensors",
        "~ note.txt",
    ]


def test_json_has_every_change_without_credentials(released: Path, run: Run) -> None:
    text = run("diff --local v1 --tensors --json").stdout
    assert TOKEN[3:] not in text
    document = json.loads(text)
    assert (document["changed"], document["unchanged"]) == (True, 0)
    assert document["before"] == {
        "repo_id": "acme/digits-mlp", "repo_type": "model", "revision": "v1", "commit": document["before"]["commit"],
    }  # fmt: skip
    assert (document["after"]["revision"], document["after"]["commit"]) == (None, None)
    files = {each.pop("path_in_repo"): each for each in document["files"]}
    assert files["config.json"] == {
        "action": "changed", "kind": "json", "summary": "1 key changed, 1 key added", "before_size": 16,
        "after_size": 29, "hunks": [], "more": 0,
        "entries": [
            {"name": "classes", "before": "10", "after": "11"}, {"name": "new", "before": None, "after": "true"},
        ],
    }  # fmt: skip
    assert files["note.txt"]["hunks"][0]["lines"][:2] == [" ::notice::one", "+\x1b[2J\x1b]0;title\x07two\u202etxt.exe"]
    assert files["model.safetensors"]["entries"][0]["after"] == "F16 [3, 4], largest difference 10"


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("diff --local v1 --detailed-exitcode -q", 2),
        ("diff --local v1 main --detailed-exitcode -q", 0),
        ("diff --local v1 -q", 0),
        ("diff --local v9 --detailed-exitcode -q", 1),
        ("diff --local --detailed-exitcode -q", 2),
    ],
)
def test_the_exit_code_tells_whether_anything_differs(released: Path, run: Run, line: str, code: int) -> None:
    run(line, exits=code)


def test_an_unknown_revision_is_an_error_with_the_one_that_was_meant(released: Path, run: Run) -> None:
    ended = run("diff --local v11", exits=1)
    assert "error[remote.not_found]: acme/digits-mlp has no revision 'v11'" in ended.stderr
    assert "did you mean 'v1'?" in ended.stderr
    document = json.loads(run("diff --local v11 --json", exits=1).stdout)
    assert document["error"]["code"] == "remote.not_found"


def test_equal_releases_are_said_to_be_equal(released: Path, run: Run) -> None:
    assert "No difference: " in run("diff --local v1 main").stdout
    assert run("diff --local v1 main --quiet").stdout == ""


# ---------------------------------------------------------------------------------------------------------- plan --diff


def test_a_plan_shows_the_changes_inside_of_its_files(released: Path, run: Run) -> None:
    shown = run("plan --local --diff").stdout.splitlines()
    assert "    ~ classes: 10 -> 11" in shown
    assert "~ model.safetensors  1 of 2 tensors changed: F32 -> F16" in shown
    assert "    +token hf_…" in shown
    # The verdict and the next steps stay at the end.
    assert shown.index("~ note.txt  +4 -0 lines") < next(n for n, line in enumerate(shown) if line.startswith("Plan:"))


def test_with_tensors_a_plan_compares_values(released: Path, run: Run) -> None:
    assert "weight: F32 [3, 4] -> F16 [3, 4], largest difference 10" in run("plan --local --tensors").stdout


def test_as_json_the_plan_and_the_changes_are_side_by_side(released: Path, run: Run) -> None:
    plan = json.loads(run("plan --local --json").stdout)
    both = json.loads(run("plan --local --json --diff").stdout)
    assert both["plan"] == plan
    assert [each["path_in_repo"] for each in both["diffs"]] == ["config.json", "model.safetensors", "note.txt"]


def test_the_plan_file_is_the_same_with_and_without_the_changes(released: Path, run: Run, tmp_path: Path) -> None:
    run(f"plan --local --out {tmp_path / 'a.json'}")
    run(f"plan --local --diff --out {tmp_path / 'b.json'}")
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    run(f"publish {tmp_path / 'b.json'} --local -y")


def test_quiet_and_exit_codes_of_a_plan_do_not_depend_on_the_changes(released: Path, run: Run) -> None:
    line = "plan --local --quiet --detailed-exitcode"
    assert run(line, exits=2).stdout == run(f"{line} --diff", exits=2).stdout


def test_without_changes_there_is_nothing_before_the_plan(run: Run, project: Path) -> None:
    run("publish --local -y --quiet")
    assert run("plan --local --diff").stdout == run("plan --local").stdout
