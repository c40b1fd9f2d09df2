"""Library, task, base model and own code, inferred from configuration files."""

import json
from typing import Any

import pytest

from hublish.pipeline.draft.model_facts import library_of, own_code
from tests.pipeline.draft.listings import listing_of, named


def inferred(name: str, config: Any, *, hints: bool = False) -> dict[str, Any]:
    listing = listing_of({name: json.dumps(config).encode(), "model.safetensors": b"x"})
    library = library_of(listing, "", listing.sizes)
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
def test_the_class_of_a_model_determines_its_task(architecture: str, model_type: str, task: str | None) -> None:
    found = inferred("config.json", {"architectures": [architecture], "model_type": model_type})
    assert (found["library_name"], found.get("pipeline_tag")) == ("transformers", task)


def test_a_fine_tuned_model_has_its_base_as_a_hint() -> None:
    config = {"model_type": "bert", "_name_or_path": "google-bert/bert-base-uncased"}
    assert inferred("config.json", config, hints=True)["base_model"] == "google-bert/bert-base-uncased"
    assert "base_model" not in inferred("config.json", {**config, "_name_or_path": "/home/ada/bert"}, hints=True)


def test_an_adapter_names_its_base_model_or_has_an_open_field() -> None:
    config = {"peft_type": "LORA", "task_type": "SEQ_CLS", "base_model_name_or_path": "acme/base"}
    found = inferred("adapter_config.json", config)
    assert found == {
        "library_name": "peft",
        "pipeline_tag": "text-classification",
        "base_model": "acme/base",
        "tags": ["lora"],
    }
    asked = inferred("adapter_config.json", {**config, "base_model_name_or_path": "./output/base"}, hints=True)
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
def test_a_library_is_detected_from_its_configuration(
    name: str, config: Any, expected: tuple[str | None, str | None]
) -> None:
    found = inferred(name, config)
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
def test_the_file_format_names_the_library_if_no_configuration_does(name: str, fields: dict[str, Any]) -> None:
    listing = named(name)
    library = library_of(listing, "", listing.sizes)
    assert library is not None
    assert {field.key: field.value for field in library.fields if not field.hint} == fields


NET = b"import blocks\nfrom lone import x\n\nclass Net:\n    pass\n"
CODE = {"net.py": NET, "blocks.py": b"", "train.py": b"import net"}


def test_the_class_named_in_a_configuration_is_part_of_the_model() -> None:
    listing = listing_of({**CODE, "runs/config.json": b'{"architecture": "Net"}'})
    code = own_code(listing, listing.sizes, "runs")
    assert (code.files, code.target) == (("blocks.py", "net.py"), "net:Net")


def test_code_that_transformers_imports_is_part_of_the_model() -> None:
    config = {"auto_map": {"AutoModel": "net.Net", "AutoTokenizer": [None, "acme/other--tok.Tok"], "x": 3}}
    listing = listing_of({**CODE, "config.json": json.dumps(config).encode()})
    code = own_code(listing, listing.sizes, "")
    assert (code.files, code.target) == (("blocks.py", "net.py"), None)


@pytest.mark.parametrize("source", [b"class Net(", b"\0", b"class Other: ...", b"(" * 5000, b"'\\d'; class Net"])
def test_a_script_without_the_class_is_not_part_of_the_model(source: bytes) -> None:
    listing = listing_of({"net.py": source, "config.json": b'{"architecture": "Net"}'})
    assert own_code(listing, listing.sizes, "").files == ()
