"""A project is read from a path, from text, or from a manifest built in Python."""

from pathlib import Path
from typing import Any

import pytest

import hublish
from hublish.api.read_project import read_project
from hublish.api.session import Session
from hublish.base.errors import ManifestInvalidError, PolicyError, UsageError
from hublish.schemas.diagnose.problems import Problem
from hublish.schemas.documents.manifest import Artifact, Manifest, Repo
from hublish.schemas.yaml.reader import read_text


def test_a_path_gives_its_folder_and_its_bytes(manifest: Path) -> None:
    project = read_project(manifest)
    assert (project.folder, project.text) == (manifest.parent, manifest.read_bytes())


def test_standard_input_is_relative_to_the_current_folder(
    manifest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    project = read_project("-", text=manifest.read_bytes())
    assert project.folder == tmp_path


def test_a_manifest_built_in_python_is_published_as_yaml_that_reads_back(folder: Path) -> None:
    manifest = Manifest(repo=Repo(repo_id="acme/built"), artifacts=(Artifact(source="runs/config.json"),))
    project = read_project(manifest, folder=folder)
    again = read_project("hub.yaml", text=project.text, folder=folder)
    assert again.manifest == manifest
    assert [file.path_in_repo for file in hublish.files(project).files] == ["config.json", "hub.yaml"]


def test_every_problem_comes_at_once_with_its_place(manifest: Path) -> None:
    manifest.write_text("repo: {repo_id: a/b/c, colour: red}\nartifacts: []\n")
    with pytest.raises(ManifestInvalidError) as caught:
        read_project(manifest)
    assert [str(problem.location) for problem in caught.value.problems] == [
        f"{manifest}:1:17",
        f"{manifest}:1:24",
        f"{manifest}:2:12",
    ]


def test_later_problems_are_brought_back_to_their_line(manifest: Path) -> None:
    project = read_project(manifest)
    with pytest.raises(PolicyError) as caught, Session(project):
        raise PolicyError("no", problems=[Problem("x", "no", path=path) for path in ("artifacts[1].source", "a/b.bin")])
    assert [str(problem.location) for problem in caught.value.problems] == [f"{manifest}:10:13", "None"]


def test_the_text_is_read_once_however_many_problems_are_placed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = "".join(f"  - source: missing-{number}\n" for number in range(50))
    project = read_project(text=f"repo: {{repo_id: acme/x}}\nartifacts:\n{sources}".encode(), folder=tmp_path)
    read: list[bytes] = []

    def counted(data: bytes, *others: Any, **options: Any) -> Any:
        read.append(data)
        return read_text(data, *others, **options)

    monkeypatch.setattr("hublish.schemas.yaml.reader.read_text", counted)
    problems = [Problem("source.missing", "?", path=f"artifacts[{number}].source") for number in range(50)]
    places = [problem.location for problem in Session(project).located(problems)]
    assert [place.line for place in places if place] == list(range(3, 53))
    assert read == [project.text]


def test_given_variables_replace_those_of_the_manifest(manifest: Path) -> None:
    project = read_project(manifest, variables={"version": "1.3.0"})
    assert (project.manifest.repo.tag, project.settings) == ("v1.3.0", {"version": "1.3.0"})
    assert project.text == manifest.read_bytes()
    assert read_project(project) is project
    again = read_project(project, variables={"version": 2})
    assert (again.manifest.repo.tag, again.name, again.folder) == ("v2", project.name, project.folder)


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"git.commit": "x"}, "'git.commit' comes from git and cannot be set"),
        ({"version": True}, "the value of 'version' is neither a string nor a whole number"),
        ({"version": 1.5}, "the value of 'version' is neither a string nor a whole number"),
        ({"version": "a\0"}, "the value of 'version' is invalid: control character U\\+0000"),
    ],
)
def test_invalid_variables_are_refused(manifest: Path, variables: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read_project(manifest, variables=variables)


def test_a_manifest_that_is_built_takes_no_variables() -> None:
    manifest = Manifest(repo=Repo(repo_id="acme/built"), artifacts=(Artifact(source="x"),))
    with pytest.raises(UsageError, match="takes no variables"):
        read_project(manifest, variables={"version": "1"})
