"""Folders with tiny models as their libraries save them; each gives the same answers for a folder and for a repo.

No weights are downloaded: models have random weights, from a configuration of a few kilobytes.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from huggingface_hub import hf_hub_download

from tests.pipeline.draft.shapes.making import tokenizer

SENTENCES = ["a b", "b a a"]
BERT = {
    "vocab_size": 8,
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 16,
    "max_position_embeddings": 16,
}


class Model(NamedTuple):
    """A kind of model: how its author saves it, and how its user asks it."""

    save: Callable[[Path], None]
    ask: Callable[[str], Any]
    """Return the answers of the model in a folder, or in a repo."""


def _classifier(**more: Any) -> Any:
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    torch.manual_seed(7)
    return BertForSequenceClassification(BertConfig(**BERT, num_labels=3, **more)).eval()


def save_classifier(folder: Path) -> None:
    _classifier().save_pretrained(folder)
    _save_tokenizer(folder)


def save_shards(folder: Path) -> None:
    _classifier().save_pretrained(folder, max_shard_size="4KB")
    _save_tokenizer(folder)


def save_checkpoint(folder: Path) -> None:
    """As `save_pretrained` did before safetensors, with the files of a training."""
    import torch

    model = _classifier()
    model.config.save_pretrained(folder)
    torch.save(model.state_dict(), folder / "pytorch_model.bin")
    torch.save({"lr": 0.1}, folder / "training_args.bin")
    torch.save({"state": {}}, folder / "optimizer.pt")
    _save_tokenizer(folder)


def save_checkpoint_shards(folder: Path) -> None:
    import torch

    model = _classifier()
    model.config.save_pretrained(folder)
    tensors = list(model.state_dict().items())
    weight_map: dict[str, str] = {}
    for number, part in enumerate((tensors[:9], tensors[9:]), 1):
        name = f"pytorch_model-{number:05d}-of-00002.bin"
        torch.save(dict(part), folder / name)
        weight_map |= dict.fromkeys(dict(part), name)
    index = {"metadata": {"total_size": 1}, "weight_map": weight_map}
    (folder / "pytorch_model.bin.index.json").write_text(json.dumps(index))
    _save_tokenizer(folder)


def save_run(folder: Path) -> None:
    """Save the result below the folder of a project, beside its checkpoints."""
    save_classifier(folder / "outputs" / "best")
    save_checkpoint(folder / "outputs" / "checkpoint-10")
    (folder / "train.py").write_text("import transformers\n")
    (folder / "README.md").write_text("# My project\n")
    (folder / "LICENSE").write_text("Apache License\nVersion 2.0, January 2004\n")


def _save_tokenizer(folder: Path) -> None:
    tokenizer(folder)
    (folder / "tokenizer_config.json").write_text(
        json.dumps({"tokenizer_class": "PreTrainedTokenizerFast", "unk_token": "[UNK]", "pad_token": "[UNK]"})
    )


def ask_classifier(reference: str) -> Any:
    import torch
    from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer

    reference = _best(reference)
    words = AutoTokenizer.from_pretrained(reference)(SENTENCES, padding=True, return_tensors="pt")
    model = AutoModelForSequenceClassification.from_pretrained(reference).eval()
    with torch.no_grad():
        logits = model(input_ids=words["input_ids"], attention_mask=words["attention_mask"]).logits
    return [AutoConfig.from_pretrained(reference).num_labels, words["input_ids"].tolist(), logits.tolist()]


def _best(reference: str) -> str:
    return str(best) if (best := Path(reference, "outputs", "best")).is_dir() else reference


def save_tied(folder: Path) -> None:
    """A language model whose output layer is its embedding, as the file of a training script."""
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    torch.manual_seed(7)
    model = GPT2LMHeadModel(GPT2Config(vocab_size=8, n_positions=16, n_embd=16, n_layer=1, n_head=2))
    model.config.save_pretrained(folder)
    model.generation_config.save_pretrained(folder)
    torch.save(model.state_dict(), folder / "pytorch_model.bin")


def ask_tied(reference: str) -> Any:
    import torch
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(reference).eval()
    tied = model.lm_head.weight.data_ptr() == model.transformer.wte.weight.data_ptr()
    with torch.no_grad():
        return [tied, model(torch.tensor([[1, 2, 3]])).logits.tolist()]


OWN_CODE = """
import torch
from transformers import PretrainedConfig, PreTrainedModel

