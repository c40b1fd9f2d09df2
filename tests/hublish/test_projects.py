"""From a manifest, however it is given, to a project."""

from pathlib import Path

import pytest

import hublish
from hublish.pipeline.errors import ManifestInvalidError, PolicyError
from hublish.projects import located, read_project
from hublish.schemas.manifest import Artifact, Manifest, Repo
from hublish.schemas.problems import Problem


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
    with pytest.raises(PolicyError) as caught, located(project):
        raise PolicyError("no", problems=[Problem("x", "no", path=path) for path in ("artifacts[1].source", "a/b.bin")])
    assert [str(problem.location) for problem in caught.value.problems] == [f"{manifest}:10:13", "None"]
