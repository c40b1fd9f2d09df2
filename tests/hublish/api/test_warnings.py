"""The verbs that make a release report the warnings of `check`, also beside an error."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

import hublish
from hublish.base.errors import PolicyError, RemoteIgnoredError
from hublish.hub.client.hub import Hub
from hublish.schemas.diagnose.problems import Problem, errors_in

README = """---
license: mit
configs:
- config_name: default
  data_files: missing/*.csv
---
# Rows

[More Information Needed](docs/none.md)
"""


@pytest.fixture
def faulty(tmp_path: Path) -> Path:
    """Return the manifest of a release with a fault for each kind of warning."""
    for name, text in {".gitattributes": "*.bin filter=lfs\n", "a.csv": "a\n1\n", "README.md": README}.items():
        (tmp_path / name).write_text(text)
    path = tmp_path / "hub.yaml"
    path.write_text(
        "repo: {repo_id: acme/your-dataset, repo_type: dataset}\n"
        "artifacts: [{source: .gitattributes}, {source: '*.csv'}, {source: README.md}]\n"
    )
    return path


def warned(problems: Iterable[Problem]) -> set[tuple[str, str]]:
    """Return the warnings with their lines, as far as they have one."""
    return {
        (problem.code, str(problem.location and (problem.location.source, problem.location.line)))
        for problem in problems
        if problem.severity == "warning"
    }


VERBS: dict[str, Callable[[Path, Hub], Iterable[Problem]]] = {
    "files": lambda path, _: hublish.files(path).warnings,
    "build": lambda path, _: hublish.build(path, path.parent / "out").warnings,
    "plan": lambda path, hub: hublish.plan(path, endpoint=hub.endpoint, token=hub.token).release.warnings,
    "publish": lambda path, hub: _published(path, hub).plan.release.warnings,
    "rehearse": lambda path, _: hublish.rehearse(path).receipt.plan.release.warnings,
    "status": lambda path, _: hublish.status(path, offline=True).release.warnings,
}


def _published(path: Path, hub: Hub) -> hublish.Receipt:
    return hublish.publish(path, endpoint=hub.endpoint, token=hub.token)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_reports_the_warnings_of_check(verb: str, faulty: Path, hub: Hub) -> None:
    expected = warned(hublish.check(faulty))
    codes = {code for code, _ in expected}
    assert codes == {"card.data_files", "card.missing_file", "release.gitattributes", "release.placeholder"}
    assert warned(VERBS[verb](faulty, hub)) >= expected


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb != "rehearse"])
def test_an_error_hides_no_warning(verb: str, faulty: Path, hub: Hub) -> None:
    expected = warned(hublish.check(faulty))
    (faulty.parent / "b.csv").write_text("hf_" + "aB3dE6gH9j" * 4)
    with pytest.raises(PolicyError) as caught:
        VERBS[verb](faulty, hub)
    problems: tuple[Any, ...] = caught.value.problems
    assert [problem.code for problem in errors_in(problems)] == ["policy.secret"]
    assert warned(problems) >= expected


def test_a_release_that_cannot_be_published_keeps_its_warnings(faulty: Path, hub: Hub) -> None:
    expected = warned(hublish.check(faulty))
    (faulty.parent / ".gitignore").write_text("*.csv\n")
    faulty.write_text(faulty.read_text().replace("[{", "[{source: .gitignore}, {"))
    with pytest.raises(RemoteIgnoredError) as caught:
        _published(faulty, hub)
    assert {code for code, _ in warned(caught.value.problems)} == {code for code, _ in expected}
