"""Metadata that a model has without a card, by the files that libraries write."""

import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest
from huggingface_hub import CommitOperationAdd, HfApi, ModelInfo

_numbers = itertools.count()
Describe = Callable[..., ModelInfo]

WHISPER = {"architectures": ["WhisperForConditionalGeneration"], "model_type": "whisper"}
GPT = {"architectures": ["GPT2LMHeadModel"], "model_type": "gpt2"}
BERT = {"architectures": ["BertForSequenceClassification"], "model_type": "bert"}
TIMM = {"architecture": "resnet18", "num_classes": 1000, "pretrained_cfg": {}}
POOLING = [{"type": "sentence_transformers.models.Pooling"}]
PHI = {"architectures": ["PhiForCausalLM"], "model_type": "phi", "auto_map": {"AutoModelForCausalLM": "modeling.Phi"}}


@pytest.fixture
def describe(api: HfApi) -> Describe:
    def describe(**files: Any) -> ModelInfo:
        name = api.create_repo(f"inferred/m-{next(_numbers)}").repo_id
        adds = [
            CommitOperationAdd(path, content if isinstance(content, bytes) else json.dumps(content).encode())
            for path, content in files.items()
        ]
        api.create_commit(name, adds, commit_message="First")
        return api.model_info(name)

    return describe


@pytest.mark.parametrize(
    ("files", "library", "task"),
    [
        ({"config.json": BERT}, "transformers", "text-classification"),
        ({"config.json": GPT}, "transformers", "text-generation"),
        ({"config.json": WHISPER}, "transformers", "automatic-speech-recognition"),
        ({"config.json": {"model_type": "t5", "architectures": ["T5ForConditionalGeneration"]}}, "transformers", None),
        ({"config.json": {"model_type": "bert"}}, "transformers", None),
        ({"model_index.json": {"_class_name": "StableDiffusionPipeline"}}, "diffusers", "text-to-image"),
        ({"adapter_config.json": {"peft_type": "LORA", "task_type": "CAUSAL_LM"}}, "peft", "text-generation"),
        ({"config.json": TIMM}, "timm", "image-classification"),
        ({"config.json": BERT, "modules.json": POOLING}, "sentence-transformers", "sentence-similarity"),
        ({"m.keras": b"PK"}, "keras", None),
        ({"README.md": b"---\ntags: [flair, token-classification]\n---\n"}, "flair", "token-classification"),
        ({"config.json": BERT, "README.md": b"---\npipeline_tag: fill-mask\n---\n"}, "transformers", "fill-mask"),
        ({"config.json": b"[1"}, None, None),
        ({"config.json": [1, 2]}, None, None),
        ({"config.json": {"architectures": "x", "model_type": 7}}, None, None),
        ({"config.json": {"architectures": [None, {}]}}, None, None),
        ({"a.txt": b"nothing"}, None, None),
    ],
)
def test_library_and_task_come_from_the_files(
    describe: Describe, files: dict[str, Any], library: str | None, task: str | None
) -> None:
    info = describe(**files)
    assert (info.library_name, info.pipeline_tag) == (library, task)
    assert {library, task} - {None} <= set(info.tags or [])


@pytest.mark.parametrize(
    ("files", "info"),
    [
        ({"config.json": BERT}, ("AutoModelForSequenceClassification", None, None)),
        ({"config.json": GPT, "tokenizer.json": {}}, ("AutoModelForCausalLM", None, "AutoTokenizer")),
        (
            {"config.json": WHISPER, "preprocessor_config.json": {}},
            ("AutoModelForSpeechSeq2Seq", None, "AutoFeatureExtractor"),
        ),
        ({"config.json": WHISPER, "preprocessor_config.json": {}, "vocab.txt": b"a"}, (None, None, "AutoProcessor")),
        ({"config.json": PHI}, ("AutoModelForCausalLM", "modeling.Phi", None)),
    ],
)
def test_transformers_finds_its_classes(describe: Describe, files: dict[str, Any], info: tuple[Any, ...]) -> None:
    found = describe(**files).transformers_info
    assert found is not None
    shown = (found.auto_model if info[0] else None, found.custom_class, found.processor)
    assert shown == info


