"""timm pushes to the Hub and loads from it."""

import pytest
from huggingface_hub import HfApi

from tests.frameworks.libraries.on_hub import Repo, published, pull_requests
from tests.frameworks.libraries.steps import Found

SCRIPT = "with_timm"
PUBLISHED = {
    "acme/animals": Repo(
        files="config.json model.safetensors pytorch_model.bin",
        commits=("Add animals",),
        private=True,
        library="timm",
        task="image-classification",
        tags="timm pytorch safetensors image-classification tiny dataset:acme/animals license:mit",
    ),
    "acme/features": Repo(
        files="config.json model.safetensors",
        commits=("Add model",),
        library="timm",
        task="image-feature-extraction",
        tags="timm safetensors image-feature-extraction transformers license:apache-2.0",
    ),
    "acme/resnet-revisions": Repo(
        files="config.json pytorch_model.bin",
        commits=("Add model", "Better weights"),
        library="timm",
        task="image-classification",
        tags="timm pytorch image-classification transformers license:apache-2.0",
    ),
}


@pytest.mark.parametrize("step", ["classifier", "other_head", "features", "revisions"])
def test_what_is_loaded_is_what_was_pushed(step: str, found: Found) -> None:
    assert found[step]["pushed"]
    assert found[step]["loaded"] == found[step]["pushed"]


@pytest.mark.parametrize("repo_id", PUBLISHED)
def test_the_hub_has_the_repo(repo_id: str, found: Found, api: HfApi) -> None:
    assert published(api, repo_id) == PUBLISHED[repo_id]


def test_the_configuration_has_the_names_of_the_classes(found: Found, api: HfApi) -> None:
    names = {"cat": "a cat", "dog": "a dog", "fish": "a fish"}
    assert found["classifier"]["config"] == ["test_resnet", 3, 3, names]
    assert found["classifier"]["commit"] == api.model_info("acme/animals").sha


def test_the_classes_are_replaced_and_the_other_weights_kept(found: Found) -> None:
    assert found["other_head"]["classes"] == 5


def test_every_revision_has_other_weights(found: Found, api: HfApi) -> None:
    step = found["revisions"]
    assert len({str(weights) for weights in step["loaded"].values()}) == 3
    assert step["pickled"]
    assert step["opened"] == "refs/pr/1"
    # The client opens the pull request of a folder as a draft.
    assert pull_requests(api, "acme/resnet-revisions") == [(1, "draft", "Add model")]
    files = {file.rfilename for file in api.model_info("acme/resnet-revisions", revision="refs/pr/1").siblings or []}
    assert "model.safetensors" in files
