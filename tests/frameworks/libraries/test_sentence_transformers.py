"""sentence-transformers pushes to the Hub and loads from it."""

import pytest
from huggingface_hub import HfApi

from tests.frameworks.libraries.on_hub import Repo, published, pull_requests
from tests.frameworks.libraries.steps import Found

SCRIPT = "with_sentence_transformers"
FILES = "config.json config_sentence_transformers.json model.safetensors modules.json sentence_bert_config.json"
WORDS = "tokenizer.json tokenizer_config.json"
OWN = "sentence-transformers safetensors bert"
PUBLISHED = {
    "acme/embedder": Repo(
        files=f"1_Pooling/config.json 2_Dense/config.json 2_Dense/model.safetensors 3_Normalize/config.json {FILES}"
        f" {WORDS}",
        commits=("Add embedder",),
        private=True,
        library="sentence-transformers",
        task="sentence-similarity",
        tags=f"{OWN} sentence-similarity feature-extraction dense",
    ),
    "acme/cross-encoder": Repo(
        files=f"{FILES} {WORDS}",
        commits=("Add new CrossEncoder model",),
        library="sentence-transformers",
        task="text-ranking",
        tags=f"{OWN} text-ranking cross-encoder reranker",
    ),
    "acme/sparse-encoder": Repo(
        files=f"1_SpladePooling/config.json {FILES} {WORDS}",
        commits=("Add new SparseEncoder model",),
        library="sentence-transformers",
        task="feature-extraction",
        tags=f"{OWN} feature-extraction sparse-encoder sparse splade",
    ),
}


@pytest.mark.parametrize("step", ["embedder", "revisions", "cross_encoder", "sparse_encoder", "minilm"])
def test_what_is_loaded_is_what_was_pushed(step: str, found: Found) -> None:
    assert found[step]["pushed"]
    assert found[step]["loaded"] == found[step]["pushed"]


@pytest.mark.parametrize("repo_id", PUBLISHED)
def test_the_hub_has_the_repo(repo_id: str, found: Found, api: HfApi) -> None:
    assert published(api, repo_id) == PUBLISHED[repo_id]


def test_all_modules_are_loaded(found: Found) -> None:
    assert found["embedder"]["modules"] == ["Transformer", "Pooling", "Dense", "Normalize"]


def test_a_push_returns_the_page_of_its_commit(found: Found, api: HfApi) -> None:
    assert found["embedder"]["url"] == f"{api.endpoint}/acme/embedder/commit/{api.model_info('acme/embedder').sha}"


def test_a_branch_and_a_pull_request_have_other_weights(found: Found, api: HfApi) -> None:
    draft, opened = found["revisions"]["loaded"].values()
    assert draft != opened
    assert [branch.name for branch in api.list_repo_refs("acme/embedder").branches] == ["draft", "main"]
    # The client opens the pull request of a folder as a draft.
    assert pull_requests(api, "acme/embedder") == [(1, "draft", "Add new SentenceTransformer model")]
    described = api.get_discussion_details("acme/embedder", 1).events[0]
    assert "automatically generated to add SentenceTransformer compatibility" in getattr(described, "content", "")


def test_a_repo_that_exists_is_refused(found: Found) -> None:
    refused = found["revisions"]["refused"]
    assert refused.startswith("HfHubHTTPError: Client error '409 Conflict'")


def test_a_real_model_is_published_whole(found: Found, api: HfApi) -> None:
    step = found["minilm"]
    assert 0.6 < step["similarity"] < 0.8
    repo = published(api, "acme/minilm")
    assert {name.split("/")[0] for name in repo.files.split()} == set(step["files"]) - {"README.md", ".gitattributes"}
    assert (repo.library, repo.task) == ("sentence-transformers", "sentence-similarity")
    assert {"license:apache-2.0", "en", "dataset:ms_marco", "arxiv:1904.06472"} <= set(repo.tags.split())
    counted = api.model_info("acme/minilm").safetensors
    assert counted is not None
    assert counted.total == 22_713_728
