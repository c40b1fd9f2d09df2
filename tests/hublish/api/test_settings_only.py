"""Change only settings of a published release: no new version, no commit, and the released hub.yaml stays."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import HfApi, close_session

import hublish
from hublish.base.errors import RemoteConflictError
from hublish.hub.server import EmbeddedHub

REPO = {"visibility": "private", "gated": "auto"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedHub]:
    with EmbeddedHub(tmp_path_factory.mktemp("hub")) as hub:
        yield hub
        close_session()


def declare(folder: Path, repo: dict[str, Any], **more: Any) -> Path:
    manifest = folder / "hub.yaml"
    manifest.write_text(json.dumps({"repo": repo, "artifacts": [{"source": "config.json"}], **more}))
    return manifest


@pytest.mark.parametrize("tag", [None, "v1"])
@pytest.mark.parametrize(
    "change",
    [
        {"visibility": "public"},
        {"gated": False},
        {"gated": "manual", "visibility": "public"},
        {"commit_message": "Another", "commit_description": "text"},
        {"create_pr": False},
    ],
)
def test_a_changed_setting_is_applied_without_a_commit(
    change: dict[str, Any], tag: str | None, tmp_path: Path, server: EmbeddedHub
) -> None:
    api = HfApi(endpoint=server.endpoint, token=server.token)
    options: dict[str, Any] = {"endpoint": server.endpoint, "token": server.token}
    repo = {"repo_id": f"acme/{tmp_path.name}", **REPO, **({"tag": tag} if tag else {})}
    (tmp_path / "config.json").write_text("{}")
    first = hublish.publish(declare(tmp_path, repo), **options)
    manifest = declare(tmp_path, {**repo, **change})
    plan = hublish.plan(manifest, **options)
    changed = {name for name in ("visibility", "gated") if name in change}
    assert {setting.name for setting in plan.settings} == changed
    assert {each.action.value for each in plan.changes} == {"keep", "leave"}
    receipt = hublish.publish(manifest, plan=plan, **options)
    assert (receipt.created, receipt.commit, receipt.tag) == (False, first.commit, tag)
    info = api.model_info(repo["repo_id"])
    assert info.private == (change.get("visibility", "private") == "private")
    assert info.gated == change.get("gated", "auto")
    assert hublish.verify(tmp_path / "hub.lock", **options).ok
    status = hublish.status(manifest, **options)
    assert not status.changed, status
    assert hublish.plan(manifest, **options).nothing_to_do


@pytest.mark.parametrize(
    "more",
    [
        {"load": {"allow_patterns": ["*.json"]}},
        {"variables": {"version": "2"}},
        {"patterns": {"delete_patterns": ["old/*"]}},
    ],
)
def test_a_change_of_anything_else_needs_a_new_version(
    more: dict[str, Any], tmp_path: Path, server: EmbeddedHub
) -> None:
    options: dict[str, Any] = {"endpoint": server.endpoint, "token": server.token}
    repo = {"repo_id": f"acme/{tmp_path.name}", **REPO, "tag": "v1"}
    (tmp_path / "config.json").write_text("{}")
    hublish.publish(declare(tmp_path, repo), **options)
    manifest = declare(tmp_path, {**repo, "visibility": "public"}, **more)
    plan = hublish.plan(manifest, **options)
    assert [each.path_in_repo for each in plan.changes if each.action == "change"] == ["hub.yaml"]
    assert [problem.path for problem in plan.refusals] == ["repo.tag"]
    with pytest.raises(RemoteConflictError, match="v1 is already at"):
        hublish.publish(manifest, **options)


def test_a_changed_file_takes_the_new_settings_along(tmp_path: Path, server: EmbeddedHub) -> None:
    options: dict[str, Any] = {"endpoint": server.endpoint, "token": server.token}
    repo = {"repo_id": f"acme/{tmp_path.name}", **REPO, "tag": "v1"}
    (tmp_path / "config.json").write_text("{}")
    hublish.publish(declare(tmp_path, repo), **options)
    (tmp_path / "config.json").write_text("{ }")
    plan = hublish.plan(declare(tmp_path, {**repo, "visibility": "public", "tag": "v2"}), **options)
    assert {each.path_in_repo for each in plan.changes if each.action == "change"} == {"config.json", "hub.yaml"}


def test_a_comment_is_a_change_of_the_file(tmp_path: Path, server: EmbeddedHub) -> None:
    options: dict[str, Any] = {"endpoint": server.endpoint, "token": server.token}
    (tmp_path / "config.json").write_text("{}")
    manifest = declare(tmp_path, {"repo_id": f"acme/{tmp_path.name}"})
    hublish.publish(manifest, **options)
    manifest.write_text(manifest.read_text() + "\n# reviewed\n")
    assert hublish.plan(manifest, **options).commits
