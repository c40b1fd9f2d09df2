"""Facts of GGUF files, ONNX models, Keras models and arrays of NumPy."""

import io
import json
import struct
import zipfile
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.base.content import InMemory
from hublish.cards.facts.derive_facts import derive_facts
from tests.hublish.cards.facts.releases import Files, derived, value_of, weights
from tests.hublish.formats import protobuf
from tests.hublish.formats.test_gguf import gguf, key, string, tensor


def number(name: str, value: int) -> bytes:
    """Return a key with an integer."""
    return key(name, 4, struct.pack("<I", value))


def words(name: str, *values: str) -> bytes:
    """Return a key with a list of texts."""
    return key(name, 9, struct.pack("<IQ", 8, len(values)) + b"".join(map(string, values)))


def model(file_type: int | None = 15, layers: int = 2, length: int = 4096) -> bytes:
    """Return a GGUF file with a tensor of 64 numbers, and a quantized one of 256."""
    keys = [
        key("general.architecture", 8, string("llama")),
        *([] if file_type is None else [number("general.file_type", file_type)]),
        number("llama.context_length", length),
        number("llama.block_count", layers),
        number("llama.embedding_length", 32),
        words("tokenizer.ggml.tokens", "a", "b", "c"),
        key("general.license", 8, string("mit")),
        key("general.base_model.0.repo_url", 8, string("https://huggingface.co/acme/base")),
    ]
    return gguf(keys, [tensor("w"), tensor("q", (1, 256), 12, 256)], bytes(256 + 144 + 16))


def test_describes_a_gguf_file() -> None:
    facts = derived({"tiny.Q4_K_M.gguf": model()})
    assert {name: fact.value for name, fact in facts.items() if not name.startswith("files")} == {
        "base_models": [{"repo_id": "acme/base"}],
        "license": "mit",
        "model.architecture": "llama",
        "model.context_length": 4096,
        "model.dtypes": {"F32": 64, "Q4_K": 256},
        "model.hidden_size": 32,
        "model.layers": 2,
        "model.memory": 400,
        "model.parameters": 320,
        "model.quantization": "Q4_K_M",
        "model.tensors": 2,
        "model.vocabulary_size": 3,
    }
    assert facts["model.context_length"].key == "llama.context_length"
    assert facts["model.quantization"].key == "general.file_type"


@pytest.mark.parametrize(
    ("data", "name", "value"),
    [
        (model(length=8192), "model.context_length", 8192),
        (model(layers=3), "model.layers", 3),
        (model(7), "model.quantization", "Q8_0"),
        (model(None), "model.quantization", "Q4_K"),
        (model(9999), "model.quantization", "Q4_K"),
    ],
)
def test_follows_the_keys(data: bytes, name: str, value: Any) -> None:
    assert value_of(name, {"tiny.gguf": data}) == value


GGUF_FILES: dict[str, tuple[Files, int | None, str | None]] = {
    "several quantizations": (
        {"tiny.Q4_K_M.gguf": model(), "tiny.Q8_0.gguf": model(7), "tiny-F16.gguf": model(1)},
        320,
        None,
    ),
    "two models": ({"tiny.Q4_K_M.gguf": model(), "other.Q4_K_M.gguf": model()}, None, None),
    "a projector": ({"tiny.Q4_K_M.gguf": model(), "mmproj-tiny-f16.gguf": model(1)}, 320, "Q4_K_M"),
    "a projector alone": ({"mmproj.gguf": model(1)}, None, None),
    "parts": (
        {"t-00001-of-00002.gguf": model(), "t-00002-of-00002.gguf": gguf([], [tensor("x")], bytes(256))},
        384,
        "Q4_K_M",
    ),
    "a part is missing": ({"t-00001-of-00002.gguf": model()}, None, None),
    "damaged": ({"tiny.gguf": model()[:100]}, None, None),
    "beside safetensors": ({"tiny.gguf": model(), "model.safetensors": weights(w=("F32", [5]))}, 5, None),
}


