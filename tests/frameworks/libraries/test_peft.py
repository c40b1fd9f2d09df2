"""peft pushes adapters to the Hub, and loads them on a base model that is on the Hub as well."""

import json
from functools import partial

import pytest
from huggingface_hub import HfApi

from tests.frameworks.libraries.on_hub import Repo, published, pull_requests
from tests.frameworks.libraries.steps import Found

SCRIPT = "with_peft"
FILES = "adapter_config.json adapter_model.safetensors"
# The push of peft, which is that of transformers, names transformers in the card.
ADAPTER = partial(
    Repo,
    library="transformers",
    task="text-classification",
    tags="transformers safetensors text-classification arxiv:1910.09700",
)
MODEL = partial(
    ADAPTER,
    files="config.json model.safetensors",
    commits=("Upload BertForSequenceClassification",),
    tags="transformers safetensors bert text-classification arxiv:1910.09700",
)
PUBLISHED = {
    "acme/base": MODEL(),
    "acme/adapter": ADAPTER(files=FILES, commits=("Add adapter",), private=True),
    "acme/adapters": ADAPTER(files=FILES, commits=("Upload model", "Upload model")),
    "acme/several": ADAPTER(
        files=f"{FILES} other/adapter_config.json other/adapter_model.safetensors", commits=("Upload model",)
    ),
    "acme/merged": MODEL(),
}


@pytest.mark.parametrize("step", ["base_model", "adapter", "revisions", "several", "merged"])
def test_what_is_loaded_is_what_was_pushed(step: str, found: Found) -> None:
    assert found[step]["pushed"]
    assert found[step]["loaded"] == found[step]["pushed"]


@pytest.mark.parametrize("repo_id", PUBLISHED)
def test_the_hub_has_the_repo(repo_id: str, found: Found, api: HfApi) -> None:
    assert published(api, repo_id) == PUBLISHED[repo_id]


def test_an_adapter_names_its_base_model(found: Found, api: HfApi) -> None:
    assert found["adapter"]["base"] == "acme/base"
    assert found["adapter"]["by_transformers"]
    info = api.model_info("acme/adapter")
    assert info.config is not None
    assert info.config["peft"] == {"base_model_name_or_path": "acme/base", "task_type": "SEQ_CLS"}


def test_an_adapter_changes_the_answers(found: Found) -> None:
    answers = [json.dumps(answer) for _, answer in found["revisions"]["loaded"].values()]
    assert len(set(answers)) == 3


def test_a_pull_request_is_open(found: Found, api: HfApi) -> None:
    assert pull_requests(api, "acme/adapters") == [(1, "open", "Upload model")]
