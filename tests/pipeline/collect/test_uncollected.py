"""The reasons why no source collects a file."""

from pathlib import Path

import pytest

from hublish.base.values import Effect, Project
from hublish.pipeline.collect.uncollected import uncollected_steps
from hublish.schemas.diagnose.problems import Problem
from hublish.schemas.documents.manifest import Manifest


def project(*sources: str) -> Project:
    fields = {"repo": {"repo_id": "acme/x"}, "artifacts": [{"source": source} for source in sources]}
    return Project(Manifest.model_validate(fields), b"", Path("/project"))


def words(path: str, *sources: str) -> list[str]:
    return [step.text for step in uncollected_steps(project(*sources), path, {})]


@pytest.mark.parametrize(
    ("source", "path", "why"),
    [
        ("a.json", "b.json", "names another file or folder"),
        ("runs", "data/a", "names another file or folder"),
        ("*.json", "runs/a.json", "`*` stops at `/`; **/*.json would match"),
        ("runs/*.json", "runs/x/y/a.json", "`*` stops at `/`; runs/**/*.json would match"),
        ("runs/*/a.json", "runs/x/y/a.json", "`*` stops at `/`; runs/*/**/a.json would match"),
        ("*-a/x.json", "runs/b-a/x.json", "`*` stops at `/`"),
        ("runs/*.json", "runs/a.txt", "`*.json` does not match `a.txt`"),
        ("[ab].json", "c.json", "`[ab].json` does not match `c.json`"),
        ("runs/**/a.json", "runs/x/b.json", "does not match"),
        ("runs/*.json", "runs", "does not match"),
    ],
)
def test_each_kind_of_source_misses_for_its_own_reason(source: str, path: str, why: str) -> None:
    assert words(path, source) == ["the only source does not collect it", f"artifacts[0].source: {source}: {why}"]


def test_of_many_sources_the_nearest_three_are_listed_in_their_order() -> None:
    sources = ("LICENSE", "runs/model.npz", "x", "runs/model.json", "data/*.csv", "runs/mode.txt")
    first, *others = words("runs/model.txt", *sources)
    assert first == "none of 6 sources collects it"
    assert [step.split(":")[0] for step in others] == [f"artifacts[{index}].source" for index in (1, 3, 5)]


@pytest.mark.parametrize(
    ("path", "folder"),
    [
        (".git/config", ".git"),
        ("x/.git/y/z", "x/.git"),
        (".git", ".git"),
        (".hublish/hub/x", ".hublish"),
        (".cache/huggingface/x", ".cache/huggingface"),
        ("x/.cache/huggingface/.git/y", "x/.cache/huggingface"),
    ],
)
def test_a_folder_that_is_never_searched_is_the_only_reason(path: str, folder: str) -> None:
    (only,) = words(path, "*.json")
    assert only.startswith(f"{folder}/ is never searched, ")


@pytest.mark.parametrize("path", [".gitignore", "x.git/a", ".cache/other", "huggingface/x", "x.cache/huggingface/y"])
def test_similar_names_are_searched(path: str) -> None:
    assert words(path, "none.json")[0] == "the only source does not collect it"


@pytest.mark.parametrize("source", ["runs/m.npz", "runs", ".", "runs/*.npz", "**"])
def test_a_failed_artifact_refuses_the_files_it_would_collect(source: str) -> None:
    problem = Problem("serializer.unknown", "unknown serializer", "did you mean", "artifacts[0].serializer")
    collects, refuses = uncollected_steps(project(source), "runs/m.npz", {0: problem})
    assert (collects.effect, refuses.effect, refuses.path) == (Effect.COLLECTS, Effect.REFUSES, problem.path)


def test_a_failed_artifact_is_listed_with_its_problem_for_other_files() -> None:
    problem = Problem("source.missing", "'m.npz' does not exist", "", "artifacts[0].source")
    (_, missed) = uncollected_steps(project("m.npz"), "m.txt", {0: problem})
    assert missed.text == "artifacts[0].source: m.npz: collects nothing at the moment: 'm.npz' does not exist"