@pytest.mark.parametrize("case", GGUF_FILES)
def test_finds_the_files_of_the_one_model(case: str) -> None:
    files, parameters, quantization = GGUF_FILES[case]
    assert value_of("model.parameters", files) == parameters
    assert value_of("model.quantization", files) == quantization


def test_a_long_vocabulary_is_read_in_parts() -> None:
    long = gguf([words("tokenizer.ggml.tokens", *["word" * 8] * 50_000)], [tensor("w")], bytes(256))
    assert len(long) > 1 << 20
    assert value_of("model.vocabulary_size", {"a.gguf": long}) == 50_000


def onnx_tensor(kind: int, *shape: int, packed: bool = False) -> bytes:
    """Return the contents of a TensorProto."""
    dims = (
        protobuf.message(1, *map(protobuf.varint, shape)) if packed else b"".join(protobuf.number(1, n) for n in shape)
    )
    return dims + protobuf.number(2, kind) + protobuf.text(8, "w") + protobuf.message(9, bytes(8))


def onnx(*graph: bytes, producer: str = "pytorch") -> bytes:
    """Return a ModelProto."""
    return protobuf.number(1, 8) + protobuf.text(2, producer) + protobuf.text(3, "2.8.0") + protobuf.message(7, *graph)


INITIALIZER = protobuf.message(5, onnx_tensor(1, 3, 4))
INNER = protobuf.message(1, protobuf.message(5, protobuf.message(6, INITIALIZER)))  # node, attribute, graph
CONSTANT = protobuf.message(1, protobuf.message(5, protobuf.message(5, onnx_tensor(10, 5))))

ONNX_MODELS: dict[str, tuple[Files, dict[str, int] | None]] = {
    "initializers": ({"model.onnx": onnx(INITIALIZER, INITIALIZER)}, {"F32": 24}),
    "packed lengths": ({"model.onnx": onnx(protobuf.message(5, onnx_tensor(1, 300, 2, packed=True)))}, {"F32": 600}),
    "a branch": ({"model.onnx": onnx(INITIALIZER, INNER)}, {"F32": 24}),
    "a constant": ({"model.onnx": onnx(CONSTANT)}, {"F16": 5}),
    "indices and scalars": (
        {"model.onnx": onnx(protobuf.message(5, onnx_tensor(7, 9)), protobuf.message(5, onnx_tensor(1)))},
        None,
    ),
    "a new type": ({"model.onnx": onnx(protobuf.message(5, onnx_tensor(99, 2)))}, {"type 99": 2}),
    "a huge shape": ({"model.onnx": onnx(protobuf.message(5, onnx_tensor(1, 1 << 40, 1 << 40)))}, None),
    "a negative length": ({"model.onnx": onnx(protobuf.message(5, onnx_tensor(1, (1 << 64) - 1)))}, None),
    "the main one": ({"onnx/model.onnx": onnx(INITIALIZER), "onnx/model_fp16.onnx": onnx(CONSTANT)}, {"F32": 12}),
    "two": ({"a.onnx": onnx(INITIALIZER), "b.onnx": onnx(CONSTANT)}, None),
    "no graph": ({"model.onnx": protobuf.number(1, 8)}, None),
    "empty": ({"model.onnx": b""}, None),
    "noise": ({"model.onnx": b"\xff" * 100}, None),
    "nested ten thousand times": ({"model.onnx": onnx(b"\x0a" * 10_000)}, None),
}


@pytest.mark.parametrize("case", ONNX_MODELS)
def test_counts_the_weights_of_an_onnx_model(case: str) -> None:
    files, dtypes = ONNX_MODELS[case]
    assert value_of("model.dtypes", files) == dtypes
    assert value_of("model.parameters", files) == (sum(dtypes.values()) if dtypes else None)


def test_names_the_library_that_exported_an_onnx_model() -> None:
    assert value_of("versions.torch", {"model.onnx": onnx(INITIALIZER)}) == "2.8.0"
    assert "versions.torch" not in derived({"model.onnx": onnx(INITIALIZER, producer="other")})


