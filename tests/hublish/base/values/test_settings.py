"""What changes about the repo itself, and on which side of the upload."""

from pathlib import Path
from typing import Any

import pytest

from hublish.base.values import Head, Plan, Project, Release, Setting, settings
from hublish.schemas.documents.manifest import Artifact, Manifest, Repo


def plan(before: dict[str, Any], **repo: Any) -> Plan:
    declared = Repo(repo_id="acme/model", **repo)
    manifest = Manifest(repo=declared, artifacts=(Artifact(source="a"),))
    state: dict[str, Any] = {"repo_exists": True, "commit": "0" * 40, "visibility": "public", "gated": False, **before}
    head = Head("acme/model", "model", declared.revision, "http://hub", **state)
    release = Release(Project(manifest, b"", Path.cwd()), ())
    return Plan(release, head, (), settings.of(declared, head))


@pytest.mark.parametrize(
    ("before", "repo", "closes", "opens"),
    [
        ({}, {}, {}, {}),
        ({}, {"visibility": "public", "gated": False}, {}, {}),
        ({}, {"visibility": "private"}, {"visibility": "private"}, {}),
        ({"visibility": "private"}, {"visibility": "public"}, {}, {"visibility": "public"}),
        ({}, {"gated": "auto"}, {"gated": "auto"}, {}),
        ({"gated": "auto"}, {"gated": "manual"}, {"gated": "manual"}, {}),
        ({"gated": "manual"}, {"gated": "auto"}, {}, {"gated": "auto"}),
        ({"gated": "manual"}, {"gated": False}, {}, {"gated": False}),
        ({"gated": None}, {"gated": False}, {}, {}),
        (
            {"visibility": "private"},
            {"visibility": "public", "gated": "auto"},
            {"gated": "auto"},
            {"visibility": "public"},
        ),
        ({"repo_exists": False, "commit": None}, {"visibility": "public", "gated": "auto"}, {"gated": "auto"}, {}),
    ],
)
def test_what_closes_comes_first_and_what_opens_last(
    before: dict[str, Any], repo: dict[str, Any], closes: dict[str, Any], opens: dict[str, Any]
) -> None:
    planned = plan(before, **repo)
    assert settings.restricting(planned) == closes
    assert settings.opening(planned) == opens


def test_a_new_repo_and_a_new_branch_show() -> None:
    planned = plan({"repo_exists": False, "commit": None}, revision="next", visibility="private")
    assert planned.settings == (
        Setting("repo", None, "created, private"),
        Setting("branch", None, "next, created from main"),
    )
