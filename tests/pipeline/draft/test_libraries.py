"""What configurations say for the card: library, task, base model, code, results."""

import json
from typing import Any

import pytest

from hublish.pipeline.draft.evaluation import evaluation
from hublish.pipeline.draft.libraries import library_of
from hublish.pipeline.draft.own_code import own_code
from hublish.pipeline.draft.tasks import _CONDITIONAL, _HEADS, _PEFT, _PIPELINES, _WHOLE
from hublish.schemas.vocabulary import vocabulary
from tests.pipeline.draft.trees import named, tree_of


def said(name: str, config: Any, *, hints: bool = False) -> dict[str, Any]:
    tree = tree_of({name: json.dumps(config).encode(), "model.safetensors": b"x"})
    library = library_of(tree, "", tree.sizes)
    return {field.key: field.value for field in library.fields if field.hint is hints} if library else {}


@pytest.mark.parametrize(
    ("architecture", "model_type", "task"),
    [
        ("BertForMaskedLM", "bert", "fill-mask"),
        ("GPT2LMHeadModel", "gpt2", "text-generation"),
        ("LlamaForCausalLM", "llama", "text-generation"),
        ("BertModel", "bert", "feature-extraction"),
        ("ViTModel", "vit", "image-feature-extraction"),
        ("CLIPModel", "clip", "zero-shot-image-classification"),
        ("WhisperForConditionalGeneration", "whisper", "automatic-speech-recognition"),
        ("Qwen2VLForConditionalGeneration", "qwen2_vl", "image-text-to-text"),
        ("T5ForConditionalGeneration", "t5", None),
        ("EncoderDecoderModel", "encoder-decoder", None),
        ("MyOwnThing", "mine", None),
    ],
)
def test_the_class_of_a_transformers_model_says_its_task(architecture: str, model_type: str, task: str | None) -> None:
    found = said("config.json", {"architectures": [architecture], "model_type": model_type})
    assert (found["library_name"], found.get("pipeline_tag")) == ("transformers", task)


def test_a_model_that_was_begun_from_another_has_a_hint_of_it() -> None:
    config = {"model_type": "bert", "_name_or_path": "google-bert/bert-base-uncased"}
    assert said("config.json", config, hints=True)["base_model"] == "google-bert/bert-base-uncased"
    assert "base_model" not in said("config.json", {**config, "_name_or_path": "/home/ada/bert"}, hints=True)


def test_an_adapter_names_its_base_or_asks_for_it() -> None:
    config = {"peft_type": "LORA", "task_type": "SEQ_CLS", "base_model_name_or_path": "acme/base"}
    found = said("adapter_config.json", config)
    assert found == {
        "library_name": "peft",
        "pipeline_tag": "text-classification",
        "base_model": "acme/base",
        "tags": ["lora"],
    }
    asked = said("adapter_config.json", {**config, "base_model_name_or_path": "./output/base"}, hints=True)
    assert asked["base_model"] == "owner/name"


SENTENCES = [{"type": "sentence_transformers.models.Pooling"}]
NO_CLASSES = {"architecture": "vit", "pretrained_cfg": {}, "num_classes": 0}


@pytest.mark.parametrize(
    ("name", "config", "expected"),
    [
        ("model_index.json", {"_class_name": "DDPMPipeline"}, ("diffusers", "unconditional-image-generation")),
        ("model_index.json", {"_class_name": "StableDiffusionImg2ImgPipeline"}, ("diffusers", "image-to-image")),
        ("model_index.json", {"_class_name": "OwnPipeline"}, ("diffusers", None)),
        ("modules.json", SENTENCES, ("sentence-transformers", "sentence-similarity")),
        ("config.json", {"architecture": "resnet18", "pretrained_cfg": {}}, ("timm", "image-classification")),
        ("config.json", NO_CLASSES, ("timm", "image-feature-extraction")),
        ("config.json", [], (None, None)),
        ("modules.json", {"type": "x"}, (None, None)),
    ],
)
def test_every_library_has_a_file_that_says_so(name: str, config: Any, expected: tuple[str | None, str | None]) -> None:
    found = said(name, config)
    assert (found.get("library_name"), found.get("pipeline_tag")) == expected


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("model.keras", {"library_name": "keras"}),
        ("model.skops", {"library_name": "sklearn"}),
        ("pytorch_lora_weights.safetensors", {"library_name": "diffusers"}),
        ("a.gguf", {"tags": ["gguf"]}),
        ("a.onnx", {"tags": ["onnx"]}),
    ],
)
def test_a_format_says_it_where_no_configuration_does(name: str, fields: dict[str, Any]) -> None:
    tree = named(name)
    library = library_of(tree, "", tree.sizes)
    assert library is not None
    assert {field.key: field.value for field in library.fields if not field.hint} == fields


def test_every_task_and_library_is_one_the_hub_knows() -> None:
    tasks = {task for table in (_HEADS, _PIPELINES) for _, task in table} - {""}
    tasks |= {*_CONDITIONAL.values(), *_WHOLE.values(), *_PEFT.values()}
    assert tasks <= vocabulary("tasks").ids
    assert {"transformers", "peft", "diffusers", "sentence-transformers", "timm", "keras", "sklearn", "litert"} <= (
        vocabulary("libraries").ids
    )


NET = b"import blocks\nfrom lone import x\n\nclass Net:\n    pass\n"
CODE = {"net.py": NET, "blocks.py": b"", "train.py": b"import net"}


def test_the_class_that_a_configuration_names_is_part_of_the_model() -> None:
    tree = tree_of({**CODE, "runs/config.json": b'{"architecture": "Net"}'})
    code = own_code(tree, tree.sizes, "runs")
    assert (code.files, code.target) == (("blocks.py", "net.py"), "net:Net")


def test_code_that_transformers_imports_is_part_of_the_model() -> None:
    config = {"auto_map": {"AutoModel": "net.Net", "AutoTokenizer": [None, "acme/other--tok.Tok"], "x": 3}}
    tree = tree_of({**CODE, "config.json": json.dumps(config).encode()})
    code = own_code(tree, tree.sizes, "")
    assert (code.files, code.target) == (("blocks.py", "net.py"), None)


@pytest.mark.parametrize("source", [b"class Net(", b"\0", b"class Other: ...", b"(" * 5000, b"'\\d'; class Net"])
def test_code_that_does_not_define_it_is_none(source: bytes) -> None:
    tree = tree_of({"net.py": source, "config.json": b'{"architecture": "Net"}'})
    assert own_code(tree, tree.sizes, "").files == ()


RESULT = {
    "task": {"type": "text-classification"},
    "dataset": {"type": "a", "name": "A"},
    "metrics": [{"type": "f1", "value": 1}],
}


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("metrics.json", [RESULT], True),
        ("eval_results.json", {"results": [RESULT]}, True),
        ("metrics.json", {"accuracy": 0.9}, False),
        ("metrics.json", [{**RESULT, "task": {}}], False),
        ("metrics.json", [], False),
        ("config.json", [RESULT], False),
        ("metrics.json", [{**RESULT, "metrics": [{"type": "f1", "value": float("nan")}]}], False),
    ],
)
def test_results_go_on_the_card_when_they_have_its_form(name: str, content: Any, found: bool) -> None:
    tree = tree_of({name: json.dumps(content).encode()})
    results = evaluation(tree, tree.sizes)
    assert (results is not None) == found
    assert results is None or (results.path, results.task) == (name, "text-classification")
