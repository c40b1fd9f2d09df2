"""GGUF: written by ggml's own package with a quantized tensor, and read here without that package."""

from pathlib import Path
from typing import Any

import gguf
import numpy as np
from numpy.typing import NDArray

import hublish

_FILE = Path("model.gguf")


def train() -> Any:
    weights = np.random.default_rng(0).normal(size=(4, 64)).astype(np.float32)
    writer = gguf.GGUFWriter(_FILE, "llama")
    writer.add_array("tokenizer.ggml.tokens", ["<s>", "grün", "tokens"])
    writer.add_tensor("output.weight", weights)
    kind = gguf.GGMLQuantizationType.Q8_0
    writer.add_tensor("quantized", gguf.quants.quantize(weights, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return {tensor.name: tensor.data for tensor in gguf.GGUFReader(_FILE).tensors}


def publish(model: Any, repo_id: str) -> hublish.Receipt:
    fields = {"repo": {"repo_id": repo_id}, "artifacts": [{"source": _FILE.name, "serializer": "gguf"}]}
    return hublish.publish(hublish.Manifest.model_validate(fields))


def load(repo_id: str) -> Any:
    arrays = hublish.from_hub(repo_id)
    assert arrays.header.metadata["tokenizer.ggml.tokens"] == ["<s>", "grün", "tokens"]
    assert [(info.name, info.shape, info.dtype) for info in arrays.tensors] == [
        ("output.weight", (4, 64), "F32"),
        ("quantized", (4, 64), "Q8_0"),
    ]
    return arrays


def predict(model: Any) -> NDArray[Any]:
    return np.concatenate([np.ravel(model[name]).astype(np.float32) for name in ("output.weight", "quantized")])
