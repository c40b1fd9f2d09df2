"""Snippets for the libraries other than transformers, each correct for the library's current version."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from hublish.cards.usage.subject import Snippet, Subject, as_list, literal, word
from hublish.cards.usage.transformers_use import INSTALL, auto_class

_DOWNLOAD: Final = "from huggingface_hub import hf_hub_download"


def sentence_transformers_snippets(subject: Subject) -> Iterator[Snippet]:
    """Yield the code that embeds sentences, or that ranks texts with a cross-encoder."""
    given = f"{subject.quoted}{subject.pinned}"
    if subject.task in ("text-ranking", "text-classification") or "cross-encoder" in subject.tags:
        lines = [
            "from sentence_transformers import CrossEncoder",
            "",
            f"model = CrossEncoder({given})",
            'scores = model.predict([("How many people live in Berlin?", "Berlin has 3.9 million inhabitants.")])',
            "print(scores)",
        ]
    else:
        kind = (
            "SparseEncoder" if "sparse-encoder" in subject.tags or "sparse" in subject.tags else "SentenceTransformer"
        )
        lines = [
            f"from sentence_transformers import {kind}",
            "",
            f"model = {kind}({given})",
            'embeddings = model.encode(["The weather is lovely today.", "It is sunny outside."])',
            "print(model.similarity(embeddings, embeddings))",
        ]
    yield _python("sentence-transformers", lines, "pip install sentence-transformers")


def diffusers_snippets(subject: Subject) -> Iterator[Snippet]:
    """Yield the code that runs a pipeline, adds LoRA weights to its base model, or loads one network."""
    prompt = subject.sample("A red fox in the snow")
    if subject.has("model_index.json"):
        lines = [
            "from diffusers import DiffusionPipeline",
            "",
            f"pipe = DiffusionPipeline.from_pretrained({subject.quoted}{subject.pinned})",
        ]
        if subject.task in ("text-to-image", "unconditional-image-generation"):
            call = prompt if subject.task == "text-to-image" else ""
            lines += [f"image = pipe({call}).images[0]", 'image.save("image.png")']
    elif subject.base_model and subject.has("pytorch_lora_weights.safetensors"):
        lines = [
            "from diffusers import DiffusionPipeline",
            "",
            f"pipe = DiffusionPipeline.from_pretrained({literal(subject.base_model)})",
            f"pipe.load_lora_weights({subject.quoted}{subject.pinned})",
            f"image = pipe({prompt}).images[0]",
            'image.save("image.png")',
        ]
    else:
        lines = [
            "from diffusers import AutoModel",
            "",
            f"model = AutoModel.from_pretrained({subject.quoted}{subject.pinned})",
        ]
    yield _python("diffusers", lines, "pip install diffusers transformers torch")


def timm_snippets(subject: Subject) -> Iterator[Snippet]:
    """Yield the code that creates a network with its weights, and the preparation of its pictures."""
    name = f"hf-hub:{subject.repo_id}" + (f"@{subject.revision}" if subject.revision else "")
    lines = [
        "import timm",
        "",
        f"model = timm.create_model({literal(name)}, pretrained=True).eval()",
        "config = timm.data.resolve_model_data_config(model)",
        "transform = timm.data.create_transform(**config, is_training=False)",
    ]
    yield _python("timm", lines, "pip install timm")


def peft_snippets(subject: Subject) -> Iterator[Snippet]:
    """Yield the code that loads an adapter onto its base model."""
    if not subject.base_model:
        lines = [
            "from peft import AutoPeftModel",
            "",
            f"model = AutoPeftModel.from_pretrained({subject.quoted}{subject.pinned})",
        ]
    else:
        kind = auto_class(subject)
        lines = [
            "from peft import PeftModel",
            f"from transformers import {kind}",
            "",
            f"base = {kind}.from_pretrained({literal(subject.base_model)})",
            f"model = PeftModel.from_pretrained(base, {subject.quoted}{subject.pinned})",
        ]
    yield _python("peft", lines, f"pip install peft {INSTALL.removeprefix('pip install ')}")


def sklearn_snippets(subject: Subject) -> Iterator[Snippet]:
    """Yield the code that loads an estimator: with skops, which runs no code of the file, or else with joblib."""
    if skops := subject.with_suffix(".skops"):
        lines = [
            _DOWNLOAD,
            "from skops.io import load",
            "",
            f"model = load({subject.download(skops[0])})",
        ]
        yield _python("sklearn", lines, "pip install scikit-learn skops huggingface_hub")
    elif pickles := subject.with_suffix(".joblib", ".pkl", ".pickle"):
        lines = [
            "import joblib",
            _DOWNLOAD,
            "",
            "# A pickle runs the code it contains: load it only if you trust its author.",
            f"model = joblib.load({subject.download(pickles[0])})",
        ]
        yield _python("sklearn", lines, "pip install scikit-learn huggingface_hub")


def keras_snippets(subject: Subject) -> Iterator[Snippet]:
    """Yield the code that loads a model from the file that Keras saves."""
    found = subject.with_suffix(".keras")
    if found:
        lines = [
            _DOWNLOAD,
            "from keras.saving import load_model",
            "",
            f"model = load_model({subject.download(found[0])})",
            "model.summary()",
        ]
        yield _python("keras", lines, "pip install keras tensorflow huggingface_hub")


def onnx_snippets(subject: Subject) -> Iterator[Snippet]:
    """Yield the code that opens a model with onnxruntime, and prints its inputs."""
    found = subject.with_suffix(".onnx")
    if not found:
        return
    path = found[0]
    lines = [_DOWNLOAD, "from onnxruntime import InferenceSession", ""]
    if any(other != path and other.startswith((f"{path}_data", f"{path}.data")) for other in subject.paths):
        # Tensors in files beside the model, which onnxruntime finds there.
        lines[0] = "from huggingface_hub import snapshot_download"
        pattern = literal(f"{path}*")
        lines.append(f"folder = snapshot_download({subject.quoted}{subject.pinned}, allow_patterns={pattern})")
        lines.append(f"session = InferenceSession(folder + {literal('/' + path)})")
    else:
        lines.append(f"session = InferenceSession({subject.download(path)})")
    lines.append("print([(each.name, each.shape, each.type) for each in session.get_inputs()])")
    yield _python("onnx", lines, "pip install onnxruntime huggingface_hub")


def gguf_snippets(subject: Subject) -> Iterator[Snippet]:
    """Yield the commands that download one file at its revision and run it with llama.cpp."""
    # A name that begins with a dash would be an option of the command.
    found = [path for path in subject.with_suffix(".gguf") if "mmproj" not in path and not path.startswith("-")]
    if not found:
        return
    # The size that most people use, if there are several.
    path = next((each for each in found if "q4_k_m" in each.lower()), found[0])
    revision = f" --revision {word(subject.revision)}" if subject.revision else ""
    parts = word(path)
    if "-00001-of-" in path:
        parts = f"--include {word(path.replace('-00001-of-', '-*-of-'))}"
    code = (
        f"hf download {word(subject.repo_id)} {parts}{revision} --local-dir .\n"
        f"llama-cli -m {word(path)} -p {word('Once upon a time')}"
    )
    yield Snippet("llama.cpp", "bash", code, "brew install llama.cpp && pip install huggingface_hub")


def mixin_snippets(subject: Subject) -> Iterator[Snippet]:
    """Yield the code that loads weights into the author's own class."""
    module, _, kind = subject.target.partition(":")
    loading = f"model = hublish.from_hub({subject.quoted}, into={kind}{subject.pinned})"
    imported = f"from {module} import {kind.partition('.')[0]}"
    if f"{module.replace('.', '/')}.py" in subject.paths:
        lines = [
            "import sys",
            "import hublish",
            "",
            "# The class is part of the release: importing it runs the code of its author.",
            f"release = hublish.pull({subject.quoted}{subject.pinned})",
            "sys.path.insert(0, str(release.folder))",
            imported,
            "",
            loading,
        ]
    else:
        lines = ["import hublish", imported, "", loading]
    yield _python("hublish", lines, "pip install hublish")


