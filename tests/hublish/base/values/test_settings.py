"""What changes about the repo itself, and on which side of the upload."""

from pathlib import Path
from typing import Any

import pytest

from hublish.base.values import Head, Plan, Project, Release, Setting, settings
from hublish.pipeline.lock.records import plan_document
from hublish.schemas.documents.manifest import Artifact, Manifest, Repo


def plan(before: dict[str, Any], **repo: Any) -> Plan:
    declared = Repo(repo_id="acme/model", **repo)
    manifest = Manifest(repo=declared, artifacts=(Artifact(source="a"),))
    state: dict[str, Any] = {"repo_exists": True, "commit": "0" * 40, "visibility": "public", "gated": False, **before}
    head = Head(**state)
    release = Release(Project(manifest, b"", Path.cwd()), ())
    target = release.project.target
    return Plan(release, target, head, (), settings.of(target, head))


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


def test_a_setting_holds_the_value_that_the_hub_takes() -> None:
    planned = plan({"gated": "manual"}, gated=False)
    assert planned.settings == (Setting("gated", "manual", False),)
    assert plan_document(planned).settings[0].after == "False"  # as plans that were reviewed earlier hold it


def test_a_new_repo_and_a_new_branch_show() -> None:
    planned = plan({"repo_exists": False, "commit": None}, revision="next", visibility="private")
    assert planned.settings == (
        Setting("repo", None, "created, private"),
        Setting("branch", None, "next, created from main"),
    )
