"""A folder without hub.yaml is released by the manifest that `init` would draft."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

import hublish
from hublish.api.read_folder import keep_draft, suggested_repo_id
from hublish.base.errors import DraftError, HublishError, PolicyError, UsageError
from tests.pipeline.draft.shapes import carded, models, others
from tests.pipeline.draft.shapes.making import npz, write
from tests.planted_tokens import ALPHANUMERIC, draw

SHAPES = {**models.SHAPES, **carded.SHAPES, **others.SHAPES}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "digits"
    npz(made / "model.npz")
    write(made / "config.json", "{}")
    return made


def publish(folder: Path, **options: Any) -> hublish.Receipt:
    return hublish.publish(folder, endpoint="embedded", **options)


def test_a_kept_draft_is_the_one_of_init_and_leaves_nothing_to_do(folder: Path) -> None:
    first = publish(folder, repo_id="me/digits", private=True, tag="v1")
    assert first.verified
    assert first.plan.release.project.drafted
    assert not (folder / "hub.yaml").exists()
    lock = (folder / "hub.lock").read_bytes()
    drafted = hublish.init(folder, repo_id="me/digits", private=True, tag="v1", out=None).text
    assert keep_draft(first.plan.release.project).read_text() == drafted
    again = publish(folder)
    assert again.plan.nothing_to_do
    assert not again.plan.release.project.drafted
    assert (folder / "hub.lock").read_bytes() == lock
    assert not hublish.status(folder, endpoint="embedded").changed
    assert hublish.verify(folder, endpoint="embedded").ok


@pytest.mark.parametrize("title", SHAPES)
def test_a_draft_in_memory_is_the_one_that_init_writes(title: str, tmp_path: Path) -> None:
    folder = tmp_path / SHAPES[title].name
    folder.mkdir()
    SHAPES[title].build(folder)
    in_memory = hublish.read_folder(folder, "me/x")
    hublish.init(folder, repo_id="me/x")
    written = hublish.read_folder(folder, "me/x")
    assert in_memory.text == written.text
    assert in_memory.manifest == written.manifest
    assert in_memory.lock_path == written.lock_path


def test_an_unchanged_folder_is_published_once_without_any_hub_yaml(folder: Path) -> None:
    publish(folder, repo_id="me/digits")
    assert publish(folder, repo_id="me/digits").plan.nothing_to_do


def test_a_reviewed_plan_of_a_draft_is_published_exactly(folder: Path, tmp_path: Path) -> None:
    plan = hublish.plan(hublish.read_folder(folder, "me/digits"), endpoint="embedded")
    write(folder / "config.json", '{"hidden": 1}')
    with pytest.raises(HublishError, match=r"config\.json"):
        publish(folder, repo_id="me/digits", plan=plan)
    write(folder / "config.json", "{}")
    assert publish(folder, repo_id="me/digits", plan=plan).created


def test_one_file_is_released_without_its_neighbors(folder: Path) -> None:
    npz(folder / "other.npz")
    write(folder / "LICENSE", "MIT License")
    receipt = publish(folder / "model.npz", repo_id="me/digits")
    paths = [file.path_in_repo for file in receipt.plan.release.files]
    assert paths == ["README.md", "hub.yaml", "model.safetensors"]


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("digits", {}, "has no hub.yaml, and no repo is given"),
        ("digits", {"tag": "v1"}, "has no hub.yaml, and no repo is given"),
        ("digits", {"repo_id": "a/b/c"}, "repo_id must be"),
        ("digits", {"repo_id": "datasets/a/b"}, "the type of the repo belongs in repo_type"),
        ("digits", {"repo_id": "a/b", "tag": "v 1"}, "v 1: not a valid"),
        ("nowhere", {"repo_id": "a/b"}, "nowhere is not a file"),
        ("declared", {"repo_id": "me/other"}, "repo_id is me/digits, not me/other"),
        ("declared", {"repo_type": "dataset", "tag": "v2"}, "repo_type is model, not dataset; tag is not set, not v2"),
        ("declared", {"private": True}, "visibility is not set, not private"),
        ("declared/model.npz", {"repo_id": "me/digits"}, "declares a release already"),
    ],
)
def test_a_call_that_does_not_fit_is_refused(
    name: str, arguments: dict[str, Any], message: str, folder: Path, tmp_path: Path
) -> None:
    npz(tmp_path / "declared" / "model.npz")
    hublish.init(tmp_path / "declared", repo_id="me/digits")
    with pytest.raises(UsageError, match=message) as caught:
        hublish.read_folder(tmp_path / name, **arguments)
    assert caught.value.hint


def test_choices_that_agree_with_hub_yaml_are_accepted(folder: Path) -> None:
    choices: dict[str, Any] = {"repo_id": "me/digits", "repo_type": "model", "private": True, "tag": "v1"}
    hublish.init(folder, **choices)
    assert not hublish.read_folder(folder, **choices).drafted


def test_the_choices_are_for_folders_alone(folder: Path) -> None:
    hublish.init(folder, repo_id="me/digits")
    with pytest.raises(UsageError, match="a manifest declares them itself"):
        hublish.publish(folder / "hub.yaml", repo_id="me/digits", endpoint="embedded")
    with pytest.raises(UsageError, match="a manifest declares them itself"):
        hublish.publish(hublish.read_project(folder), tag="v1", endpoint="embedded")


def test_a_link_that_leads_nowhere_is_a_manifest(folder: Path) -> None:
    (folder / "hub.yaml").symlink_to(folder.parent / "elsewhere.yaml")
    with pytest.raises(HublishError, match=r"hub\.yaml does not exist"):
        hublish.read_folder(folder, "me/digits")


def test_a_folder_with_nothing_to_release_says_what_was_searched(tmp_path: Path) -> None:
    with pytest.raises(DraftError, match="nothing to release") as caught:
        publish(tmp_path, repo_id="me/digits")
    assert "searched for weights" in caught.value.hint


def test_a_secret_stops_the_release_and_the_hint_leads_to_the_manifest(folder: Path) -> None:
    token = "hf_" + draw(random.Random(5), ALPHANUMERIC, 34)
    write(folder / "config.json", json.dumps({"token": token}))
    with pytest.raises(PolicyError, match=r"config\.json") as caught:
        publish(folder, repo_id="me/digits")
    assert f"`hublish init {folder}` drafts the manifest as a file" in caught.value.hint
    assert token not in str(caught.value)


def test_a_hub_yaml_that_appeared_meanwhile_is_not_replaced(folder: Path) -> None:
    project = hublish.read_folder(folder, "me/digits")
    write(folder / "hub.yaml", "mine: true\n")
    with pytest.raises(DraftError, match="was not changed"):
        keep_draft(project)
    assert (folder / "hub.yaml").read_text() == "mine: true\n"
    (folder / "hub.yaml").unlink()
    keep_draft(project)
    assert keep_draft(project).read_bytes() == project.text
    (folder / "hub.yaml").unlink()
    (folder / "hub.yaml").mkdir()
    with pytest.raises(DraftError, match="was not changed"):
        keep_draft(project)


def test_a_likely_repo_is_that_of_the_clone_or_has_the_name_of_the_account(
    folder: Path, embedded_hub: hublish.EmbeddedHub
) -> None:
    assert suggested_repo_id(folder, token=False) == "NAMESPACE/digits"
    assert suggested_repo_id(folder / "model.npz", token=False) == "NAMESPACE/model"
    assert suggested_repo_id(folder, endpoint=embedded_hub.endpoint, token="hf_unknown") == "NAMESPACE/digits"
    eve = embedded_hub.add_user("eve")
    assert suggested_repo_id(folder, endpoint=embedded_hub.endpoint, token=eve) == "eve/digits"
    write(folder / ".git" / "config", '[remote "origin"]\n\turl = https://huggingface.co/acme/rows\n')
    assert suggested_repo_id(folder, endpoint=embedded_hub.endpoint, token=eve) == "acme/rows"
