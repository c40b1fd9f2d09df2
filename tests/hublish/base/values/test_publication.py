"""Changes of the repo itself: which apply before the upload, and which after verification."""

from pathlib import Path
from typing import Any

import pytest

from hublish.base.values import Head, Plan, Project, Release, Setting
from hublish.base.values.publication import opening_settings, restricting_settings, setting_changes
from hublish.pipeline.lock.records import plan_document
from hublish.schemas.documents.manifest import Artifact, Manifest, Repo


def plan(before: dict[str, Any], **repo: Any) -> Plan:
    declared = Repo(repo_id="acme/model", **repo)
    manifest = Manifest(repo=declared, artifacts=(Artifact(source="a"),))
    state: dict[str, Any] = {"repo_exists": True, "commit": "0" * 40, "visibility": "public", "gated": False, **before}
    head = Head(**state)
    release = Release(Project(manifest, b"", Path.cwd()), ())
    target = release.project.target
    return Plan(release, target, head, (), setting_changes(target, head))


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
def test_settings_that_restrict_come_first_and_those_that_open_last(
    before: dict[str, Any], repo: dict[str, Any], closes: dict[str, Any], opens: dict[str, Any]
) -> None:
    planned = plan(before, **repo)
    assert restricting_settings(planned) == closes
    assert opening_settings(planned) == opens


def test_a_setting_has_the_value_that_the_hub_accepts() -> None:
    planned = plan({"gated": "manual"}, gated=False)
    assert planned.settings == (Setting("gated", "manual", False),)
    assert plan_document(planned).settings[0].after == "False"  # as in plans that were reviewed earlier


def test_a_new_repo_and_a_new_branch_are_shown() -> None:
    planned = plan({"repo_exists": False, "commit": None}, revision="next", visibility="private")
    assert planned.settings == (
        Setting("repo", None, "created, private"),
        Setting("branch", None, "next, created from main"),
    )
