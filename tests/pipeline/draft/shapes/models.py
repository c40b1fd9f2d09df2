"""Folders with a model."""

from pathlib import Path

from tests.pipeline.draft.shapes.making import (
    Shape,
    apache,
    checkpoint,
    gguf,
    hdf5,
    keras,
    mit,
    npz,
    onnx,
    parquet,
    pickled,
    png,
    safetensors,
    skops,
    tokenizer,
    torch_file,
    write,
)

NO_LICENSE = "the license is missing"
NO_TASK = "the card does not name the task of the model (config.json: {})"
UNCOUNTED = "no file of the release counts as a download of a {} model"
BERT = {
    "architectures": ["BertForSequenceClassification"],
    "model_type": "bert",
    "torch_dtype": "float32",
    "_name_or_path": "google-bert/bert-base-uncased",
}


def transformers(folder: Path) -> None:
    apache(folder)
    safetensors(folder / "model.safetensors")
    write(folder / "config.json", BERT)
    tokenizer(folder)
    write(folder / "vocab.txt", "[UNK]\na\nb\n")


def sharded(folder: Path) -> None:
    names = [f"model-{number:05d}-of-00003.safetensors" for number in (1, 2, 3)]
    for number, name in enumerate(names):
        safetensors(folder / name, f"layer.{number}")
    shards = {f"layer.{number}": name for number, name in enumerate(names)}
    write(folder / "model.safetensors.index.json", {"metadata": {"total_size": 144}, "weight_map": shards})
    write(folder / "config.json", {"architectures": ["LlamaForCausalLM"], "model_type": "llama"})
    write(folder / "generation_config.json", {"eos_token_id": 2})
    tokenizer(folder)
    write(folder / "chat_template.jinja", "{{ messages }}")
    mit(folder)


def sharded_pickles(folder: Path) -> None:
    names = [f"pytorch_model-{number:05d}-of-00002.bin" for number in (1, 2)]
    for number, name in enumerate(names):
        checkpoint(folder / name, f"layer.{number}")
    shards = {f"layer.{number}": name for number, name in enumerate(names)}
    write(folder / "pytorch_model.bin.index.json", {"metadata": {"total_size": 32}, "weight_map": shards})
    write(folder / "config.json", {"architectures": ["T5ForConditionalGeneration"], "model_type": "t5"})
    write(folder / "spiece.model", b"\x0a\x0e\x0a\x05<unk>\x15\x00\x00\x00\x00\x18\x02")


def adapter(folder: Path) -> None:
    safetensors(folder / "adapter_model.safetensors", "base_model.model.q_proj.lora_A.weight")
    config = {"peft_type": "LORA", "task_type": "CAUSAL_LM", "base_model_name_or_path": "meta-llama/Llama-3.2-1B"}
    write(folder / "adapter_config.json", config)
    tokenizer(folder)
    pickled(folder / "training_args.bin")
    for name in ("optimizer.pt", "adapter_model.safetensors", "trainer_state.json"):
        write(folder / "checkpoint-500" / name, b"left of the training")


def diffusers(folder: Path) -> None:
    parts = {"unet": "UNet2DConditionModel", "vae": "AutoencoderKL"}
    index: dict[str, list[str | None]] = {name: ["diffusers", kind] for name, kind in parts.items()}
    index |= {"text_encoder": ["transformers", "CLIPTextModel"], "tokenizer": ["transformers", "CLIPTokenizer"]}
    index |= {"scheduler": ["diffusers", "DDIMScheduler"], "safety_checker": [None, None]}
    write(folder / "model_index.json", {"_class_name": "StableDiffusionPipeline", **index})
    for name, kind in parts.items():
        safetensors(folder / name / "diffusion_pytorch_model.safetensors")
        write(folder / name / "config.json", {"_class_name": kind})
    checkpoint(folder / "unet" / "diffusion_pytorch_model.bin")
    safetensors(folder / "text_encoder" / "model.safetensors")
    write(folder / "text_encoder" / "config.json", {"model_type": "clip_text_model"})
    write(folder / "scheduler" / "scheduler_config.json", {"_class_name": "DDIMScheduler"})
    write(folder / "tokenizer" / "vocab.json", {"a": 0})
    write(folder / "tokenizer" / "merges.txt", "#version: 0.2\n")
    write(folder / "LICENSE.md", "CreativeML Open RAIL-M\ndated August 22, 2022\n")
    png(folder / "samples" / "cat.png")