def array_snippets(subject: Subject) -> Iterator[Snippet]:
    """Yield the code that reads tensors as NumPy arrays, which needs no framework."""
    if subject.with_suffix(".safetensors"):
        lines = [
            "import hublish",
            "",
            f"loaded = hublish.load({subject.quoted}{subject.pinned})",
            "for name, array in loaded.arrays.items():",
            "    print(name, array.shape, array.dtype)",
        ]
        note = "Load the tensors as NumPy arrays, which are read on first access:"
        yield _python("hublish", lines, "pip install hublish", note)


def dataset_snippets(subject: Subject) -> Iterator[Snippet]:
    """Yield the code that loads a dataset; one with several configurations is loaded by the name of the first."""
    names = _config_names(subject)
    config = f", {literal(names[0])}" if len(names) > 1 else ""
    lines = [
        "from datasets import load_dataset",
        "",
        f"dataset = load_dataset({subject.quoted}{config}{subject.pinned})",
        "print(dataset)",
    ]
    yield _python("datasets", lines, "pip install datasets")


def space_snippets(subject: Subject) -> Iterator[Snippet]:
    """Yield the code that calls a Gradio app; the apps of other SDKs have no interface that code can use."""
    if subject.metadata.get("sdk") == "gradio":
        lines = [
            "from gradio_client import Client",
            "",
            f"client = Client({subject.quoted})",
            "client.view_api()  # lists the endpoints, with their parameters",
        ]
        yield _python("gradio", lines, "pip install gradio_client")


def kernel_snippets(subject: Subject) -> Iterator[Snippet]:
    """Yield the code that loads a compute kernel for the machine it runs on."""
    lines = [
        "from kernels import get_kernel",
        "",
        f"kernel = get_kernel({subject.quoted}{subject.pinned})",
        "print(dir(kernel))",
    ]
    yield _python("kernels", lines, "pip install kernels torch")


def _config_names(subject: Subject) -> list[str]:
    data = subject.facts.get("data", {})
    known = as_list(subject.metadata.get("configs")) or as_list(data.get("configs"))
    return [name for each in known if (name := _name_of(each))]


def _name_of(config: Any) -> str:
    name = config.get("config_name") if isinstance(config, Mapping) else None
    return name if isinstance(name, str) else ""


def _python(library: str, lines: list[str], install: str, note: str = "") -> Snippet:
    return Snippet(library, "python", "\n".join(lines), install, note)
