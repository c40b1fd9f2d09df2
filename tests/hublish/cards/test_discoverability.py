"""Warnings about cards by which readers do not find, load or count a model."""

from typing import Any

import pytest

from hublish.cards.discoverability import _ALSO_READ, _CERTAIN, discovery_problems
from hublish.schemas.vocabulary import vocabulary

BERT = {"config.json": {"architectures": ["BertForSequenceClassification"], "model_type": "bert"}}
FLUX = {"model_index.json": {"_class_name": "FluxPipeline"}}
LORA = {"adapter_config.json": {"peft_type": "LORA", "task_type": "CAUSAL_LM"}}
TIMM = {"config.json": {"architecture": "resnet18", "pretrained_cfg": {}}}
SKOPS = {"config.json": {"sklearn": {"task": "tabular-classification"}}}
SENTENCES = {"modules.json": [{"type": "sentence_transformers.models.Pooling"}]}
DECLARED = {"library_name": "transformers", "pipeline_tag": "text-classification"}


def problems(metadata: dict[str, Any], files: dict[str, Any], *, complete: bool = True) -> list[tuple[str, str, str]]:
    found = discovery_problems(metadata, [*files], files.get, prefix="card.metadata.", complete=complete)
    return [(one.code, one.path.removeprefix("card.metadata."), one.hint) for one in found]


@pytest.mark.parametrize(
    ("metadata", "files", "expected"),
    [
        ({}, {"model.safetensors": 0}, []),
        (DECLARED, BERT, []),
        ({"tags": ["transformers", "text-classification"]}, BERT, []),
        ({"library_name": "sentence-transformers", "pipeline_tag": "text-ranking"}, BERT, []),
        ({"library_name": "my-own", "pipeline_tag": "text-classification"}, BERT, []),
        ({"library_name": "transformers", "pipeline_tag": "text-generation"}, LORA | BERT, ["card.task"]),
        ({"library_name": "peft", "pipeline_tag": "text-generation"}, LORA | BERT, []),
        ({"library_name": "transformers", "pipeline_tag": "image-classification"}, TIMM, []),
        ({"library_name": "timm", "pipeline_tag": "image-feature-extraction"}, TIMM | {"model.safetensors": 0}, []),
        ({"library_name": 3, "pipeline_tag": ["x"]}, BERT, []),
        ({"library_name": "gguf"}, {"a.gguf": 0}, []),
        ({}, {"model.pkl": 0}, []),
        ({}, {"a.onnx": 0}, []),
    ],
)
def test_a_card_that_agrees_with_its_files_is_accepted(
    metadata: dict[str, Any], files: dict[str, Any], expected: list[str]
) -> None:
    assert [code for code, _, _ in problems(metadata, files)] == expected


@pytest.mark.parametrize(
    ("metadata", "files", "code", "place", "fix"),
    [
        ({"pipeline_tag": "text-classification"}, BERT, "card.library", "library_name", "`library_name: transformers`"),
        ({"pipeline_tag": "text-to-image"}, FLUX, "card.library", "library_name", "`library_name: diffusers`"),
        ({"pipeline_tag": "text-generation"}, LORA, "card.library", "library_name", "`library_name: peft`"),
        ({}, {"digits.keras": 0}, "card.library", "library_name", "`library_name: keras`"),
        ({}, {"model.skops": 0}, "card.library", "library_name", "`library_name: sklearn`"),
        ({}, {"x.nemo": 0}, "card.library", "library_name", "`library_name: nemo`"),
        ({"library_name": "transformers"}, BERT, "card.task", "pipeline_tag", "`pipeline_tag: text-classification`"),
        ({"library_name": "diffusers"}, FLUX, "card.task", "pipeline_tag", "`pipeline_tag: text-to-image`"),
        ({**DECLARED, "library_name": "diffusers"}, BERT, "card.library", "library_name", "write `transformers`"),
        ({**DECLARED, "library_name": "timm"}, BERT, "card.library", "library_name", "write `transformers`"),
        ({**DECLARED, "pipeline_tag": "image-classification"}, BERT, "card.task", "pipeline_tag", "write `text-class"),
        ({**DECLARED, "pipeline_tag": "fill-mask"}, BERT, "card.task", "pipeline_tag", "write `text-class"),
        (
            {"library_name": "transformers", "pipeline_tag": "tabular-classification"},
            SKOPS,
            "card.library",
            "library_name",
            "write `sklearn`",
        ),
    ],
)
def test_a_missing_or_contradictory_key_has_the_inferred_value_as_its_fix(
    metadata: dict[str, Any], files: dict[str, Any], code: str, place: str, fix: str
) -> None:
    found = problems(metadata, files, complete=False)
    assert [(one[0], one[1]) for one in found] == [(code, place)]
    assert fix in found[0][2]


@pytest.mark.parametrize(
    ("library", "files", "named"),
    [
        ("transformers", ["model.safetensors"], "`config.json`, `config.yaml`"),
        ("timm", ["weights.safetensors"], "`pytorch_model.bin` or `model.safetensors`"),
        ("sklearn", ["model.skops"], "`sklearn_model.joblib`"),
        ("spacy", ["config.cfg"], "`*.whl`"),
        ("diffusers", ["unet/model.safetensors"], "`model_index.json`"),
        ("keras", ["digits.weights.h5"], "`config.json` or `*.keras`"),
    ],
)
def test_a_release_that_no_download_counts_for_is_reported(library: str, files: list[str], named: str) -> None:
    given = dict.fromkeys(files)
    ((code, place, hint),) = problems({"library_name": library}, given)
    assert (code, place) == ("card.downloads", "library_name")
    assert named in hint
    # A conversion may still write such a file.
    assert problems({"library_name": library}, given, complete=False) == []


def test_the_libraries_of_the_rules_are_known() -> None:
    assert _CERTAIN | frozenset().union(*_ALSO_READ.values()) <= vocabulary("libraries").ids
