"""License, base models, datasets and languages, from metadata and configurations."""

from typing import Any

import pytest

from tests.hublish.cards.facts.releases import Files, derived

COMMIT = "0123456789abcdef0123456789abcdef01234567"
ADAPTER = {"peft_type": "LORA", "base_model_name_or_path": "acme/base", "revision": COMMIT}

BASES: dict[str, tuple[Files, dict[str, Any], list[dict[str, str]] | None, str]] = {
    "metadata": ({}, {"base_model": "acme/base"}, [{"repo_id": "acme/base"}], "README.md"),
    "a list": ({}, {"base_model": ["acme/a", "acme/b"]}, [{"repo_id": "acme/a"}, {"repo_id": "acme/b"}], "README.md"),
    "a relation": (
        {},
        {"base_model": "acme/base", "base_model_relation": "quantized"},
        [{"repo_id": "acme/base", "relation": "quantized"}],
        "README.md",
    ),
    "an adapter": (
        {"adapter_config.json": ADAPTER},
        {},
        [{"repo_id": "acme/base", "commit": COMMIT, "relation": "adapter"}],
        "adapter_config.json",
    ),
    "an adapter and metadata": (
        {"adapter_config.json": ADAPTER},
        {"base_model": ["acme/base", "acme/other"]},
        [
            {"repo_id": "acme/base", "commit": COMMIT, "relation": "adapter"},
            {"repo_id": "acme/other", "relation": "adapter"},
        ],
        "README.md",
    ),
    "a revision that is a branch": (
        {"adapter_config.json": {**ADAPTER, "revision": "main"}},
        {},
        [{"repo_id": "acme/base", "relation": "adapter"}],
        "adapter_config.json",
    ),
    "config.json": (
        {"config.json": {"_name_or_path": "acme/base", "_commit_hash": COMMIT}},
        {},
        [{"repo_id": "acme/base", "commit": COMMIT}],
        "config.json",
    ),
    "the commit of another model": (
        {"config.json": {"_name_or_path": "acme/other", "_commit_hash": COMMIT}},
        {"base_model": "acme/base"},
        [{"repo_id": "acme/base"}],
        "README.md",
    ),
    "itself": ({"config.json": {"_name_or_path": "acme/this"}}, {}, None, ""),
    "a path": ({"config.json": {"_name_or_path": "/home/alice/model"}}, {}, None, ""),
    "a folder": ({"config.json": {"_name_or_path": "output/model"}}, {}, None, ""),
    "a folder of one name": ({"config.json": {"_name_or_path": "checkpoint-500"}}, {}, None, ""),
    "a model without an owner": (
        {"config.json": {"_name_or_path": "bert-base-uncased"}},
        {},
        [{"repo_id": "bert-base-uncased"}],
        "config.json",
    ),
    "a URL": ({}, {"base_model": "https://huggingface.co/acme/base"}, None, ""),
    "a line break": ({"config.json": {"_name_or_path": "acme/base\n"}}, {}, None, ""),
    "not text": (
        {"adapter_config.json": {**ADAPTER, "base_model_name_or_path": 3}},
        {"base_model": {"a": 1}},
        None,
        "",
    ),
}


@pytest.mark.parametrize("case", BASES)
def test_names_the_base_models(case: str) -> None:
    files, metadata, expected, file = BASES[case]
    fact = derived(files, metadata=metadata, repo_id="acme/this").get("base_models")
    assert ((fact.value, fact.file) if fact else (None, "")) == (expected, file)


LICENSES: list[tuple[Files, dict[str, Any], str | None, str]] = [
    ({}, {"license": "mit"}, "mit", "README.md"),
    ({}, {"license": ["mit", "apache-2.0"]}, "mit, apache-2.0", "README.md"),
    ({}, {"license": "other", "license_name": "acme-1.0"}, "acme-1.0", "README.md"),
    ({}, {"license": "other"}, "other", "README.md"),
    ({"LICENSE": "x"}, {}, "LICENSE", "LICENSE"),
    ({"LICENSE": "x"}, {"license": "mit"}, "mit", "README.md"),
    ({"license.txt": "x"}, {}, "license.txt", "license.txt"),
    ({"COPYING": "x"}, {}, "COPYING", "COPYING"),
    ({"licenses/LICENSE": "x", "licensing.py": "x"}, {}, None, ""),
    ({}, {"license": {"a": 1}}, None, ""),
]


@pytest.mark.parametrize(("files", "metadata", "expected", "file"), LICENSES)
def test_names_the_license(files: Files, metadata: dict[str, Any], expected: str | None, file: str) -> None:
    fact = derived(files, metadata=metadata).get("license")
    assert ((fact.value, fact.file) if fact else (None, "")) == (expected, file)


def test_repeats_the_metadata_that_describes_the_model() -> None:
    metadata = {
        "datasets": ["acme/reviews", 3, "x\ny"],
        "language": "en",
        "library_name": "transformers",
        "pipeline_tag": "text-generation",
    }
    facts = derived({}, metadata=metadata)
    assert facts["datasets"].value == ["acme/reviews"]
    assert facts["languages"].value == ["en"]
    assert (facts["languages"].key, facts["languages"].file) == ("language", "README.md")
    assert facts["model.library_name"].value == "transformers"
    assert facts["model.pipeline_tag"].value == "text-generation"
    assert not {"datasets", "languages", "model.library_name"} & derived({}).keys()


BERT = {"architectures": ["BertModel"], "model_type": "bert"}
SENTENCES: list[Any] = [{"type": "sentence_transformers.models.Pooling"}]


@pytest.mark.parametrize(
    ("files", "metadata", "expected"),
    [
        ({"config.json": BERT}, {}, ("transformers", "feature-extraction", "config.json", "architectures")),
        (
            {"config.json": BERT, "modules.json": SENTENCES},
            {},
            ("sentence-transformers", "sentence-similarity", "modules.json", ""),
        ),
        (
            {"config.json": BERT, "modules.json": SENTENCES},
            {"library_name": "transformers"},
            ("transformers", "feature-extraction", "config.json", "architectures"),
        ),
        (
            {"config.json": BERT},
            {"pipeline_tag": "fill-mask"},
            ("transformers", "fill-mask", "README.md", "pipeline_tag"),
        ),
    ],
)
def test_infers_library_and_task_where_the_metadata_does_not_name_them(
    files: Files, metadata: dict[str, Any], expected: tuple[str, str, str, str]
) -> None:
    facts = derived(files, metadata=metadata)
    task = facts["model.pipeline_tag"]
    assert (facts["model.library_name"].value, task.value, task.file, task.key) == expected
