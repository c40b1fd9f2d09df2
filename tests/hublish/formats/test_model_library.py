"""The library and the task of a model, by the files that libraries write."""

from typing import Any

import pytest

from hublish.formats.model_library import _FILE_FORMATS, _TYPES, configured_kinds, file_format
from hublish.schemas.vocabulary import table, vocabulary

BERT = {"architectures": ["BertForSequenceClassification"], "model_type": "bert"}
POOLING = [{"type": "sentence_transformers.models.Transformer"}, {"type": "sentence_transformers.models.Pooling"}]
SPARSE = [{"type": "sentence_transformers.sparse_encoder.models.SpladePooling"}]


def kinds(**files: Any) -> list[tuple[str, str | None]]:
    found = {name.replace("__", "."): value for name, value in files.items()}
    return [(kind.library, kind.task) for kind in configured_kinds(found.get)]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"config__json": BERT}, [("transformers", "text-classification")]),
        ({"config__json": {"model_type": "bert"}}, [("transformers", None)]),
        (
            {"config__json": {"architectures": ["ViTForImageClassification"]}},
            [("transformers", "image-classification")],
        ),
        ({"config__json": {"architectures": ["MyNet"]}}, []),
        ({"config__json": {"architectures": ["MyNet"], "model_type": "mine"}}, [("transformers", None)]),
        ({"model_index__json": {"_class_name": "FluxPipeline"}}, [("diffusers", "text-to-image")]),
        ({"modular_model_index__json": {"_class_name": "FluxPipeline"}}, [("diffusers", "text-to-image")]),
        (
            {"modules__json": POOLING, "config__json": {"architectures": ["BertModel"], "model_type": "bert"}},
            [("sentence-transformers", "sentence-similarity"), ("transformers", "feature-extraction")],
        ),
        ({"modules__json": SPARSE}, [("sentence-transformers", "feature-extraction")]),
        (
            {"config__json": {**BERT, "sentence_transformers": {"version": "5.0"}}},
            [("sentence-transformers", "text-ranking"), ("transformers", "text-classification")],
        ),
        (
            {"modules__json": POOLING, "config_setfit__json": {"labels": ["a"]}},
            [("setfit", "text-classification"), ("sentence-transformers", "sentence-similarity")],
        ),
        ({"adapter_config__json": {"peft_type": "LORA", "task_type": "CAUSAL_LM"}}, [("peft", "text-generation")]),
        ({"adapter_config__json": {"config": {}, "model_class": "BertAdapterModel"}}, [("adapter-transformers", None)]),
        ({"open_clip_config__json": {"model_cfg": {}}}, [("open_clip", "zero-shot-image-classification")]),
        ({"gliner_config__json": {"model_name": "x"}}, [("gliner", "token-classification")]),
        ({"config__json": {"architecture": "vit", "pretrained_cfg": {}}}, [("timm", "image-classification")]),
        ({"config__json": {"sklearn": {"task": "tabular-regression"}}}, [("sklearn", "tabular-regression")]),
        ({"config__json": {"sklearn": {"task": "clustering"}}}, [("sklearn", None)]),
        ({"config__json": {"speechbrain_interface": "EncoderASR"}}, [("speechbrain", None)]),
        ({"config__json": {"model_type": "span-marker"}}, [("span-marker", "token-classification")]),
        (
            {"config__json": {"model_type": "model2vec", "architectures": ["StaticModel"]}},
            [("model2vec", None)],
        ),
    ],
)
def test_every_library_is_found_by_its_own_files(files: dict[str, Any], expected: list[Any]) -> None:
    assert kinds(**files) == expected


HOSTILE: tuple[Any, ...] = (
    None,
    [],
    {},
    "x",
    7,
    [None],
    {"_class_name": 3},
    {"type": "sentence_transformers"},
    {"architectures": "x"},
)
LONG = {"_class_name": "x" * 200, "peft_type": "x" * 200, "model_type": "x" * 200, "architectures": ["x" * 200]}


@pytest.mark.parametrize("value", [*HOSTILE, LONG, {"architectures": [{}], "model_type": None}, {"peft_type": {}}])
def test_files_with_another_content_name_no_library(value: Any) -> None:
    names = ("model_index.json", "modules.json", "adapter_config.json", "open_clip_config.json", "config.json")
    assert [*configured_kinds(dict.fromkeys(names, value).get)] == []


def test_the_evidence_names_the_file_and_the_value() -> None:
    (kind,) = configured_kinds({"config.json": BERT}.get)
    assert kind.evidence == "config.json: architectures BertForSequenceClassification, model_type bert"


@pytest.mark.parametrize(
    ("names", "library"),
    [
        (["a/x.keras"], "keras"),
        (["X.SKOPS"], "sklearn"),
        (["pytorch_lora_weights.safetensors"], "diffusers"),
        (["x.nemo"], "nemo"),
        (["x.tflite"], "litert"),
        (["x.litertlm"], "litert-lm"),
        (["x.gguf"], None),
    ],
)
def test_a_format_of_one_library_names_it(names: list[str], library: str | None) -> None:
    found = file_format(names)
    assert found is not None
    assert (found.library, found.file) == (library, names[0])


def test_other_files_have_no_format() -> None:
    assert file_format(["model.safetensors", "README.md"]) is None


def test_the_hub_knows_every_task_and_library() -> None:
    tables = {name: rows for name, rows in table("model_tasks").items() if isinstance(rows, dict)}
    contradictions = tables.pop("contradictions")
    assert len(tables) == 5
    named = {task for rows in tables.values() for task in rows.values()} - {""}
    assert named | {*contradictions} | {task for tasks in contradictions.values() for task in tasks} <= (
        vocabulary("tasks").ids
    )
    libraries = {library for _, library, _, _ in _FILE_FORMATS if library} | {name for name, _ in _TYPES.values()}
    others = {"transformers", "peft", "diffusers", "sentence-transformers", "timm", "setfit", "gliner", "open_clip"}
    assert libraries | others | {"speechbrain", "adapter-transformers"} <= vocabulary("libraries").ids