def test_the_configuration_shows_little_of_long_files(describe: Describe) -> None:
    tokenizer = {"bos_token": {"content": "<s>"}, "eos_token": "</s>", "chat_template": "{{ x }}", "other": "y"}
    config = {**BERT, "hidden_size": 8, "quantization_config": {"quant_method": "awq", "bits": 4}, "auto_map": {}}
    found = describe(**{"config.json": config, "tokenizer_config.json": tokenizer}).config
    assert found == {
        **BERT,
        "auto_map": {},
        "quantization_config": {"quant_method": "awq", "bits": 4},
        "tokenizer_config": {"bos_token": "<s>", "eos_token": "</s>", "chat_template": "{{ x }}"},
    }
    long = {"architectures": ["x" * 1000], "model_type": "m" * 1000, "auto_map": {str(n): "x" for n in range(99)}}
    deep: Any = 1
    for _ in range(50):
        deep = [deep]
    info = describe(
        **{
            "config.json": {**long, "quantization_config": deep},
            "tokenizer_config.json": {"chat_template": "t" * 10**5},
        }
    )
    assert info.config is None
    assert all(len(tag) < 300 for tag in info.tags or [])


def test_values_that_json_does_not_have_are_left_out(describe: Describe) -> None:
    config = b'{"architectures": ["BertModel"], "model_type": ["x"], "quantization_config": {"a": NaN, "b": 1e999}}'
    info = describe(**{"config.json": config})
    assert info.config == {"architectures": ["BertModel"], "model_type": ["x"]}
    assert info.tags == ["transformers", "feature-extraction", "region:us"]


def test_a_library_without_its_files_has_no_classes(describe: Describe) -> None:
    info = describe(**{"README.md": b"---\nlibrary_name: transformers\n---\n"})
    assert (info.library_name, info.transformers_info) == ("transformers", None)


def test_tags_name_formats_papers_and_base_models(describe: Describe) -> None:
    card = b"---\nbase_model: a/b\nlicense: mit\n---\nhttps://arxiv.org/abs/2106.09685 arxiv.org/pdf/2106.09685\n"
    files = {"sub/m.onnx": b"o", "runs/events.out.tfevents.1": b"e", "x.gguf": b"not one", "README.md": card}
    info = describe(**files)
    expected = ["onnx", "tensorboard", "gguf", "arxiv:2106.09685", "base_model:a/b", "base_model:quantized:a/b"]
    assert [tag for tag in info.tags or [] if tag in expected] == expected
    assert info.gguf is None
    assert describe(**{"README.md": card, "adapter_config.json": {"peft_type": "LORA"}}).tags.count("peft") == 1  # type: ignore[union-attr]


BITS = {"load_in_4bit": True, "load_in_8bit": False, "quant_method": "bitsandbytes"}
INDEX = "model-index:\n- name: m\n  results:\n  - task: {type: t}\n    dataset: {type: d, name: d}\n    metrics: []\n"


@pytest.mark.parametrize(
    ("files", "tags"),
    [
        ({"model_index.json": {"_class_name": "FluxPipeline"}}, ["diffusers:FluxPipeline"]),
        ({"model_index.json": {"_class_name": ["FluxPipeline"]}}, []),
        ({"config.json": GPT, "tokenizer_config.json": {"chat_template": "{{ x }}"}}, ["conversational"]),
        ({"config.json": GPT, "chat_template.jinja": b"{{ x }}"}, ["conversational"]),
        ({"config.json": BERT, "chat_template.jinja": b"{{ x }}"}, []),
        ({"config.json": {**GPT, "quantization_config": {"bits": 4, "quant_method": "gptq"}}}, ["4-bit", "gptq"]),
        ({"config.json": {**GPT, "quantization_config": BITS}}, ["4-bit", "bitsandbytes"]),
        ({"config.json": {**GPT, "quantization_config": {"load_in_8bit": True}}}, ["8-bit"]),
        ({"config.json": {**GPT, "quantization_config": {"quant_method": "fp8"}}}, ["fp8"]),
        ({"config.json": {**GPT, "quantization_config": {"bits": "4", "quant_method": 7}}}, []),
        ({"config.json": {**GPT, "quantization_config": {"bits": True, "quant_method": []}}}, []),
        ({"config.json": {**GPT, "quantization_config": "4-bit"}}, []),
        ({"README.md": f"---\n{INDEX}---\n".encode()}, ["model-index"]),
        ({"README.md": b"---\nmodel-index:\n- name: m\n  results: []\n---\n"}, []),
    ],
)
def test_tags_name_pipelines_templates_quantization_and_results(
    describe: Describe, files: dict[str, Any], tags: list[str]
) -> None:
    others = {"diffusers", "transformers", "gpt2", "bert", "text-generation", "text-classification", "text-to-image"}
    assert [tag for tag in describe(**files).tags or [] if tag not in others] == [*tags, "region:us"]


def info(rows: Any, *features: Any) -> dict[str, Any]:
    return {"features": list(features), "splits": [{"name": "train", "num_examples": rows}]}


