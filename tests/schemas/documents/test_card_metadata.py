from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.schemas.diagnose.problems import MAX_PROBLEMS
from hublish.schemas.documents.card_metadata import metadata_problems
from hublish.schemas.documents.hub_names import RepoType

RESULT = {
    "task": {"type": "image-classification"},
    "dataset": {"type": "digits", "name": "Digits", "config": "default"},
    "metrics": [{"type": "accuracy", "value": 0.97}],
    "source": {"url": "https://example.com", "name": "here"},
}


def index(**changes: Any) -> dict[str, Any]:
    return {"license": "mit", "model-index": [{"name": "x", "results": [{**RESULT, **changes}]}]}


REFUSED: dict[str, tuple[RepoType, dict[str, Any], str, str]] = {
    "license": ("model", {"license": "apache2"}, "license", "did you mean 'apache-2.0'?"),
    "license_like_nothing": ("model", {"license": "zzz"}, "license", "license: other"),
    "license_list": ("dataset", {"license": ["mit", "MIT-0!"]}, "license[1]", ""),
    "dataset_path": ("model", {"license": "mit", "datasets": ["/var/x"]}, "datasets[0]", "namespace/name"),
    "dataset_null": ("model", {"license": "mit", "datasets": [None]}, "datasets[0]", "namespace/name"),
    "base_model_path": ("model", {"license": "mit", "base_model": "./checkpoint"}, "base_model", "local path"),
    "space_color": ("space", {"colorFrom": "blu"}, "colorFrom", "did you mean 'blue'?"),
    "space_color_to": ("space", {"colorTo": "black"}, "colorTo", ""),
    "space_description": ("space", {"short_description": "x" * 61}, "short_description", "shorten it"),
    "index_no_list": ("model", {"license": "mit", "model-index": {}}, "model-index", ""),
    "index_null": ("model", {"license": "mit", "model-index": [None]}, "model-index[0]", ""),
    "index_name": ("model", {"license": "mit", "model-index": [{"results": []}]}, "model-index[0].name", ""),
    "index_results": ("model", {"license": "mit", "model-index": [{"name": "x"}]}, "model-index[0].results", ""),
    "index_task": ("model", index(task={}), "model-index[0].results[0].task.type", ""),
    "index_task_text": ("model", index(task="x"), "model-index[0].results[0].task", ""),
    "index_dataset": ("model", index(dataset={"type": "x"}), "model-index[0].results[0].dataset.name", ""),
    "index_config": (
        "model",
        index(dataset={"type": "x", "name": "x", "config": 1}),
        "model-index[0].results[0].dataset.config",
        "",
    ),
    "index_metric": ("model", index(metrics=[{"type": "x"}]), "model-index[0].results[0].metrics[0].value", ""),
    "index_source": ("model", index(source={"name": "x"}), "model-index[0].results[0].source.url", ""),
}

ADVISED: dict[str, tuple[RepoType, dict[str, Any], str, str]] = {
    "no_metadata": ("model", {}, "license", "the license is missing"),
    "license_other": ("model", {"license": "other"}, "license_name", "add license_name"),
    "task": ("model", {"license": "mit", "pipeline_tag": "image-clasification"}, "pipeline_tag", "did you mean"),
    "library": ("model", {"license": "mit", "library_name": "transformer"}, "library_name", "'transformers'?"),
    "relation": ("model", {"license": "mit", "base_model_relation": "lora"}, "base_model_relation", ""),
    "size": ("dataset", {"license": "mit", "size_categories": ["n<2K"]}, "size_categories[0]", "'n<1K'?"),
    "dataset_task": ("dataset", {"license": "mit", "task_categories": ["nonsense"]}, "task_categories[0]", ""),
    "sdk": ("space", {"sdk": "streamlit"}, "sdk", ""),
    "misspelled": ("model", {"license": "mit", "licence": "mit"}, "licence", "rename it to 'license'"),
    "misspelled_with_a_dash": ("model", {"license": "mit", "pipeline-tag": "x"}, "pipeline-tag", "'pipeline_tag'"),
    "kernel_license": ("kernel", {"license": "apache2"}, "license", "'apache-2.0'?"),
}


@pytest.mark.parametrize(("repo_type", "metadata", "path", "hint"), REFUSED.values(), ids=REFUSED.keys())
def test_values_that_the_hub_rejects_are_errors(
    repo_type: RepoType, metadata: dict[str, Any], path: str, hint: str
) -> None:
    (only,) = metadata_problems(metadata, repo_type)
    assert (only.severity, only.code, only.path) == ("error", "card.refused", f"card.metadata.{path}")
    assert hint in only.hint


@pytest.mark.parametrize(("repo_type", "metadata", "path", "hint"), ADVISED.values(), ids=ADVISED.keys())
def test_values_that_the_hub_accepts_are_at_most_warnings(
    repo_type: RepoType, metadata: dict[str, Any], path: str, hint: str
) -> None:
    (only,) = metadata_problems(metadata, repo_type)
    assert (only.severity, only.code, only.path) == ("warning", "card.advice", f"card.metadata.{path}")
    assert hint in f"{only.message} {only.hint}"