class TinyConfig(PretrainedConfig):
    model_type = "tiny-own"

class TinyModel(PreTrainedModel):
    config_class = TinyConfig

    def __init__(self, config):
        super().__init__(config)
        self.out = torch.nn.Linear(4, 2)
        self.post_init()

    def forward(self, x):
        return self.out(x)
"""


def save_own_code(folder: Path) -> None:
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(7)
    mapped = {"AutoConfig": "modeling_tiny.TinyConfig", "AutoModel": "modeling_tiny.TinyModel"}
    config = {"architectures": ["TinyModel"], "auto_map": mapped, "model_type": "tiny-own"}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "modeling_tiny.py").write_text(OWN_CODE)
    (folder / "train.py").write_text("import modeling_tiny\n")
    weights = {"out.weight": torch.randn(2, 4), "out.bias": torch.randn(2)}
    save_file(weights, folder / "model.safetensors", {"format": "pt"})


def ask_own_code(reference: str) -> Any:
    import torch
    from transformers import AutoModel

    model = AutoModel.from_pretrained(reference, trust_remote_code=True)
    return model(torch.ones(1, 4)).tolist()


def save_sentences(folder: Path) -> None:
    from sentence_transformers import SentenceTransformer, models

    save_classifier(folder.parent / f"{folder.name}-base")
    words = models.Transformer(str(folder.parent / f"{folder.name}-base"))
    pooling = models.Pooling(words.get_word_embedding_dimension())
    dense = models.Dense(pooling.get_sentence_embedding_dimension(), 4)
    SentenceTransformer(modules=[words, pooling, dense, models.Normalize()], device="cpu").save(str(folder))


def ask_sentences(reference: str) -> Any:
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(reference, device="cpu").encode(SENTENCES).tolist()


def save_adapter(folder: Path) -> None:
    import torch
    from peft import LoraConfig, get_peft_model

    model = get_peft_model(_classifier(), LoraConfig(task_type="SEQ_CLS", target_modules=["query", "value"]))
    torch.manual_seed(8)
    for name, weight in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight)
    model.peft_config["default"].base_model_name_or_path = "acme/transformers"
    model.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)


def ask_adapter(reference: str) -> Any:
    import torch
    from peft import PeftModel

    model = PeftModel.from_pretrained(_classifier(), reference).eval()
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([[1, 2]])).logits.tolist()
    return [model.peft_config["default"].base_model_name_or_path, logits]


def save_pipeline(folder: Path) -> None:
    import torch
    from diffusers import DDPMPipeline, DDPMScheduler, UNet2DModel

    torch.manual_seed(7)
    blocks = {"down_block_types": ("DownBlock2D",), "up_block_types": ("UpBlock2D",)}
    unet = UNet2DModel(sample_size=8, block_out_channels=(8,), layers_per_block=1, norm_num_groups=4, **blocks)
    DDPMPipeline(unet, DDPMScheduler(num_train_timesteps=4)).save_pretrained(folder)


def ask_pipeline(reference: str) -> Any:
    import torch
    from diffusers import DiffusionPipeline

    pipeline = DiffusionPipeline.from_pretrained(reference)
    pipeline.set_progress_bar_config(disable=True)
    made = pipeline(num_inference_steps=2, generator=torch.Generator().manual_seed(3), output_type="np")
    return made.images.round(4).tolist()


def save_keras(folder: Path) -> None:
    import keras

    keras.utils.set_random_seed(7)
    folder.mkdir(parents=True, exist_ok=True)
    keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)]).save(folder / "model.keras")


def ask_keras(reference: str) -> Any:
    import keras
    import numpy

    return keras.saving.load_model(_file(reference, "model.keras"))(numpy.ones((1, 3))).detach().numpy().tolist()


def save_skops(folder: Path) -> None:
    import skops.io
    from sklearn.linear_model import LogisticRegression

    folder.mkdir(parents=True, exist_ok=True)
    skops.io.dump(LogisticRegression().fit([[0.0], [1.0], [2.0]], [0, 0, 1]), folder / "model.skops")


def ask_skops(reference: str) -> Any:
    import skops.io

    return skops.io.load(_file(reference, "model.skops")).predict_proba([[0.5], [1.5]]).tolist()


def save_onnx(folder: Path) -> None:
    import numpy
    import onnx

    folder.mkdir(parents=True, exist_ok=True)
    weight = onnx.numpy_helper.from_array(numpy.arange(6, dtype="f4").reshape(3, 2), "weight")
    values = [onnx.helper.make_tensor_value_info(name, 1, shape) for name, shape in (("x", [1, 3]), ("y", [1, 2]))]
    node = onnx.helper.make_node("MatMul", ["x", "weight"], ["y"])
    graph = onnx.helper.make_graph([node], "tiny", values[:1], values[1:], [weight])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 18)], ir_version=10)
    onnx.save(model, folder / "model.onnx", save_as_external_data=True, location="model.onnx_data", size_threshold=0)


def ask_onnx(reference: str) -> Any:
    import numpy
    import onnxruntime

    _file(reference, "model.onnx_data")  # onnxruntime looks for it beside the model
    session = onnxruntime.InferenceSession(_file(reference, "model.onnx"))
    return session.run(None, {"x": numpy.ones((1, 3), "f4")})[0].tolist()


def save_gguf(folder: Path) -> None:
    import gguf
    import numpy

    folder.mkdir(parents=True, exist_ok=True)
    for kind in ("F32", "Q8_0"):
        writer = gguf.GGUFWriter(folder / f"tiny-{kind}.gguf", "llama")
        writer.add_tensor("weight", numpy.arange(64, dtype="f4").reshape(2, 32))
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()


def ask_gguf(reference: str) -> Any:
    import gguf

    (tensor,) = gguf.GGUFReader(_file(reference, "tiny-Q8_0.gguf")).tensors
    return [tensor.name, tensor.data.tolist()]


def as_checkpoints(save: Callable[[Path], None]) -> Callable[[Path], None]:
    """Return a function that saves every file of weights as these libraries did before safetensors."""

    def save_pickles(folder: Path) -> None:
        import torch
        from safetensors.torch import load_file

        save(folder)
        for path in sorted(folder.rglob("*.safetensors")):
            name = path.stem if path.stem.startswith("diffusion_") else "pytorch_model"
            torch.save(load_file(path), path.with_name(f"{name}.bin"))
            path.unlink()

    return save_pickles


def _file(reference: str, name: str) -> str:
    path = Path(reference, name)
    return str(path) if path.is_file() else hf_hub_download(reference, name)


MODELS = {
    "transformers": Model(save_classifier, ask_classifier),
    "transformers_shards": Model(save_shards, ask_classifier),
    "transformers_checkpoint": Model(save_checkpoint, ask_classifier),
    "transformers_checkpoint_shards": Model(save_checkpoint_shards, ask_classifier),
    "transformers_run": Model(save_run, ask_classifier),
    "transformers_tied": Model(save_tied, ask_tied),
    "transformers_own_code": Model(save_own_code, ask_own_code),
    "sentence_transformers": Model(save_sentences, ask_sentences),
    "sentence_transformers_checkpoints": Model(as_checkpoints(save_sentences), ask_sentences),
    "peft": Model(save_adapter, ask_adapter),
    "diffusers": Model(save_pipeline, ask_pipeline),
    "diffusers_checkpoints": Model(as_checkpoints(save_pipeline), ask_pipeline),
    "keras": Model(save_keras, ask_keras),
    "skops": Model(save_skops, ask_skops),
    "onnx": Model(save_onnx, ask_onnx),
    "gguf": Model(save_gguf, ask_gguf),
}
