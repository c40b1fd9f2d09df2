"""transformers pushes to the Hub and loads from it."""

from functools import partial

import pytest
from huggingface_hub import HfApi

from tests.frameworks.libraries.on_hub import Repo, published, pull_requests
from tests.frameworks.libraries.steps import Found

SCRIPT = "with_transformers"
WORDS = "tokenizer.json tokenizer_config.json"

# The card that transformers writes quotes a paper.
BERT = partial(
    Repo,
    library="transformers",
    task="text-classification",
    tags="transformers safetensors bert text-classification arxiv:1910.09700",
)
PUBLISHED = {
    "acme/classifier": BERT(
        tags="transformers safetensors bert text-classification tiny demo arxiv:1910.09700",
        files=f"config.json model.safetensors {WORDS}",
        commits=("Upload config", "Add weights", "Add words"),
        private=True,
    ),
    "acme/pipeline": BERT(
        files=f"config.json model.safetensors {WORDS}",
        commits=("Upload TextClassificationPipeline",),
    ),
    "acme/shards": BERT(
        files=" ".join(
            ["config.json"]
            + [f"model-{number:05d}-of-00005.safetensors" for number in range(1, 6)]
            + ["model.safetensors.index.json"]
        ),
        commits=("Upload BertForSequenceClassification",),
    ),
    "acme/bert-revisions": BERT(
        files="config.json model.safetensors",
        commits=("Upload BertForSequenceClassification", "Better weights"),
    ),
    "acme/subfolder": Repo(
        files=" ".join(f"models/first/{name}" for name in ["config.json", "model.safetensors", *WORDS.split()]),
        commits=("Upload folder using huggingface_hub",),
        tags="safetensors",
    ),
    "acme/language-model": Repo(
        files=f"config.json generation_config.json model.safetensors {WORDS}",
        commits=("Upload model", "Upload tokenizer"),
        library="transformers",
        task="text-generation",
        tags="transformers safetensors gpt2 text-generation arxiv:1910.09700",
    ),
    "acme/processor": Repo(
        files=f"processor_config.json {WORDS}",
        commits=("Upload processor",),
        library="transformers",
        tags="transformers arxiv:1910.09700",
    ),
    "acme/image-processor": Repo(
        files="preprocessor_config.json",
        commits=("Upload processor",),
        library="transformers",
        tags="transformers arxiv:1910.09700",
    ),
    "acme/custom-code": Repo(
        files="config.json model.safetensors with_transformers.py",
        commits=("Upload model",),
        library="transformers",
        task="feature-extraction",
        tags="transformers safetensors tiny feature-extraction custom_code arxiv:1910.09700",
    ),
    "acme/checkpoint": BERT(
        # The configuration of a model that was never saved does not name its class.
        task=None,
        tags="transformers pytorch bert arxiv:1910.09700",
        files="config.json pytorch_model.bin",
        commits=("Upload config", "Upload pytorch_model.bin with huggingface_hub"),
    ),
    "acme/long": BERT(files="config.json model.safetensors", commits=("Upload BertForSequenceClassification",)),
    "acme/trained": BERT(
        tags="transformers safetensors bert text-classification generated_from_trainer en license:mit",
        files=f"config.json model.safetensors {WORDS} training_args.bin",
        commits=("Training in progress, epoch 1", "End of training"),
    ),
}


@pytest.mark.parametrize(
    "step",
    [
        *("classifier", "answers_of_a_pipeline", "shards", "revisions", "subfolder", "language_model", "processors"),
        *("custom_code", "trainer", "checkpoint", "names"),
    ],
)
def test_what_is_loaded_is_what_was_pushed(step: str, found: Found) -> None:
    assert found[step]["pushed"]
    assert found[step]["loaded"] == found[step]["pushed"]


@pytest.mark.parametrize("repo_id", PUBLISHED)
def test_the_hub_has_the_repo(repo_id: str, found: Found, api: HfApi) -> None:
    assert published(api, repo_id) == PUBLISHED[repo_id]


def test_the_task_of_a_model_is_taken_from_the_hub(found: Found) -> None:
    step = found["answers_of_a_pipeline"]
    assert step["by_id"] == step["pushed"]
    assert {answer["label"] for answer in step["by_id"]} <= {"bad", "fair", "good"}


def test_a_model_is_loaded_from_the_cache(found: Found) -> None:
    weights, _, words = found["classifier"]["pushed"]
    assert found["cached"] == [weights, words]


def test_every_revision_has_other_weights(found: Found, api: HfApi) -> None:
    loaded = found["revisions"]["loaded"]
    assert len({str(weights) for weights in loaded.values()}) == len(loaded) == 5
    refs = api.list_repo_refs("acme/bert-revisions", include_pull_requests=True)
    assert [branch.name for branch in refs.branches] == ["experiment", "main"]
    assert [tag.name for tag in refs.tags] == ["v1"]
    commits = api.list_repo_commits("acme/bert-revisions", revision="refs/pr/1")
    assert [commit.title for commit in commits][:2] == ["Late weights", "Even better weights"]
    assert [commit.commit_id for commit in commits][:2] == list(found["revisions"]["commits"].values())[::-1]
    assert pull_requests(api, "acme/bert-revisions") == [(1, "open", "Even better weights")]


def test_the_description_of_a_commit_is_kept(found: Found, api: HfApi) -> None:
    assert api.list_repo_commits("acme/classifier")[0].message.strip() == "Eight of them."


def test_model_info_describes_the_model(found: Found, api: HfApi) -> None:
    info = api.model_info("acme/classifier")
    assert info.safetensors is not None
    assert info.safetensors.parameters == {"F32": 4163}
    assert info.transformers_info is not None
    assert (info.transformers_info.auto_model, info.transformers_info.processor) == (
        "AutoModelForSequenceClassification",
        "AutoTokenizer",
    )
    assert info.config is not None
    assert (info.config["model_type"], info.config["architectures"]) == ("bert", ["BertForSequenceClassification"])


def test_the_generation_of_a_language_model_is_loaded(found: Found) -> None:
    assert found["language_model"]["generation"] == 5


def test_the_half_of_a_processor_gives_the_same_pixels(found: Found) -> None:
    assert found["processors"]["alone"] == found["processors"]["loaded"][1]


def test_code_of_the_repo_runs_only_with_permission(found: Found, api: HfApi) -> None:
    step = found["custom_code"]
    assert "trust_remote_code=True" in step["refused"]
    commit = api.model_info("acme/custom-code").sha
    assert step["module"] == f"transformers_modules.acme.custom_hyphen_code.{commit}.with_transformers"


def test_what_does_not_exist_is_named(found: Found) -> None:
    step = found["missing"]
    assert "acme/nowhere is not a local folder and is not a valid model identifier" in step["repo"]
    assert "v9 is not a valid git identifier" in step["revision"]
    assert "Can't load image processor for 'acme/shards'" in step["file"]


def test_another_user_is_refused_with_the_reason_and_opens_a_pull_request(found: Found, api: HfApi) -> None:
    step = found["strangers"]
    assert "You are trying to access a gated repo" in step["gated"]
    assert "You are trying to access a gated repo" in step["anonymous"]
    assert "acme/classifier is not a local folder and is not a valid model identifier" in step["private"]
    assert "403 Forbidden" in step["push"]
    assert step["opened"] == "refs/pr/1"
    assert pull_requests(api, "acme/open") == [(1, "open", "From Eve")]
    assert api.get_discussion_details("acme/open", 1).author == "eve"
    assert len(api.list_repo_commits("acme/open")) == 2
