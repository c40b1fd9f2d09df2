"""The snippet of each library: which one a release gets, its pin, and that no name breaks out of it."""

import ast
import shlex
from typing import Any

import pytest

from hublish.cards.usage.snippets import usage_snippets
from hublish.cards.usage.subject import Snippet, Subject, literal
from hublish.pipeline.render_card.escaping import as_code_block

WORDS = ("config.json", "model.safetensors", "tokenizer.json")
IMAGES = ("config.json", "model.safetensors", "preprocessor_config.json")


def snippets(paths: tuple[str, ...] = (), *, model: dict[str, Any] | None = None, **given: Any) -> tuple[Snippet, ...]:
    names = ("repo_type", "revision", "target")
    known = {name: given.pop(name) for name in names if name in given}
    return usage_snippets(Subject("acme/x", metadata=given, facts={"model": model or {}}, paths=paths, **known))


LIBRARIES: dict[str, tuple[tuple[str, ...], dict[str, Any], str, list[str]]] = {
    "pipeline": (WORDS, {"library_name": "transformers", "pipeline_tag": "fill-mask"}, "transformers", ["pipeline("]),
    "task_of_the_files": (
        WORDS,
        {"model": {"library_name": "transformers", "pipeline_tag": "text-generation", "model_type": "gpt2"}},
        "transformers",
        ['pipeline("text-generation", model="acme/x")', "max_new_tokens=50"],
    ),
    "own_example": (
        WORDS,
        {
            "library_name": "transformers",
            "pipeline_tag": "text-classification",
            "widget": [{"src": "a.png"}, {"text": 'It is "fine"'}],
        },
        "transformers",
        ['print(classify("It is \\"fine\\""))'],
    ),
    "chat": (
        (*WORDS, "chat_template.jinja"),
        {"library_name": "transformers", "pipeline_tag": "text-generation"},
        "transformers",
        ['messages = [{"role": "user"'],
    ),
    "own_picture": (
        (*IMAGES, "cat.jpg"),
        {"library_name": "transformers", "pipeline_tag": "image-classification", "widget": [{"src": "cat.jpg"}]},
        "transformers",
        ['image = hf_hub_download("acme/x", "cat.jpg")'],
    ),
    "own_code": (
        WORDS,
        {"library_name": "transformers", "pipeline_tag": "text-classification", "tags": ["custom_code"]},
        "transformers",
        ["trust_remote_code=True"],
    ),
    "without_words": (
        ("config.json", "model.safetensors"),
        {"library_name": "transformers", "pipeline_tag": "text-classification"},
        "transformers",
        ["from transformers import AutoModelForSequenceClassification\n"],
    ),
    "a_task_without_pipeline": (
        WORDS,
        {"library_name": "transformers", "pipeline_tag": "translation"},
        "transformers",
        ["import AutoModelForSeq2SeqLM, AutoTokenizer"],
    ),
    "class_of_the_architecture": (
        WORDS,
        {"library_name": "transformers", "model": {"architecture": "LlamaForCausalLM"}},
        "transformers",
        ["AutoModelForCausalLM"],
    ),
    "model_of_transformers": (WORDS, {"model": {"model_type": "bert"}}, "transformers", ["AutoModel.from_pretrained("]),
    "speech": (
        (*WORDS, "preprocessor_config.json"),
        {"library_name": "transformers", "pipeline_tag": "automatic-speech-recognition"},
        "transformers",
        ['hf_hub_download("Narsil/asr_dummy"', "AutoProcessor"],
    ),
    "sentences": (("modules.json", *WORDS), {}, "sentence-transformers", ["SentenceTransformer("]),
    "ranking": (
        WORDS,
        {"library_name": "sentence-transformers", "pipeline_tag": "text-ranking"},
        "sentence-transformers",
        ["CrossEncoder("],
    ),
    "sparse": (
        WORDS,
        {"library_name": "sentence-transformers", "tags": ["sparse-encoder"]},
        "sentence-transformers",
        ["SparseEncoder("],
    ),
    "images": (
        ("model_index.json", "unet/model.safetensors"),
        {"pipeline_tag": "text-to-image"},
        "diffusers",
        ['pipe("A red fox in the snow")'],
    ),
    "lora_of_images": (
        ("pytorch_lora_weights.safetensors",),
        {"library_name": "diffusers", "base_model": "acme/base"},
        "diffusers",
        ['from_pretrained("acme/base")', 'load_lora_weights("acme/x")'],
    ),
    "network": (("config.json",), {"library_name": "diffusers"}, "diffusers", ["AutoModel.from_pretrained("]),
    "timm": (("config.json",), {"library_name": "timm"}, "timm", ['create_model("hf-hub:acme/x"']),
    "adapter": (
        ("adapter_config.json",),
        {"base_model": ["acme/base"], "pipeline_tag": "text-generation"},
        "peft",
        ['AutoModelForCausalLM.from_pretrained("acme/base")', "PeftModel.from_pretrained(base,"],
    ),
    "adapter_of_an_unknown_model": (("adapter_config.json",), {}, "peft", ["AutoPeftModel"]),
    "skops": (("model.skops",), {}, "sklearn", ["from skops.io import load"]),
    "joblib": (("model.joblib",), {"library_name": "sklearn"}, "sklearn", ["joblib.load(", "trust its author"]),
    "keras": (("model.keras",), {}, "keras", ["load_model("]),
    "onnx": (("onnx/model.onnx", "model.onnx"), {}, "onnx", ['"acme/x", "model.onnx"']),
    "onnx_with_data": (
        ("onnx/model.onnx", "onnx/model.onnx_data"),
        {"library_name": "onnx"},
        "onnx",
        ['allow_patterns="onnx/model.onnx*"', 'folder + "/onnx/model.onnx"'],
    ),
    "gguf": (("b-Q8_0.gguf", "b-Q4_K_M.gguf"), {}, "llama.cpp", ["-m b-Q4_K_M.gguf"]),
    "gguf_in_parts": (
        ("b-00001-of-00002.gguf", "b-00002-of-00002.gguf"),
        {"library_name": "gguf"},
        "llama.cpp",
        ["--include 'b-*-of-00002.gguf'", "-m b-00001-of-00002.gguf"],
    ),
    "class_in_the_release": (
        ("model.safetensors", "net.py"),
        {"target": "net:Net"},
        "hublish",
        ["hublish.pull(", "from net import Net", "into=Net"],
    ),
    "class_of_a_package": (
        ("model.safetensors",),
        {"target": "nets.small:Net"},
        "hublish",
        ["from nets.small import Net", "into=Net"],
    ),
    "arrays": (("weights.safetensors",), {"library_name": "unheard-of"}, "hublish", ["loaded.arrays.items()"]),
    "dataset": (("a.csv",), {"repo_type": "dataset"}, "datasets", ['load_dataset("acme/x")']),
    "dataset_of_configurations": (
        ("a.csv",),
        {"repo_type": "dataset", "configs": [{"config_name": "de"}, {"config_name": "en"}]},
        "datasets",
        ['load_dataset("acme/x", "de")'],
    ),
    "app": (("app.py",), {"repo_type": "space", "sdk": "gradio"}, "gradio", ['Client("acme/x")']),
    "kernel": ((), {"repo_type": "kernel"}, "kernels", ['get_kernel("acme/x")']),
}
WITHOUT = {
    "page": (("index.html",), {"repo_type": "space", "sdk": "static"}),
    "unknown": (("model.bin",), {"library_name": "unheard-of"}),
    "nothing": ((), {}),
    "wrong_types": (("a",), {"library_name": 3, "pipeline_tag": ["a"], "tags": 1, "widget": "x", "base_model": 2}),
}


