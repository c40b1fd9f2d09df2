"""Changes of the repo itself: which apply before the upload, and which after verification."""

from pathlib import Path
from typing import Any

import pytest

from hublish.base.content import InMemory
from hublish.base.values import (
    Action,
    Change,
    Head,
    Origin,
    Plan,
    Project,
    Receipt,
    Release,
    ReleaseFile,
    RemoteFile,
    Setting,
)
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


def test_a_new_repo_shows_where_it_is_created_and_an_existing_one_does_not() -> None:
    placed = {"region": "eu", "resource_group_id": "66670e5163145ca562cb1988"}
    new = plan({"repo_exists": False, "commit": None}, **placed)
    assert new.settings[1:] == tuple(Setting(name, None, value) for name, value in placed.items())
    assert restricting_settings(new) == opening_settings(new) == {}, "the call that creates the repo has them"
    assert plan({}, **placed).settings == ()


def file(path: str, size: int) -> ReleaseFile:
    return ReleaseFile(path, size, "a" * 64, "b" * 40, InMemory(b""), Origin(0, path, "copy"))


def full_plan(count: int = 1) -> Plan:
    files = [file(f"data/{number}.bin", 1_200_000) for number in range(count)]
    changes = [Change(Action.ADD, each.path_in_repo, each, reason="artifacts[0]: data/*") for each in files]
    remote = RemoteFile("old|file.bin", 7, "c" * 40)
    changes.append(
        Change(Action.DELETE, remote.path_in_repo, remote=remote, reason="patterns.delete_patterns[0]: *.bin")
    )
    empty = plan({}, gated="manual")
    release = Release(empty.release.project, tuple(files))
    return Plan(release, empty.target, empty.head, tuple(changes), empty.settings)


def test_the_repr_of_a_plan_is_one_short_line() -> None:
    assert repr(full_plan()) == "Plan(acme/model@main, 1 to add, 0 to change, 1 to delete, 1.2 MB)"
    assert repr(plan({})) == "Plan(acme/model@main, nothing to do)"
    assert repr(plan({}, repo_type="dataset", revision="next")) == "Plan(dataset acme/model@next, nothing to do)"
    assert len(repr(full_plan(1000))) < 100


def test_a_notebook_shows_the_changes_of_a_plan_as_a_table() -> None:
    lines = full_plan()._repr_markdown_().splitlines()
    assert lines[0] == r"**acme\/model\@main\: 1 to add\, 0 to change\, 1 to delete\, 1\.2 MB**"
    assert lines[2:] == [
        "| action | file | size | rule |",
        "| --- | --- | --- | --- |",
        r"| add | data\/0\.bin | 1\.2 MB | artifacts\[0\]\: data\/\* |",
        r"| delete | old\|file\.bin | 7 B | patterns\.delete\_patterns\[0\]\: \*\.bin |",
        "| set | gated |  | manual |",
    ]
    assert len(full_plan(1000)._repr_markdown_()) < 3000


def test_the_repr_of_a_receipt_is_one_short_line() -> None:
    receipt = Receipt(full_plan(1000), "d" * 40, created=True, verified=True, tag="v1")
    assert repr(receipt) == "Receipt(acme/model@main, commit dddddddddddd, created, verified, tag v1)"
    proposed = Receipt(full_plan(), "d" * 40, created=False, pull_request=3)
    assert repr(proposed) == "Receipt(acme/model@main, commit dddddddddddd, existed, pull request 3, not verified)"


def test_a_notebook_shows_a_receipt_as_a_table() -> None:
    receipt = Receipt(full_plan(), "d" * 40, created=True, url="https://hub.example/x", verified=True, tag="v1")
    assert receipt._repr_markdown_().splitlines()[4:] == [
        f"| commit | {'d' * 40}\\, created now |",
        r"| url | https\:\/\/hub\.example\/x |",
        "| tag | v1 |",
        "| verified | yes |",
        "| files | 1 |",
    ]
