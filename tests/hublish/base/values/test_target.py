"""Where a manifest sends its release."""

import ast
from pathlib import Path

import pytest

from hublish.base.values import Project, Target
from hublish.schemas.documents.manifest import Artifact, Manifest, Repo

ROOT = Path(__file__).parents[4]


def project(**repo: object) -> Project:
    return Project(Manifest(repo=Repo.model_validate(repo), artifacts=(Artifact(source="a"),)), b"", ROOT)


def test_a_manifest_declares_one_target() -> None:
    declared = {"repo_id": "acme/x", "repo_type": "space", "revision": "next", "visibility": "protected"}
    declared |= {"region": "eu", "resource_group_id": "66670e5163145ca562cb1988"}
    one = project(**declared, gated=False, tag="v1", space_sdk="static", endpoint="embedded")
    assert one.targets == (
        Target(
            "acme/x",
            "space",
            "next",
            "embedded",
            tag="v1",
            visibility="protected",
            gated=False,
            space_sdk="static",
            region="eu",
            resource_group_id="66670e5163145ca562cb1988",
            commit_message="Release v1",
        ),
    )
    assert one.target == one.targets[0]


@pytest.mark.parametrize(
    ("repo", "message"),
    [
        ({}, "Release acme/x"),
        ({"tag": "v1"}, "Release v1"),
        ({"tag": "v1", "commit_message": "First"}, "First"),
    ],
)
def test_a_commit_message_that_is_not_declared_names_the_release(repo: dict[str, str], message: str) -> None:
    assert project(repo_id="acme/x", **repo).target.commit_message == message


def test_the_endpoint_stays_open_until_a_session_resolves_it() -> None:
    assert project(repo_id="acme/x").target.endpoint == ""


def test_only_the_target_reads_the_repo_of_a_manifest() -> None:
    """With several targets in a manifest, code that reads `manifest.repo` would ignore all but one."""
    readers = {
        path.relative_to(ROOT).as_posix()
        for room in ("hublish/api", "hublish/base", "hublish/cli", "hublish/hub", "pipeline")
        for path in sorted((ROOT / room).rglob("*.py"))
        if any(_reads_repo(node) for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    }
    # Placeholders are searched for in the commit message; the session completes the repo_id; a check names the repo;
    # and the options for a folder are compared with the hub.yaml in it.
    assert readers == {
        "hublish/api/read_folder.py",
        "hublish/cli/commands/check.py",
        "hublish/api/session.py",
        "hublish/base/values/target.py",
        "pipeline/screen/placeholders.py",
    }


def _reads_repo(node: ast.AST) -> bool:
    if not (isinstance(node, ast.Attribute) and node.attr == "repo"):
        return False
    owner = node.value
    return (owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")) == "manifest"