def torch_checkpoint(folder: Path) -> None:
    """The output of the author's own training script, written by torch."""
    torch_file(folder / "runs" / "best.pt", "layouts.pt")
    torch_file(folder / "runs" / "last.pt", "layouts.pt")
    write(folder / "runs" / "config.json", {"model_class": "Net", "hidden": 32})
    write(folder / "runs" / "train.log", "epoch 1\n")
    write(folder / "net.py", "from blocks import Block\n\n\nclass Net:\n    block = Block\n")
    write(folder / "blocks.py", "class Block: ...\n")
    write(folder / "train.py", "from net import Net\n")
    write(folder / "requirements.txt", "torch\n")
    write(folder / "README.md", "# Digits\n\nHow to train.\n")
    npz(folder / "data" / "digits.npz")
    mit(folder)


def onnx_model(folder: Path) -> None:
    onnx(folder / "model.onnx", "model.onnx_data")
    onnx(folder / "model_quantized.onnx")
    write(folder / "config.json", {"architectures": ["ViTForImageClassification"], "model_type": "vit"})
    write(folder / "preprocessor_config.json", {"image_size": 8})


def gguf_models(folder: Path) -> None:
    for name in ("Q4_K_M", "Q5_K_M", "Q8_0"):
        gguf(folder / f"tiny-llama-{name}.gguf")
    write(folder / "LICENSE", "LLAMA 3.2 COMMUNITY LICENSE AGREEMENT\nLlama 3.2 Version Release Date: ...\n")


def sklearn_pickle(folder: Path) -> None:
    pickled(folder / "model.joblib")
    write(folder / "feature_names.json", ["width", "height"])
    write(folder / "train.py", "import sklearn\n")
    apache(folder)


def left_out(folder: Path) -> None:
    transformers(folder)
    for name in ("optimizer.pt", "scheduler.pt", "rng_state.pth"):
        checkpoint(folder / name)
    pickled(folder / "training_args.bin")
    write(folder / "trainer_state.json", {"log_history": []})
    write(folder / "runs" / "Jul01" / "events.out.tfevents.1.host", b"\x18")
    write(folder / "wandb" / "run-1" / "run.wandb", b"W&B")
    write(folder / "checkpoint-10" / "model.safetensors", b"")
    write(folder / ".env", "HF_TOKEN=none\n")
    write(folder / "__pycache__" / "train.cpython-311.pyc", b"\xa7")
    write(folder / ".ipynb_checkpoints" / "a-checkpoint.ipynb", "{}")
    write(folder / ".venv" / "pyvenv.cfg", "home = /usr\n")
    write(folder / "train.py", "import transformers\n")
    write(folder / "train.log", "done\n")
    parquet(folder / "data" / "train.parquet")
    (folder / "link.safetensors").symlink_to("model.safetensors")


def with_card(folder: Path) -> None:
    transformers(folder)
    png(folder / "assets" / "curve.png")
    png(folder / "assets" / "unused.png")
    front = "---\nlicense: apache-2.0\nlibrary_name: transformers\n---\n"
    write(folder / "README.md", f"{front}\n# Digits\n\n![the curve](./assets/curve.png)\n")


def with_plain_readme(folder: Path) -> None:
    safetensors(folder / "model.safetensors")
    write(folder / "config.json", {"architecture": "resnet18", "num_classes": 10, "pretrained_cfg": {"tag": "a1"}})
    write(folder / "README.md", "# ResNet\n\nNo metadata here.\n")
    apache(folder)


def saved_model(folder: Path) -> None:
    for name in ("saved_model.pb", "fingerprint.pb", "variables/variables.index"):
        write(folder / name, b"x")
    write(folder / "variables" / "variables.data-00000-of-00001", b"x")


def quantized_folders(folder: Path) -> None:
    for number in (1, 2):
        gguf(folder / "Q8_0" / f"tiny-Q8_0-0000{number}-of-00002.gguf")
    gguf(folder / "Q4_0" / "tiny-Q4_0.gguf")


def exported(folder: Path) -> None:
    """A model that is exported for transformers.js too."""
    safetensors(folder / "model.safetensors")
    write(folder / "config.json", {"architectures": ["BertModel"], "model_type": "bert"})
    onnx(folder / "onnx" / "model.onnx")
    onnx(folder / "onnx" / "model_fp16.onnx")
    onnx(folder / "onnx" / "model_quantized.onnx", "model_quantized.onnx_data")