TEXT = {"name": "text", "dtype": "string"}
NUMBER = {"name": "n", "dtype": "int64"}
LABEL = {"name": "label", "dtype": {"class_label": {"names": {"0": "bad"}}}}
IMAGE = {"name": "i", "dtype": "image"}
NESTED = [{"name": "x", "list": "float32"}, {"name": "y", "sequence": [TEXT]}, {"name": "z", "struct": [IMAGE]}]
DEEP: Any = TEXT
for _ in range(50):
    DEEP = {"name": "x", "list": [DEEP]}
TABLE = "datasets pandas mlcroissant polars"
SHARDS = "datasets dask mlcroissant polars"
OTHER = "datasets mlcroissant"


@pytest.mark.parametrize(
    ("paths", "card", "tags", "libraries"),
    [
        ("data/train-00000-of-00001.parquet", info(9, TEXT, LABEL), "n<1K format:parquet modality:text", TABLE),
        ("a.parquet", info(1000, TEXT, NUMBER), "1K<n<10K format:parquet modality:tabular modality:text", TABLE),
        ("a.parquet", info(10**15, LABEL), "n>1T format:parquet", TABLE),
        (
            "a.parquet",
            [info(600, TEXT), info(500, IMAGE)],
            "1K<n<10K format:parquet modality:image modality:text",
            TABLE,
        ),
        ("a.parquet", info(0, *NESTED), "n<1K format:parquet modality:image modality:tabular modality:text", TABLE),
        ("d/train-00000-of-00002.parquet", None, "format:parquet", SHARDS),
        ("a.csv b.jsonl", None, "format:csv format:json", TABLE),
        ("a.txt", None, "format:text modality:text", OTHER),
        ("train/a.png train/b.JPG", None, "format:imagefolder modality:image", OTHER),
        ("train/a.png train/metadata.csv", None, "format:imagefolder modality:image", OTHER),
        ("metadata.csv", None, "format:csv", TABLE),
        ("a.wav", None, "format:audiofolder modality:audio", OTHER),
        ("a.tar", None, "format:webdataset", "datasets webdataset mlcroissant"),
        ("a.parquet", info("9", DEEP), "format:parquet", TABLE),
        ("a.parquet", info(True, "string", 7, {"dtype": [7, None, {}]}), "format:parquet", TABLE),
        ("a.bin", {"splits": 7, "features": {"dtype": 7}}, "", ""),
        ("a.bin", "text", "", ""),
    ],
)
def test_tags_of_a_dataset_name_size_formats_modalities_and_libraries(
    api: HfApi, paths: str, card: Any, tags: str, libraries: str
) -> None:
    name = api.create_repo(f"inferred/d-{next(_numbers)}", repo_type="dataset").repo_id
    readme = f"---\n{json.dumps({'dataset_info': card})}\n---\n".encode()
    adds = [CommitOperationAdd(path, b"a") for path in paths.split()] + [CommitOperationAdd("README.md", readme)]
    api.create_commit(name, adds, commit_message="First", repo_type="dataset")
    expected = [tag if ":" in tag else f"size_categories:{tag}" for tag in tags.split()]
    expected += [f"library:{library}" for library in libraries.split()]
    assert api.dataset_info(name).tags == [*expected, "region:us"]
    assert name in [found.id for found in api.list_datasets(author="inferred", filter=expected)]


def test_metadata_follows_the_revision(api: HfApi, repo: str) -> None:
    first = api.upload_file(repo_id=repo, path_in_repo="config.json", path_or_fileobj=json.dumps(BERT).encode()).oid
    api.upload_file(repo_id=repo, path_in_repo="config.json", path_or_fileobj=json.dumps(GPT).encode())
    assert api.model_info(repo).pipeline_tag == "text-generation"
    assert api.model_info(repo, revision=first).pipeline_tag == "text-classification"


@pytest.mark.parametrize(
    ("card", "tags"),
    [
        ("co2_eq_emissions: 12.5", ["co2_eq_emissions"]),
        ("co2_eq_emissions: {emissions: 17, source: codecarbon}", ["co2_eq_emissions"]),
        ("co2_eq_emissions:", []),
        ("license: mit", []),
    ],
)
def test_models_are_tagged_with_the_emissions_of_their_card(api: HfApi, repo: str, card: str, tags: list[str]) -> None:
    content = f"---\n{card}\n---\n".encode()
    api.upload_file(repo_id=repo, path_in_repo="README.md", path_or_fileobj=content)
    assert [tag for tag in api.model_info(repo).tags or [] if tag == "co2_eq_emissions"] == tags
