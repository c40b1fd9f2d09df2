"""Architecture, sizes and context length, from the configurations of several libraries."""

from typing import Any

import pytest

from tests.hublish.cards.facts.releases import Files, derived, value_of

LLAMA = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_size": 2048,
    "num_hidden_layers": 16,
    "vocab_size": 128256,
    "max_position_embeddings": 131072,
}

ARCHITECTURES: dict[str, tuple[Files, str | None, str]] = {
    "transformers": ({"config.json": LLAMA}, "LlamaForCausalLM", "architectures[0]"),
    "timm": ({"config.json": {"architecture": "resnet18"}}, "resnet18", "architecture"),
    "diffusers": ({"model_index.json": {"_class_name": "FluxPipeline"}}, "FluxPipeline", "_class_name"),
    "a part of diffusers": ({"config.json": {"_class_name": "AutoencoderKL"}}, "AutoencoderKL", "_class_name"),
    "keras": ({"config.json": {"class_name": "BertBackbone"}}, "BertBackbone", "class_name"),
    "in the folder of a module": (
        {"modules.json": [{"path": "0_Transformer"}], "0_Transformer/config.json": LLAMA},
        "LlamaForCausalLM",
        "architectures[0]",
    ),
    "no list": ({"config.json": {"architectures": "X"}}, None, ""),
    "an empty list": ({"config.json": {"architectures": []}}, None, ""),
    "a list of numbers": ({"config.json": {"architectures": [3]}}, None, ""),
    "several lines": ({"config.json": {"architectures": ["a\nb"]}}, None, ""),
    "too long": ({"config.json": {"architectures": ["a" * 201]}}, None, ""),
}


@pytest.mark.parametrize("case", ARCHITECTURES)
def test_names_the_architecture(case: str) -> None:
    files, architecture, key = ARCHITECTURES[case]
    fact = derived(files).get("model.architecture")
    assert ((fact.value, fact.key) if fact else (None, "")) == (architecture, key)


SIZES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (LLAMA, {"layers": 16, "hidden_size": 2048, "vocabulary_size": 128256, "model_type": "llama"}),
    ({"n_layer": 12, "n_embd": 768, "vocab_size": 50257}, {"layers": 12, "hidden_size": 768, "vocabulary_size": 50257}),
    ({"text_config": LLAMA, "model_type": "llava"}, {"layers": 16, "model_type": "llava"}),
    ({"num_hidden_layers": 3.0}, {"layers": 3}),
    ({"num_hidden_layers": "3", "hidden_size": -1}, {"layers": None, "hidden_size": None}),
    ({"num_hidden_layers": True, "hidden_size": 10**30}, {"layers": None, "hidden_size": None}),
    ({"num_hidden_layers": [3], "vocab_size": float("nan")}, {"layers": None, "vocabulary_size": None}),
    ({"text_config": [1], "decoder": "x"}, {"layers": None}),
]


@pytest.mark.parametrize(("config", "expected"), SIZES)
def test_reads_the_sizes(config: dict[str, Any], expected: dict[str, Any]) -> None:
    facts = derived({"config.json": config})
    found = {name: facts[f"model.{name}"].value if f"model.{name}" in facts else None for name in expected}
    assert found == expected


CONTEXTS: dict[str, tuple[Files, int | None, str]] = {
    "max_position_embeddings": ({"config.json": LLAMA}, 131072, "config.json"),
    "n_positions": ({"config.json": {"n_positions": 1024}}, 1024, "config.json"),
    "of the text model": ({"config.json": {"text_config": LLAMA}}, 131072, "config.json"),
    "the tokenizer allows less": (
        {"config.json": LLAMA, "tokenizer_config.json": {"model_max_length": 8192}},
        8192,
        "tokenizer_config.json",
    ),
    "the tokenizer allows more": (
        {"config.json": {"max_position_embeddings": 512}, "tokenizer_config.json": {"model_max_length": 1024}},
        512,
        "config.json",
    ),
    "a tokenizer without a limit": (
        {"tokenizer_config.json": '{"model_max_length": 1000000000000000019884624838656}'},
        None,
        "",
    ),
    "texts are cut off": (
        {"config.json": LLAMA, "sentence_bert_config.json": {"max_seq_length": 256}},
        256,
        "sentence_bert_config.json",
    ),
    "another class of sentence-transformers": (
        {"config.json": LLAMA, "sentence_xlm-roberta_config.json": {"max_seq_length": 128}},
        128,
        "sentence_xlm-roberta_config.json",
    ),
    "no limit of its own": (
        {"config.json": LLAMA, "sentence_bert_config.json": {"max_seq_length": None}},
        131072,
        "config.json",
    ),
    "zero": ({"config.json": {"max_position_embeddings": 0}}, None, ""),
}


