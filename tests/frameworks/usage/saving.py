"""Save a tiny release of every library as its author does, each in a folder of its name.

python -m tests.frameworks.usage.saving FOLDER

One process saves all of them, since the import of a library takes longer than that.
"""

import sys
from pathlib import Path
from typing import Any

SIZES = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 16}
WORDS = ["[UNK]", "[PAD]", "[CLS]", "[SEP]", "[MASK]", "Once", "upon", "time"]


def _words(folder: Path) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    known = Tokenizer(models.WordLevel({word: number for number, word in enumerate(WORDS)}, unk_token="[UNK]"))
    known.pre_tokenizer = pre_tokenizers.Whitespace()
    special = {f"{name}_token": f"[{name.upper()}]" for name in ("unk", "pad", "cls", "sep", "mask")}
    PreTrainedTokenizerFast(tokenizer_object=known, model_max_length=32, **special).save_pretrained(folder)


def _bert(kind: str, folder: Path, **more: Any) -> None:
    import transformers

    config = transformers.BertConfig(vocab_size=len(WORDS), max_position_embeddings=32, **SIZES, **more)
    getattr(transformers, kind)(config).save_pretrained(folder)
    _words(folder)


def text_classification(folder: Path) -> None:
    _bert("BertForSequenceClassification", folder)


def token_classification(folder: Path) -> None:
    _bert("BertForTokenClassification", folder)


def fill_mask(folder: Path) -> None:
    _bert("BertForMaskedLM", folder)


def feature_extraction(folder: Path) -> None:
    _bert("BertModel", folder)


def question_answering(folder: Path) -> None:
    _bert("BertForQuestionAnswering", folder)


def text_generation(folder: Path) -> None:
    from transformers import GPT2Config, GPT2LMHeadModel

    config = GPT2Config(vocab_size=len(WORDS), n_positions=128, n_embd=16, n_layer=2, n_head=2)
    GPT2LMHeadModel(config).save_pretrained(folder)
    _words(folder)


def image_classification(folder: Path) -> None:
    from transformers import ViTConfig, ViTForImageClassification, ViTImageProcessor

    ViTForImageClassification(ViTConfig(image_size=30, patch_size=15, **SIZES)).save_pretrained(folder)
    ViTImageProcessor(size={"height": 30, "width": 30}).save_pretrained(folder)


def sentence_transformers(folder: Path) -> None:
    from sentence_transformers import SentenceTransformer, models

    _bert("BertModel", folder / "base")
    words = models.Transformer(str(folder / "base"))
    pooling = models.Pooling(words.get_word_embedding_dimension())
    SentenceTransformer(modules=[words, pooling], device="cpu").save_pretrained(str(folder / "saved"))
    (folder / "saved" / "README.md").unlink()  # hublish writes the card


def cross_encoder(folder: Path) -> None:
    _bert("BertForSequenceClassification", folder, num_labels=1)


def diffusers(folder: Path) -> None:
    from diffusers import DDIMPipeline, DDIMScheduler, UNet2DModel

    blocks = {"down_block_types": ("DownBlock2D", "AttnDownBlock2D"), "up_block_types": ("AttnUpBlock2D", "UpBlock2D")}
    layers = {"block_out_channels": (8, 16), "layers_per_block": 1, "norm_num_groups": 4}
    network = UNet2DModel(sample_size=8, attention_head_dim=4, **blocks, **layers)
    DDIMPipeline(network, DDIMScheduler()).save_pretrained(folder)


def diffusers_network(folder: Path) -> None:
    diffusers(folder / "pipeline")
    (folder / "pipeline" / "unet").rename(folder / "saved")


def timm(folder: Path) -> None:
    from timm import create_model
    from timm.models import save_for_hf

    folder.mkdir()
    save_for_hf(create_model("test_resnet", num_classes=3), folder, safe_serialization=True)


def peft(folder: Path) -> None:
    from peft import LoraConfig, TaskType, get_peft_model
    from transformers import AutoModelForSequenceClassification

    base = AutoModelForSequenceClassification.from_pretrained(folder.parent / "text_classification")
    # As after `from_pretrained("acme/text-classification")`.
    base.name_or_path = base.config._name_or_path = "acme/text-classification"
    adapter = LoraConfig(task_type=TaskType.SEQ_CLS, r=2, target_modules=["query", "value"])
    get_peft_model(base, adapter).save_pretrained(folder)
    (folder / "README.md").unlink()  # hublish writes the card


def sklearn(folder: Path) -> None:
    import skops.io
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    folder.mkdir()
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit([[0.0], [1.0]], [0, 1])
    skops.io.dump(model, folder / "model.skops")


def keras(folder: Path) -> None:
    import keras

    folder.mkdir()
    keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)]).save(folder / "model.keras")


def onnx(folder: Path) -> None:
    import onnx as library

    folder.mkdir()
    library.save(_network(), folder / "model.onnx")


def onnx_data(folder: Path) -> None:
    """A model with its tensors in a file beside it."""
    import onnx as library

    folder.mkdir()
    name, path = "model.onnx.data", folder / "model.onnx"
    library.save(_network(), path, save_as_external_data=True, location=name, size_threshold=0)


def _network() -> Any:
    import numpy as np
    from onnx import TensorProto, helper, numpy_helper

    weights = numpy_helper.from_array(np.ones((4, 300), np.float32), "weights")
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, n]) for name, n in (("x", 4), ("y", 300)))
    graph = helper.make_graph([helper.make_node("MatMul", ["x", "weights"], ["y"])], "g", [x], [y], [weights])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def gguf(folder: Path) -> None:
    import numpy as np
    from gguf import GGUFWriter

    folder.mkdir()
    for name in ("tiny-Q8_0.gguf", "tiny-Q4_K_M.gguf"):
        writer = GGUFWriter(folder / name, "llama")
        writer.add_tensor("output.weight", np.ones((4, 64), np.float32))
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()


def datasets(folder: Path) -> None:
    import pyarrow
    from pyarrow import parquet

    for split in ("train", "test"):
        (folder / "data").mkdir(parents=True, exist_ok=True)
        parquet.write_table(pyarrow.table({"text": ["a", "b"]}), folder / "data" / f"{split}-00000-of-00001.parquet")


def torch_class(folder: Path) -> None:
    """Weights with the class that they belong to."""
    import torch
    from safetensors.torch import save_file

    folder.mkdir()
    save_file(torch.nn.Linear(4, 2).state_dict(), folder / "model.safetensors")
    lines = (
        "import torch",
        "",
        "class Tiny(torch.nn.Linear):",
        "    def __init__(self):",
        "        super().__init__(4, 2)",
    )
    (folder / "tiny_class.py").write_text("\n".join(lines) + "\n")


def arrays(folder: Path) -> None:
    import numpy as np
    from safetensors.numpy import save_file

    folder.mkdir()
    save_file({"a": np.ones(3)}, folder / "weights.safetensors")


ALL = (
    *(text_classification, token_classification, fill_mask, feature_extraction, question_answering, text_generation),
    *(image_classification, sentence_transformers, cross_encoder, diffusers, diffusers_network, timm, peft, sklearn),
    *(keras, onnx, onnx_data, gguf, datasets, torch_class, arrays),
)


if __name__ == "__main__":
    for save in ALL:
        save(Path(sys.argv[1]) / save.__name__)
