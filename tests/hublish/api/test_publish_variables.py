"""Releases whose manifest mentions git, the environment and variables from outside: out, and back elsewhere."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from huggingface_hub import HfApi

import hublish
from hublish.base.errors import ManifestInvalidError, PlanStaleError
from hublish.hub.client.hub import Hub
from hublish.pipeline.lock.records import plan_document, plan_pieces
from tests.isolation import GIT_AUTHOR

MANIFEST = """\
repo:
  repo_id: acme/{{ name }}
  tag: "{{ git.tag }}"
  commit_message: "Release {{ version }} of {{ source_date }}"
  commit_description: "Commit {{ git.commit }}, build {{ env.BUILD }}"
variables: {name: digits, version: 0.0.0}
env: [BUILD]
artifacts: [{source: "{{ folder }}/*.npz", path_in_repo: "{{ name }}/", serializer: safetensors}]
card: {metadata: {license: mit}, variables: {summary: "From {{ git.short_commit }}, dirty: {{ git.dirty }}."}}
load: {allow_patterns: ["{{ name }}/*"]}
"""
GIVEN = {"version": "1.2.0", "folder": "runs"}
Git = Callable[..., str]


@pytest.fixture
def git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Git:
    """Run git in the release's folder."""
    for name, value in {**GIT_AUTHOR, "GIT_COMMITTER_DATE": "2026-01-31T12:00:00Z"}.items():
        monkeypatch.setenv(name, value)

    def run(*words: str) -> str:
        done = subprocess.run(["git", *words], cwd=tmp_path / "repo", capture_output=True, check=True, text=True)
        return done.stdout.strip()

    return run