def two_runs(folder: Path) -> None:
    """Several runs without telling names, and a git remote on the Hub."""
    for run in ("run-9", "run-10"):
        npz(folder / "out" / run / "weights.npz")
        write(folder / "out" / run / "config.json", {"hidden": 32})
    write(folder / ".git" / "config", '[remote "origin"]\n\turl = https://ada:secret@huggingface.co/acme/tiny\n')


def whole_checkpoint(folder: Path) -> None:
    """As transformers saved models before safetensors, with the state of the training."""
    checkpoint(folder / "pytorch_model.bin")
    pickled(folder / "training_args.bin")
    checkpoint(folder / "optimizer.pt")
    write(folder / "config.json", BERT)
    mit(folder)


def pickles_in_folders(folder: Path) -> None:
    """A pipeline in the format before safetensors: every component is converted in its own folder."""
    parts = {"unet": ["diffusers", "UNet2DConditionModel"], "text_encoder": ["transformers", "CLIPTextModel"]}
    write(folder / "export" / "model_index.json", {"_class_name": "StableDiffusionPipeline", **parts})
    checkpoint(folder / "export" / "unet" / "diffusion_pytorch_model.bin")
    shards = [f"pytorch_model-{number:05d}-of-00002.bin" for number in (1, 2)]
    for number, name in enumerate(shards):
        checkpoint(folder / "export" / "text_encoder" / name, f"layer.{number}")
    index = {"weight_map": {f"layer.{number}": name for number, name in enumerate(shards)}}
    write(folder / "export" / "text_encoder" / "pytorch_model.bin.index.json", index)
    for name in parts:
        write(folder / "export" / name / "config.json", {})


def keras_archive(folder: Path) -> None:
    keras(folder / "digits.keras")
    write(folder / "train.py", "import keras\n")


def keras_weights(folder: Path) -> None:
    hdf5(folder / "digits.weights.h5")


def estimator(folder: Path) -> None:
    skops(folder / "model.skops")
    pickled(folder / "model.pkl")
    write(folder / "metrics.json", {"accuracy": 0.9})


def github_repo(folder: Path) -> None:
    """A project with its code, tests and workflows, and one trained model."""
    safetensors(folder / "weights" / "net.safetensors")
    write(folder / "weights" / "config.json", {"hidden": 32})
    for path in (
        "src/net/__init__.py",
        "tests/test_net.py",
        "setup.py",
        "scripts/train.sh",
        ".github/workflows/ci.yml",
    ):
        write(folder / path, "\n")
    write(folder / "requirements.txt", "torch\n")
    write(
        folder / "README.md", "# Net\n\n![build](https://example.com/badge.svg)\n\nSee [the paper](docs/paper.pdf).\n"
    )
    write(folder / ".gitignore", "*.safetensors\n")
    apache(folder)


