"""The author's own files of results for leaderboards."""

from pathlib import Path

import pytest

from hublish.pipeline.screen.eval_results import ScreenResults
from hublish.schemas.diagnose.problems import Problem
from tests.pipeline.staging import project_in, staged

NAME = ".eval_results/hle.yaml"
FULL = """\
- dataset:
    id: cais/hle
    task_id: hle
    revision: 5503434ddd753f426f4b38109466949a1217c2bb
  value: 20.90
  verifyToken: abc
  date: "2026-08-22T12:00:00Z"
  source:
    url: https://example.org
    name: Logs
    user: ada
  notes: tools
- dataset: {id: Idavidrein/gpqa, task_id: gpqa_diamond}
  value: 0
"""


def warnings_of(folder: Path, text: str, *, name: str = NAME, **fields: object) -> tuple[Problem, ...]:
    return ScreenResults().run(staged(project_in(folder, **fields), {name: text.encode()})).warnings


def test_a_file_as_the_hub_documents_it_is_accepted(tmp_path: Path) -> None:
    assert warnings_of(tmp_path, FULL) == ()


def entry(old: str, new: str) -> str:
    assert old in FULL
    return FULL.replace(old, new)


@pytest.mark.parametrize(
    ("text", "line", "fix"),
    [
        (entry("id: cais/hle", "id: hle"), 2, "namespace/name"),
        (entry("id: cais/hle", "id: https://hf.co/cais/hle"), 2, "namespace/name"),
        (entry("    task_id: hle\n", ""), 1, "task_id"),
        (entry("task_id: hle", "task_id: 3"), 3, "task_id"),
        (entry("value: 20.90", "value: 20.9%"), 5, "without a unit"),
        (entry("value: 20.90", "value: true"), 5, "without a unit"),
        (entry("  value: 20.90\n", ""), 1, "value: 0.412"),
        (entry("  value: 0\n", "  valeu: 0\n"), 14, "'value'"),
        (entry('date: "2026-08-22T12:00:00Z"', "date: 22 August"), 7, "such as"),
        (entry('date: "2026-08-22T12:00:00Z"', "date: 2026-08-22"), 7, 'quote it: "2026-08-22"'),
        (entry("url: https://example.org", "url: example.org"), 9, "url: https://"),
        (entry("    url: https://example.org\n", ""), 9, "url: https://"),
        (entry("user: ada", "user: [ada]"), 9, "a string"),
        (entry("notes: tools", "notes: [tools]"), 12, "a string"),
        (entry("verifyToken: abc", "verifyToken: 3"), 6, "a string"),
        ("dataset: {id: a/b, task_id: c}\nvalue: 1\n", 1, "`- `"),
        ("- 0.9\n", 1, "`dataset:`"),
        ("- a: [\n", 1, ""),
        ("", 1, ""),
    ],
)
def test_a_mistake_has_its_line_and_its_fix(tmp_path: Path, text: str, line: int, fix: str) -> None:
    found = warnings_of(tmp_path, text)
    assert any(one.location and one.location.line == line and fix in one.hint for one in found), found
    assert {one.severity for one in found} == {"warning"}
    assert all(one.location and one.location.source.endswith(NAME) for one in found)


@pytest.mark.parametrize(
    ("name", "repo_type"),
    [("eval_results/a.yaml", "model"), (".eval_results/a.json", "model"), (".eval_results/b/a.yaml", "model")],
)
def test_other_files_are_not_read(tmp_path: Path, name: str, repo_type: str) -> None:
    assert warnings_of(tmp_path, "- 3", name=name) == ()


def test_a_dataset_has_no_results(tmp_path: Path) -> None:
    assert warnings_of(tmp_path, "- 3", repo={"repo_id": "acme/data", "repo_type": "dataset"}) == ()


def test_a_large_file_is_reported_and_not_parsed(tmp_path: Path) -> None:
    (found,) = warnings_of(tmp_path, FULL * 500)
    assert found.code == "yaml.too_large"
