"""Warnings before a release is published: the token, repos of another type, files of the last release."""

import json
from pathlib import Path

import pytest
from huggingface_hub import HfApi

import hublish
from hublish.api.options import HubOptions
from hublish.base.errors import AuthenticationError
from hublish.base.values import Plan
from hublish.hub.server import EmbeddedHub


def planned(folder: Path, hub: EmbeddedHub, repo_id: str, token: str | bool | None, repo_type: str = "model") -> Plan:
    (folder / "m").mkdir(exist_ok=True)
    (folder / "m" / "config.json").write_text("{}")
    manifest = folder / "hub.yaml"
    manifest.write_text(
        json.dumps({"repo": {"repo_id": repo_id, "repo_type": repo_type}, "artifacts": [{"source": "m/"}]})
    )
    return hublish.plan(manifest, endpoint=hub.endpoint, token=token)


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        (False, "there is no token"),
        ("hf_" + "x" * 34, "does not accept the token"),
        ("read", "may only read"),
        ("own", ""),
    ],
)
def test_a_token_that_cannot_publish_is_named(
    token: str | bool, expected: str, tmp_path: Path, own_home: Path, own_hub: EmbeddedHub
) -> None:
    if token in ("read", "own"):
        token = own_hub.add_user("reader", orgs=("acme",), role="read") if token == "read" else own_hub.token
    plan = planned(tmp_path, own_hub, "acme/advice-token", token)
    messages = [problem.message for problem in plan.warnings]
    assert [expected in message for message in messages] == ([True] if expected else [])


@pytest.mark.parametrize(
    ("token", "expected"),
    [(False, "there is no token"), ("read", "may not write to"), ("write", "may not write to")],
)
def test_readers_plan_a_change_and_cannot_publish_it(
    token: str | bool, expected: str, tmp_path: Path, own_home: Path, own_hub: EmbeddedHub
) -> None:
    name = f"acme/advice-{token or 'anonymous'}"
    api = HfApi(endpoint=own_hub.endpoint, token=own_hub.token)
    api.create_repo(name)
    for path, text in ((".gitignore", b"*.csv\n"), ("old.csv", b"1\n")):
        api.upload_file(path_or_fileobj=text, path_in_repo=path, repo_id=name)
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "log.csv").write_text("1\n")
    before = planned(tmp_path, own_hub, name, own_hub.token)
    if isinstance(token, str):
        token = own_hub.add_user(f"{token}er", role=token)
    plan = planned(tmp_path, own_hub, name, token)
    assert [problem.message for problem in plan.warnings if expected in problem.message]
    assert plan.is_read_only
    assert not before.is_read_only
    shown = [[(each.path_in_repo, each.action, each.reason) for each in one.changes] for one in (before, plan)]
    assert shown[0] == shown[1]
    (tmp_path / "m" / "log.csv").unlink()
    head = api.list_repo_commits(name)
    with pytest.raises(AuthenticationError, match=expected):
        hublish.publish(tmp_path / "hub.yaml", endpoint=own_hub.endpoint, token=token)
    assert api.list_repo_commits(name) == head


@pytest.mark.parametrize(("mine", "theirs"), [("model", "dataset"), ("dataset", "model"), ("model", "space")])
def test_a_repo_of_another_type_is_named(
    mine: str, theirs: str, tmp_path: Path, own_home: Path, own_hub: EmbeddedHub
) -> None:
    repo_id = f"acme/advice-{mine}-{theirs}"
    sdk = "static" if theirs == "space" else None
    HfApi(endpoint=own_hub.endpoint, token=own_hub.token).create_repo(repo_id, repo_type=theirs, space_sdk=sdk)
    (warning,) = planned(tmp_path, own_hub, repo_id, own_hub.token, mine).warnings
    assert warning.hint == f"write `repo_type: {theirs}` if that repo is meant"


def test_files_of_the_last_release_are_told_from_those_of_others(
    tmp_path: Path, own_home: Path, own_hub: EmbeddedHub
) -> None:
    planned(tmp_path, own_hub, "acme/advice-less", own_hub.token)
    (tmp_path / "m" / "log.csv").write_text("1\n")
    hublish.publish(tmp_path / "hub.yaml", endpoint=own_hub.endpoint, token=own_hub.token)
    (tmp_path / "m" / "log.csv").unlink()
    plan = planned(tmp_path, own_hub, "acme/advice-less", own_hub.token)
    assert [each.path_in_repo for each in plan.changes if each.was_released] == ["log.csv"]
    assert [each.path_in_repo for each in plan.changes if each.action == "leave"] == [".gitattributes", "log.csv"]


GROUP = "66670e5163145ca562cb1988"


@pytest.mark.parametrize(
    ("created", "declared", "warned"),
    [
        ({}, {}, []),
        ({}, {"region": "us"}, []),
        ({}, {"region": "eu"}, ["repo.region"]),
        ({"region": "eu"}, {"region": "eu", "resource_group_id": GROUP}, ["repo.resource_group_id"]),
        ({"region": "eu", "resource_group_id": GROUP}, {"region": "eu", "resource_group_id": GROUP}, []),
        ({"resource_group_id": GROUP}, {"region": "us", "resource_group_id": "0" * 24}, ["repo.resource_group_id"]),
        ({"resource_group_id": GROUP}, {}, []),
    ],
)
def test_an_existing_repo_in_another_place_is_named_and_published_all_the_same(
    created: dict[str, str],
    declared: dict[str, str],
    warned: list[str],
    tmp_path: Path,
    own_home: Path,
    own_hub: EmbeddedHub,
) -> None:
    own_hub.add_organization("heron", resource_groups={GROUP: "Research"})
    api = HfApi(endpoint=own_hub.endpoint, token=own_hub.token)
    repo_id = api.create_repo(f"heron/placed-{tmp_path.name}"[:90], **created).repo_id  # type: ignore[arg-type]
    planned(tmp_path, own_hub, repo_id, own_hub.token)
    manifest = tmp_path / "hub.yaml"
    manifest.write_text(json.dumps({"repo": {"repo_id": repo_id, **declared}, "artifacts": [{"source": "m/"}]}))
    there: HubOptions = {"endpoint": own_hub.endpoint, "token": own_hub.token}
    plan = hublish.plan(manifest, **there)
    assert [(each.code, each.path) for each in plan.warnings] == [("plan.placement", path) for path in warned]
    assert plan.settings == ()
    assert hublish.publish(manifest, **there).verified
    assert hublish.plan(manifest, **there).warnings == (), "there is nothing to publish"