SHAPES = {
    "transformers": Shape(
        transformers,
        (
            *("LICENSE", "README.md", "config.json", "hub.yaml", "model.safetensors", "special_tokens_map.json"),
            *("tokenizer.json", "tokenizer_config.json", "vocab.txt"),
        ),
    ),
    "sharded": Shape(
        sharded,
        (
            *("LICENSE", "README.md", "chat_template.jinja", "config.json", "generation_config.json", "hub.yaml"),
            *("model-00001-of-00003.safetensors", "model-00002-of-00003.safetensors"),
            *("model-00003-of-00003.safetensors", "model.safetensors.index.json", "special_tokens_map.json"),
            *("tokenizer.json", "tokenizer_config.json"),
        ),
    ),
    "sharded_pickles": Shape(
        sharded_pickles,
        ("README.md", "config.json", "hub.yaml", "model.safetensors", "spiece.model"),
        warned=(NO_LICENSE,),
    ),
    "adapter": Shape(
        adapter,
        (
            *("README.md", "adapter_config.json", "adapter_model.safetensors", "hub.yaml", "special_tokens_map.json"),
            *("tokenizer.json", "tokenizer_config.json"),
        ),
        warned=(NO_LICENSE,),
    ),
    "diffusers": Shape(
        diffusers,
        (
            *("LICENSE.md", "README.md", "hub.yaml", "model_index.json", "scheduler/scheduler_config.json"),
            *("text_encoder/config.json", "text_encoder/model.safetensors", "tokenizer/merges.txt"),
            *("tokenizer/vocab.json", "unet/config.json", "unet/diffusion_pytorch_model.safetensors"),
            *("vae/config.json", "vae/diffusion_pytorch_model.safetensors"),
        ),
    ),
    "torch_checkpoint": Shape(
        torch_checkpoint,
        ("LICENSE", "README.md", "blocks.py", "config.json", "hub.yaml", "model.safetensors", "net.py"),
        drawn=("tensors",),
    ),
    "onnx": Shape(
        onnx_model,
        (
            *("README.md", "config.json", "hub.yaml", "model.onnx", "model.onnx_data", "model_quantized.onnx"),
            "preprocessor_config.json",
        ),
        warned=(NO_LICENSE,),
    ),
    "gguf": Shape(
        gguf_models,
        (
            *("LICENSE", "README.md", "hub.yaml", "tiny-llama-Q4_K_M.gguf", "tiny-llama-Q5_K_M.gguf"),
            "tiny-llama-Q8_0.gguf",
        ),
        name="Tiny Llama -- GGUF!",
    ),
    "sklearn_pickle": Shape(
        sklearn_pickle,
        ("LICENSE", "README.md", "feature_names.json", "hub.yaml"),
        warned=("a model release without weights", UNCOUNTED.format("sklearn")),
    ),
    "left_out": Shape(
        left_out,
        (
            *("LICENSE", "README.md", "config.json", "hub.yaml", "model.safetensors", "special_tokens_map.json"),
            *("tokenizer.json", "tokenizer_config.json", "vocab.txt"),
        ),
    ),
    "with_card": Shape(
        with_card,
        (
            *("LICENSE", "README.md", "assets/curve.png", "config.json", "hub.yaml", "model.safetensors"),
            *("special_tokens_map.json", "tokenizer.json", "tokenizer_config.json", "vocab.txt"),
        ),
        warned=(NO_TASK.format("architectures BertForSequenceClassification, model_type bert"),),
    ),
    "with_plain_readme": Shape(
        with_plain_readme,
        ("LICENSE", "README.md", "config.json", "hub.yaml", "model.safetensors"),
        warned=("README.md has no metadata",),
    ),
    "saved_model": Shape(
        saved_model,
        (
            *("README.md", "fingerprint.pb", "hub.yaml", "saved_model.pb", "variables/variables.data-00000-of-00001"),
            "variables/variables.index",
        ),
        warned=(NO_LICENSE,),
    ),
    "quantized_folders": Shape(
        quantized_folders,
        (
            *("Q4_0/tiny-Q4_0.gguf", "Q8_0/tiny-Q8_0-00001-of-00002.gguf", "Q8_0/tiny-Q8_0-00002-of-00002.gguf"),
            *("README.md", "hub.yaml"),
        ),
        warned=(NO_LICENSE,),
    ),
    "exported": Shape(
        exported,
        (
            *("README.md", "config.json", "hub.yaml", "model.safetensors", "onnx/model.onnx"),
            *("onnx/model_fp16.onnx", "onnx/model_quantized.onnx", "onnx/model_quantized.onnx_data"),
        ),
        warned=(NO_LICENSE,),
    ),
    "two_runs": Shape(two_runs, ("README.md", "config.json", "hub.yaml", "model.safetensors"), warned=(NO_LICENSE,)),
    "whole_checkpoint": Shape(
        whole_checkpoint, ("LICENSE", "README.md", "config.json", "hub.yaml", "model.safetensors")
    ),
    "pickles_in_folders": Shape(
        pickles_in_folders,
        (
            *("README.md", "hub.yaml", "model_index.json", "text_encoder/config.json"),
            *("text_encoder/model.safetensors", "unet/config.json", "unet/diffusion_pytorch_model.safetensors"),
        ),
        warned=(NO_LICENSE,),
    ),
    "keras_archive": Shape(keras_archive, ("README.md", "digits.keras", "hub.yaml"), warned=(NO_LICENSE,)),
    "keras_weights": Shape(
        keras_weights,
        ("README.md", "digits.weights.h5", "hub.yaml"),
        warned=(UNCOUNTED.format("keras"), NO_LICENSE),
    ),
    "estimator": Shape(estimator, ("README.md", "hub.yaml", "metrics.json", "model.skops"), warned=(NO_LICENSE,)),
    "github_repo": Shape(github_repo, ("LICENSE", "README.md", "config.json", "hub.yaml", "net.safetensors")),
}