def archive(members: dict[str, bytes]) -> bytes:
    """Return a zip archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, data in members.items():
            file.writestr(name, data)
    return buffer.getvalue()


def keras(**others: bytes) -> bytes:
    """Return a Keras model."""
    config = json.dumps({"class_name": "Sequential", "config": {}}).encode()
    members = {"metadata": b'{"keras_version": "3.12.0"}', "config": config, **others}
    return archive({f"{name}.json": data for name, data in members.items()})


def test_reads_the_class_and_version_of_a_keras_model() -> None:
    facts = derived({"model.keras": keras()})
    assert (facts["model.architecture"].value, facts["versions.keras"].value) == ("Sequential", "3.12.0")
    for damaged in (b"PK", keras(config=b"{"), keras(config=b"[]"), keras(metadata=b"\xff"), archive({})):
        assert "model.architecture" not in derived({"model.keras": damaged})
    assert "model.architecture" not in derived({"a.keras": keras(), "b.keras": keras()})


def hdf5(**shapes: tuple[int, ...]) -> bytes:
    """Return the weights of a Keras model with the state of its optimizer; `a__b` is `a/b`."""
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        for name, shape in shapes.items():
            file.create_dataset(name.replace("__", "/"), shape, "u4" if "seed" in name else "f4")
        file.create_dataset("optimizer/vars/0", (100,), "f4")
    return buffer.getvalue()


WEIGHTS = hdf5(layers__dense__vars__0=(3, 4), layers__dense__vars__1=(4,), layers__dropout__seed=(2,))


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("model.keras", archive({"metadata.json": b"{}", "config.json": b"{}", "model.weights.h5": WEIGHTS})),
        ("model.weights.h5", WEIGHTS),
        ("out/tf_model.h5", WEIGHTS),
    ],
)
def test_counts_the_weights_of_keras_without_the_optimizer(path: str, data: bytes) -> None:
    facts = derived({path: data})
    assert facts["model.dtypes"].value == {"F32": 16}
    assert (facts["model.parameters"].value, facts["model.memory"].value, facts["model.tensors"].value) == (16, 64, 2)


@pytest.mark.parametrize(
    "files",
    [
        {"data.h5": WEIGHTS},
        {"a.weights.h5": WEIGHTS, "b.weights.h5": WEIGHTS},
        {"model.weights.h5": WEIGHTS[:500]},
        {"model.weights.h5": hdf5(seed=(2,))},
        {"model.keras": archive({"metadata.json": b"{}", "config.json": b"{}", "model.weights.h5": b"noise"})},
    ],
)
def test_counts_no_weights_of_other_files(files: dict[str, bytes]) -> None:
    assert "model.parameters" not in derived(files)


def arrays(**values: Any) -> bytes:
    """Return a .npz file."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **values)
    return buffer.getvalue()


def test_counts_the_arrays_of_numpy() -> None:
    facts = derived({"weights.npz": arrays(a=np.zeros((3, 4), "f4"), b=np.zeros(5, "f8"))})
    assert facts["model.dtypes"].value == {"F32": 12, "F64": 5}
    assert (facts["model.parameters"].value, facts["model.memory"].value, facts["model.tensors"].value) == (17, 88, 2)
    for other in (b"PK", arrays(a=np.array(["x"])), archive({"a.npy": b"noise"}), archive({"a.txt": b""}), arrays()):
        assert "model.parameters" not in derived({"weights.npz": other})


VALID = {
    "a.gguf": model(),
    "model.onnx": onnx(INITIALIZER, INNER, CONSTANT),
    "m.keras": keras(),
    "w.npz": arrays(a=np.zeros(3)),
}


@given(st.sampled_from(sorted(VALID)), st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=8))
def test_changed_bytes_never_raise(name: str, place: float, changed: bytes) -> None:
    data = VALID[name]
    position = int(place * len(data))
    derive_facts([(name, InMemory(data[:position] + changed + data[position + len(changed) :]))])