@pytest.mark.parametrize(("paths", "given", "library", "parts"), LIBRARIES.values(), ids=LIBRARIES)
def test_a_release_gets_the_snippet_of_its_library(
    paths: tuple[str, ...], given: dict[str, Any], library: str, parts: list[str]
) -> None:
    found = snippets(paths, **given)
    assert found[0].library == library
    assert found[0].install
    for part in parts:
        assert any(part in snippet.code for snippet in found), found


@pytest.mark.parametrize(("paths", "given"), WITHOUT.values(), ids=WITHOUT)
def test_a_release_that_no_library_loads_has_no_snippet(paths: tuple[str, ...], given: dict[str, Any]) -> None:
    assert snippets(paths, **given) == ()


@pytest.mark.parametrize(("paths", "given", "library", "parts"), LIBRARIES.values(), ids=LIBRARIES)
def test_a_snippet_is_pinned_and_is_code(
    paths: tuple[str, ...], given: dict[str, Any], library: str, parts: list[str]
) -> None:
    for snippet in snippets(paths, **{**given, "revision": "v1.2.0"}):
        # Spaces run one version only.
        assert library == "gradio" or "v1.2.0" in snippet.code
        if snippet.language == "python":
            ast.parse(snippet.code)


HOSTILE = (
    '"); import os; os.system("id"); ("',
    "$(id)",
    "`id`",
    "```\n# injected",
    "a'b\"c\\",
    "\\",
    "\u2028import os",
    "{__import__('os')}",
    "--output=/etc/passwd",
)


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize(("paths", "given", "library", "parts"), LIBRARIES.values(), ids=LIBRARIES)
def test_a_hostile_name_stays_in_its_literal(
    paths: tuple[str, ...], given: dict[str, Any], library: str, parts: list[str], value: str
) -> None:
    hostile = {
        **given,
        "widget": [{"text": value}],
        "base_model": value,
        "configs": [{"config_name": value}, {"config_name": "b"}],
        "revision": value,
    }
    own = (".onnx", ".gguf", ".skops", ".keras")
    renamed = tuple(f"a{value}{path}" if any(suffix in path for suffix in own) else path for path in paths)
    plain = {
        **hostile,
        "widget": [{"text": "a"}],
        "base_model": "a",
        "configs": [{"config_name": "a"}, {"config_name": "b"}],
    }
    for snippet, model in zip(snippets(renamed, **hostile), snippets(paths, **{**plain, "revision": "a"}), strict=True):
        printed = as_code_block(snippet.code)
        assert "```" not in printed
        if snippet.language == "python":
            assert printed == snippet.code
            assert shape_of(printed) == shape_of(model.code)
        else:
            assert len(shlex.split(snippet.code)) == len(shlex.split(model.code))


def shape_of(code: str) -> str:
    """Return code without the contents of its strings."""
    tree = ast.parse(code)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = ""
    return ast.dump(tree)


@pytest.mark.parametrize("value", [*HOSTILE, "", "plain", "émoji 🎉", "tab\tnew\nline"])
def test_a_literal_evaluates_to_its_string(value: str) -> None:
    written = literal(value)
    assert ast.literal_eval(written) == value
    assert "`" not in written
    assert len(written.split("\n")) == 1


def test_a_file_whose_name_is_an_option_is_not_passed_to_a_command() -> None:
    assert snippets(("--output.gguf",)) == ()
