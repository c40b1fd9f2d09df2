"""A draft from a repo publishes the files it holds, from the folder they were pulled into."""

from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import HfApi

import hublish
from hublish.api.init import Draft
from hublish.base.errors import NotFoundError
from hublish.base.values import Action
from hublish.hub.server import EmbeddedHub
from hublish.schemas.documents.hub_names import RepoType
from tests.pipeline.draft.shapes import models, others

SHAPES = {**models.SHAPES, **others.SHAPES}
KINDS: dict[str, RepoType] = {"tables": "dataset", "pictures": "dataset", "static": "space", "gradio": "space"}
TITLES = ["transformers", "sharded", "diffusers", "minilm", "gguf", "with_card", *KINDS]
EVERY = pytest.mark.parametrize("title", TITLES)
ADDED = {"hub.yaml"}


@pytest.fixture
def repo_id(title: str, tmp_path: Path, own_hub: EmbeddedHub, own_home: Path) -> str:
    """A repo that holds a folder of that shape, pushed by the client as it is."""
    repo_id, folder = f"acme/from-{title.replace('_', '-')}", tmp_path / "pushed"
    folder.mkdir()
    SHAPES[title].build(folder)
    api = HfApi(endpoint=own_hub.endpoint, token=own_hub.token)
    kind = KINDS.get(title, "model")
    api.create_repo(repo_id, repo_type=kind, space_sdk="static" if kind == "space" else None, exist_ok=True)
    api.upload_folder(repo_id=repo_id, folder_path=folder, repo_type=kind)
    return repo_id


def drafted(repo_id: str, folder: Path, hub: EmbeddedHub, title: str = "") -> Draft:
    kind = KINDS.get(title, "model")
    return hublish.init(folder, from_repo=repo_id, repo_type=kind, endpoint=hub.endpoint, token=hub.token)


@EVERY
def test_a_pulled_repo_is_published_again_unchanged(
    title: str, repo_id: str, tmp_path: Path, own_hub: EmbeddedHub
) -> None:
    there: dict[str, Any] = {"endpoint": own_hub.endpoint, "token": own_hub.token}
    # The shape for diffusers contains a pickle.
    trust = hublish.Trust(pickle=title == "diffusers")
    hublish.pull(repo_id, repo_type=KINDS.get(title, "model"), local_dir=tmp_path / "here", trust=trust, **there)
    made = drafted(repo_id, tmp_path / "here", own_hub, title)
    assert made.complete
    assert made.manifest.repo.repo_id == repo_id
    plan = hublish.plan(tmp_path / "here" / "hub.yaml", **there)
    assert {change.path_in_repo for change in plan.of(Action.ADD)} == ADDED
    assert plan.of(Action.CHANGE) == ()
    left = {change.path_in_repo for change in plan.of(Action.LEAVE)} - {".gitattributes"}
    assert all(any(one.path == path or path.startswith(one.path) for one in made.left_out) for path in left)


@EVERY
def test_the_draft_is_the_same_before_the_files_are_there(
    title: str, repo_id: str, tmp_path: Path, own_hub: EmbeddedHub
) -> None:
    before = drafted(repo_id, tmp_path / "new", own_hub, title)
    assert not before.complete
    assert (tmp_path / "new" / "hub.yaml").read_text() == before.text
    (tmp_path / "new" / "hub.yaml").unlink()
    there: dict[str, Any] = {"endpoint": own_hub.endpoint, "token": own_hub.token}
    trust = hublish.Trust(pickle=title == "diffusers")
    hublish.pull(repo_id, repo_type=KINDS.get(title, "model"), local_dir=tmp_path / "new", trust=trust, **there)
    assert drafted(repo_id, tmp_path / "new", own_hub, title).text == before.text


@pytest.mark.parametrize("title", ["sharded_pickles"])
def test_weights_that_are_pickles_are_converted(title: str, repo_id: str, tmp_path: Path, own_hub: EmbeddedHub) -> None:
    made = drafted(repo_id, tmp_path / "new", own_hub)
    assert made.manifest.artifacts[0].source == "pytorch_model.bin.index.json"
    assert made.manifest.artifacts[0].serializer == "safetensors"
    assert made.manifest.card is None


@pytest.mark.parametrize("title", ["transformers"])
def test_large_files_are_not_fetched(
    title: str, repo_id: str, tmp_path: Path, own_hub: EmbeddedHub, own_home: Path
) -> None:
    made = drafted(repo_id, tmp_path / "new", own_hub)
    assert not any(own_home.rglob("snapshots/*/*"))
    assert made.commit is not None
    assert f"{repo_id} at {made.commit}" in made.text.replace("\n# ", " ")


def test_a_private_repo_needs_the_token(tmp_path: Path, own_hub: EmbeddedHub, own_home: Path) -> None:
    api = HfApi(endpoint=own_hub.endpoint, token=own_hub.token)
    api.create_repo("acme/from-private", private=True, exist_ok=True)
    api.upload_file(path_or_fileobj=b"x", path_in_repo="model.gguf", repo_id="acme/from-private")
    assert drafted("acme/from-private", tmp_path, own_hub).manifest.artifacts[0].serializer == "gguf"
    with pytest.raises(NotFoundError):
        hublish.init(tmp_path, from_repo="acme/from-private", endpoint=own_hub.endpoint, token=False, force=True)