@pytest.fixture
def folder(tmp_path: Path, git: Git, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A release in a git repository, tagged, with one committed weight."""
    monkeypatch.setenv("BUILD", "build-7")
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    folder = tmp_path / "repo"
    (folder / "runs").mkdir(parents=True)
    np.savez(folder / "runs" / "model.npz", w=np.eye(3, dtype=np.float32))
    (folder / "hub.yaml").write_text(MANIFEST)
    git("init", "--quiet", "--initial-branch=main")
    git("add", ".")
    git("commit", "--quiet", "--message", "first")
    git("tag", "v1.2.0")
    return folder


def test_a_release_with_variables_loads_without_git_and_environment(
    manifest: Path, hub: Hub, api: HfApi, git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    receipt = hublish.publish(hublish.read_project(manifest, variables=GIVEN), endpoint="embedded")
    head = git("rev-parse", "HEAD")
    commit = api.list_repo_commits("acme/digits", formatted=True)[0]
    assert commit.title == "Release 1.2.0 of 2026-01-31"
    assert f"Commit {head}, build build-7" in commit.message
    assert receipt.tag == "v1.2.0"
    card = Path(api.hf_hub_download("acme/digits", "README.md")).read_text()
    assert f"From {head[:7]}, dirty: false." in card

    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("BUILD")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    pulled = hublish.pull("acme/digits", revision="v1.2.0", endpoint=hub.endpoint)
    assert (pulled.folder / "hub.yaml").read_bytes() == manifest.read_bytes()
    loaded = hublish.load("acme/digits", endpoint=hub.endpoint)
    assert loaded.release.plan.release.load.allow_patterns == ("digits/*",)
    assert np.array_equal(loaded.arrays["w"], np.eye(3))


def test_a_reviewed_plan_contains_the_variables_that_were_set(manifest: Path, tmp_path: Path, api: HfApi) -> None:
    plan = hublish.plan(hublish.read_project(manifest, variables=GIVEN), endpoint="embedded")
    path = tmp_path / "plan.json"
    path.write_bytes(b"".join(plan_pieces(plan)))
    assert json.loads(path.read_text())["variables"] == GIVEN
    assert hublish.publish(manifest, plan=path, endpoint="embedded").tag == "v1.2.0"
    assert api.list_repo_commits("acme/digits")[0].title == "Release 1.2.0 of 2026-01-31"


@pytest.mark.parametrize("given", [{"version": "1.3.0", "folder": "runs"}, {"folder": "./runs"}])
def test_other_values_than_the_reviewed_are_refused(manifest: Path, given: dict[str, str]) -> None:
    plan = hublish.plan(hublish.read_project(manifest, variables=GIVEN), endpoint="embedded")
    with pytest.raises(PlanStaleError) as caught:
        hublish.publish(hublish.read_project(manifest, variables=given), plan=plan, endpoint="embedded")
    assert any("--set" in problem.message for problem in caught.value.problems)
    assert caught.value.hint.startswith("leave --set out")


def test_a_variable_of_the_plan_that_is_no_longer_mentioned_is_reported(manifest: Path) -> None:
    plan = hublish.plan(hublish.read_project(manifest, variables=GIVEN), endpoint="embedded")
    manifest.write_text(manifest.read_text().replace("{{ folder }}", "runs"))
    with pytest.raises(ManifestInvalidError) as caught:
        hublish.publish(manifest, plan=plan, endpoint="embedded")
    assert caught.value.hint == "the plan was made with --set of folder, version; make a new one"


def test_a_commit_that_moves_after_the_review_is_refused_by_its_name(manifest: Path, git: Git) -> None:
    plan = hublish.plan(hublish.read_project(manifest, variables=GIVEN), endpoint="embedded")
    before = git("rev-parse", "HEAD")
    git("commit", "--quiet", "--amend", "--message", "other")
    git("tag", "--force", "v1.2.0")
    with pytest.raises(PlanStaleError) as caught:
        hublish.publish(manifest, plan=plan, endpoint="embedded")
    said = [problem.message for problem in caught.value.problems]
    assert f"git.commit changed: reviewed {before}, now {git('rev-parse', 'HEAD')}" in said


def test_an_environment_that_moves_after_the_review_is_refused_and_not_repeated(
    manifest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = hublish.plan(hublish.read_project(manifest, variables=GIVEN), endpoint="embedded")
    assert b"build-7" not in b"".join(plan_pieces(plan))
    document = plan_document(plan)
    monkeypatch.setenv("BUILD", "build-8")
    with pytest.raises(PlanStaleError) as caught:
        hublish.publish(manifest, plan=document, endpoint="embedded")
    assert [problem.message for problem in caught.value.problems] == [
        "an environment variable changed that hub.yaml lists under 'env'"
    ]


def test_a_plan_of_an_earlier_hublish_is_compared_as_before(manifest: Path, git: Git) -> None:
    manifest.write_text(MANIFEST.replace("{{ folder }}", "runs"))
    git("commit", "--quiet", "--all", "--message", "second")
    git("tag", "--force", "v1.2.0")
    document = plan_document(hublish.plan(manifest, endpoint="embedded"))
    earlier = document.model_copy(update={"variables": {}, "surroundings": {}, "resolved_sha256": None})
    assert hublish.publish(manifest, plan=earlier, endpoint="embedded").created


def test_a_lock_under_version_control_makes_no_released_tree_dirty(manifest: Path, git: Git) -> None:
    manifest.write_text(MANIFEST.replace("{{ git.short_commit }}", "x").replace('"{{ git.tag }}"', "null"))
    git("commit", "--quiet", "--all", "--message", "no commit in a file")
    project = hublish.read_project(manifest, variables=GIVEN)
    first = hublish.publish(project, endpoint="embedded")
    git("add", "hub.lock")
    assert hublish.read_project(manifest, variables=GIVEN).environment["git.dirty"] == "false"
    git("commit", "--quiet", "--message", "released")
    second = hublish.publish(hublish.read_project(manifest, variables=GIVEN), endpoint="embedded")
    assert (first.created, second.created, second.plan.nothing_to_do) == (True, False, True)