@pytest.mark.parametrize(
    ("repo_type", "metadata"),
    [
        ("model", {"license": "apache-2.0", "pipeline_tag": "image-classification", "library_name": "transformers"}),
        ("model", {"license": ["mit", "cc-by-4.0"], "datasets": ["squad", "acme/x"], "base_model": ["a/b"]}),
        ("model", {"license": "other", "license_name": "own", "license_link": "LICENSE", "my_key": [1]}),
        ("model", index()),
        ("model", {"license": "mit", "model-index": []}),
        ("dataset", {"license": "mit", "size_categories": "1K<n<10K", "task_categories": ["question-answering"]}),
        (
            "space",
            {"title": "X", "colorFrom": "red", "colorTo": "gray", "sdk": "docker", "short_description": "x" * 9},
        ),
        ("kernel", {"license": "mit"}),
    ],
)
def test_a_good_card_has_no_problems(repo_type: RepoType, metadata: dict[str, Any]) -> None:
    assert metadata_problems(metadata, repo_type) == ()


def test_the_path_of_the_metadata_is_configurable() -> None:
    (only,) = metadata_problems({}, "model", path="README.md")
    assert only.path == "README.md.license"


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
KEYS = [
    "license",
    "datasets",
    "base_model",
    "model-index",
    "colorFrom",
    "pipeline_tag",
    "short_description",
    "sdk",
    "x",
]


@given(st.dictionaries(st.sampled_from(KEYS), anything), st.sampled_from(["model", "dataset", "space", "kernel"]))
def test_any_front_matter_can_be_checked(metadata: dict[str, Any], repo_type: RepoType) -> None:
    for problem in metadata_problems(metadata, repo_type):
        assert problem.message
        assert problem.path.startswith("card.metadata.")


def test_at_most_a_hundred_problems_are_reported_errors_first() -> None:
    advice = {f"tag{number}": "" for number in range(5_000)} | {"pipeline_tag": ["nonsense"] * 5_000}
    found = metadata_problems({**advice, "license": ["nonsense"] * 5_000}, "model")
    assert len(found) == MAX_PROBLEMS
    assert {problem.severity for problem in found} == {"error"}


# Names that exist, and of which another one is on the Hub's list.
NOT_MISSPELLED = {
    "library_name": (
        *("torch", "pytorch", "tensorflow", "lightning", "paddle", "whisper", "yolov5", "sam", "medcat", "stan", "jax"),
        *(
            "ctransformers",
            "rkeras",
            "flux",
            "mlx-lm",
            "onnx",
            "xgboost",
            "torchvision",
            "huggingface_hub",
            "onnxruntime",
        ),
    ),
    "pipeline_tag": ("text2text-generation", "image-generation", "music-generation", "graph", "reranking", "ner"),
}


@pytest.mark.parametrize(("key", "value"), [(key, each) for key, values in NOT_MISSPELLED.items() for each in values])
def test_a_name_that_is_another_thing_gets_no_suggestion(key: str, value: str) -> None:
    (only,) = metadata_problems({"license": "mit", key: value}, "model")
    assert only.path == f"card.metadata.{key}"
    assert "did you mean" not in only.hint


@pytest.mark.parametrize(
    ("key", "value", "meant"),
    [
        ("library_name", "sentence_transformers", "'sentence-transformers'"),
        ("library_name", "Transformers", "'transformers'"),
        ("library_name", "transfromers", "'transformers'"),
        ("library_name", "transformers-js", "'transformers.js'"),
        ("pipeline_tag", "text2image", "'text-to-image'"),
        ("pipeline_tag", "text_generation", "'text-generation'"),
        ("pipeline_tag", "summarisation", "'summarization'"),
        ("license", "gplv3", "'gpl-3.0'"),
        ("license", "GPL-3.0-or-later", "'gpl-3.0'"),
        ("license", "AGPL-3.0-only", "'agpl-3.0'"),
        ("license", "mpl", "'mpl-2.0'"),
        ("license", "cc0", "'cc0-1.0'"),
        ("license", "bsd-3", "'bsd-3-clause'"),
        ("license", "llama-3", "'llama3'"),
        ("license", "cc-by-4", "'cc-by-4.0'"),
        ("license", "epl", "'epl-1.0' or 'epl-2.0'"),
    ],
)
def test_a_misspelled_name_or_a_part_of_an_id_is_recognized(key: str, value: str, meant: str) -> None:
    (only,) = metadata_problems({"license": "mit", key: value}, "model")
    assert only.hint == f"did you mean {meant}?"


@pytest.mark.parametrize("value", ["mpl-1.1", "proprietary", "python-2.0", "sspl", "commercial", "none", ""])
def test_a_license_that_the_hub_lacks_gets_no_other_license(value: str) -> None:
    (only,) = metadata_problems({"license": value}, "model")
    assert "license: other" in only.hint or "license is missing" in only.message