@pytest.mark.parametrize("case", CONTEXTS)
def test_the_smallest_limit_is_the_context_length(case: str) -> None:
    files, length, file = CONTEXTS[case]
    fact = derived(files).get("model.context_length")
    assert ((fact.value, fact.file) if fact else (None, "")) == (length, file)


QUANTIZED: list[tuple[dict[str, Any], str | None, int | None]] = [
    ({"quant_method": "gptq", "bits": 4}, "gptq", 4),
    ({"quant_method": "bitsandbytes", "load_in_4bit": True}, "bitsandbytes", 4),
    ({"quant_method": "bitsandbytes", "load_in_8bit": True}, "bitsandbytes", 8),
    (
        {"quant_method": "compressed-tensors", "config_groups": {"a": {"weights": {"num_bits": 4}}}},
        "compressed-tensors",
        4,
    ),
    (
        {
            "quant_method": "compressed-tensors",
            "config_groups": {"a": {"weights": {"num_bits": 4}}, "b": {"weights": {"num_bits": 8}}},
        },
        "compressed-tensors",
        None,
    ),
    ({"quant_method": "fp8"}, "fp8", None),
    ({"quant_method": 3, "bits": 999}, None, None),
]


@pytest.mark.parametrize(("section", "method", "bits"), QUANTIZED)
def test_names_the_quantization(section: dict[str, Any], method: str | None, bits: int | None) -> None:
    files = {"config.json": {"quantization_config": section}}
    assert value_of("model.quantization", files) == method
    assert value_of("model.quantization_bits", files) == bits


def test_describes_an_adapter() -> None:
    config = {"peft_type": "LORA", "r": 16, "lora_alpha": 32, "target_modules": ["v_proj", "q_proj"]}
    adapter = {"type": "LORA", "rank": 16, "alpha": 32, "target_modules": ["q_proj", "v_proj"]}
    assert value_of("model.adapter", {"adapter_config.json": config}) == adapter
    everything = {"adapter_config.json": {"peft_type": "IA3", "target_modules": "all-linear"}}
    assert value_of("model.adapter", everything) == {"type": "IA3", "target_modules": "all-linear"}
    assert value_of("model.adapter", {"adapter_config.json": {"r": 16}}) is None


VERSIONS: dict[str, tuple[Files, dict[str, Any]]] = {
    "transformers": ({"config.json": {"transformers_version": "4.57.0"}}, {"transformers": "4.57.0"}),
    "diffusers": ({"model_index.json": {"_diffusers_version": "0.35.0.dev0"}}, {"diffusers": "0.35.0.dev0"}),
    "sentence-transformers": (
        {"config_sentence_transformers.json": {"__version__": {"sentence_transformers": "5.1.0", "pytorch": "2.8.0"}}},
        {"sentence-transformers": "5.1.0", "torch": "2.8.0"},
    ),
    "keras": ({"metadata.json": {"keras_version": "3.12.0"}}, {"keras": "3.12.0"}),
    "spacy": ({"meta.json": {"spacy_version": ">=3.5.0"}}, {"spacy": ">=3.5.0"}),
    "the first file counts": (
        {"config.json": {"transformers_version": "2"}, "generation_config.json": {"transformers_version": "1"}},
        {"transformers": "2"},
    ),
    "other keys": ({"config.json": {"format_version": "1.0", "model_version": "2", "version": "3"}}, {}),
    "not versions": (
        {"config.json": {"transformers_version": 4, "peft_version": "<b>", "keras_version": "9" * 99}},
        {},
    ),
    "not a mapping": ({"config_sentence_transformers.json": {"__version__": "5.1"}, "config.json": [1]}, {}),
}


@pytest.mark.parametrize("case", VERSIONS)
def test_reads_the_versions(case: str) -> None:
    files, expected = VERSIONS[case]
    facts = derived(files)
    found = {name.removeprefix("versions."): fact.value for name, fact in facts.items() if name.startswith("versions.")}
    assert found == expected


def test_names_the_file_and_the_key_of_a_version() -> None:
    fact = derived({"config_sentence_transformers.json": {"__version__": {"pytorch": "2.8.0"}}})["versions.torch"]
    assert (fact.file, fact.key) == ("config_sentence_transformers.json", "__version__.pytorch")
