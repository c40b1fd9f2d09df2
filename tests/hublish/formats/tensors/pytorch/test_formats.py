"""Checkpoints that torch can write and that are not among the committed ones, assembled by hand."""

import json
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from hublish.base.errors import SerializationError
from hublish.formats.interface import Written
from hublish.formats.safetensors import Safetensors
from tests.hublish.formats.tensors.pytorch.assembling import (
    FOUR,
    call,
    checkpoint,
    dict_of,
    legacy,
    list_of,
    members,
    named,
    number,
    numbers,
    pickled,
    state,
    storage,
    tensor,
    text,
    tuple_of,
    typed_tensor,
    write_zip,
)

Dump = Callable[..., tuple[Written, ...]]
BIG = struct.pack(">4f", 0, 1, 2, 3)


def converted(dump: Dump, source: Path, **options: Any) -> dict[str, NDArray[Any]]:
    written = dump(source, source.name, **options)
    return dict(Safetensors().load({file.path_in_repo: file.path for file in written}))


def test_a_checkpoint_of_a_big_endian_machine_is_swapped(dump: Dump, tmp_path: Path) -> None:
    path = write_zip(tmp_path / "m.pt", members(state(), {"0": BIG}, b"big"))
    assert converted(dump, path)["a"].tolist() == [0, 1, 2, 3]
    (tmp_path / "old.pt").write_bytes(legacy(state(), {"0": BIG}, little_endian=False))
    assert converted(dump, tmp_path / "old.pt")["a"].tolist() == [0, 1, 2, 3]


def test_a_checkpoint_without_a_byte_order_is_little_endian(dump: Dump, tmp_path: Path) -> None:
    path = write_zip(tmp_path / "m.pt", {"m/data.pkl": state(), "m/data/0": FOUR})
    assert converted(dump, path)["a"].tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_newer_pickle_protocols_are_read(dump: Dump, tmp_path: Path, protocol: int) -> None:
    framed = b"\x95" + struct.pack("<Q", 5) if protocol > 3 else b""
    path = checkpoint(tmp_path / "m.pt", pickled(framed + dict_of({"a": tensor()}), protocol))
    assert converted(dump, path)["a"].tolist() == [0, 1, 2, 3]


def test_a_checkpoint_of_python_2_is_read(dump: Dump, tmp_path: Path) -> None:
    held = tuple_of(b"U\x07storage", named("torch.FloatStorage"), b"U\x010", b"U\x03cpu", number(4), b"N") + b"Q"
    entries = list_of(list_of(b"U\x01a", tensor(held=held)))
    (tmp_path / "m.pth").write_bytes(legacy(pickled(call("collections.OrderedDict", entries)), {"0": FOUR}))
    assert converted(dump, tmp_path / "m.pth")["a"].tolist() == [0, 1, 2, 3]


def test_a_view_of_a_legacy_storage_is_found(dump: Dump, tmp_path: Path) -> None:
    view = tuple_of(text("v"), number(1), number(2))
    held = tuple_of(text("storage"), named("torch.FloatStorage"), text("0"), text("cpu"), number(4), view) + b"Q"
    (tmp_path / "m.pt").write_bytes(legacy(state(tensor((2,), (1,), held=held)), {"0": FOUR}))
    assert converted(dump, tmp_path / "m.pt")["a"].tolist() == [1, 2]


@pytest.mark.parametrize("kind", ["torch.cuda.FloatStorage", "torch.FloatStorage"])
def test_the_device_does_not_matter(dump: Dump, tmp_path: Path, kind: str) -> None:
    path = checkpoint(tmp_path / "m.pt", state(tensor(held=storage(kind))))
    assert converted(dump, path)["a"].tolist() == [0, 1, 2, 3]


def test_an_untyped_storage_takes_its_type_from_the_tensor(dump: Dump, tmp_path: Path) -> None:
    path = checkpoint(tmp_path / "m.pt", state(typed_tensor("torch.uint16", 16)))
    assert converted(dump, path)["a"].dtype == np.uint16


def test_attributes_of_tensors_and_dictionaries_are_dropped(dump: Dump, tmp_path: Path) -> None:
    parameter = call(
        "torch._utils._rebuild_parameter_with_state", tensor(), b"\x88", b"N", dict_of({"note": text("x")})
    )
    wrapped = call(
        "torch._tensor._rebuild_from_type_v2",
        named("torch._utils._rebuild_parameter"),
        named("torch.nn.parameter.Parameter"),
        tuple_of(tensor(), b"\x88", b"N"),
        dict_of({"note": text("x")}),
    )
    entries = call("collections.OrderedDict") + b"(" + text("a") + parameter + text("b") + wrapped + b"u"
    path = checkpoint(tmp_path / "m.pt", pickled(entries + dict_of({"_metadata": b"}"}) + b"b"))
    assert {name: array.tolist() for name, array in converted(dump, path).items()} == {
        "a": [0, 1, 2, 3],
        "b": [0, 1, 2, 3],
    }


def test_plain_values_beside_the_state_dict_are_ignored(dump: Dump, tmp_path: Path) -> None:
    beside = {
        "model": dict_of({"a": tensor()}),
        "epoch": number(3),
        "rate": b"G" + struct.pack(">d", 0.1),
        "size": call("torch.Size", numbers((1, 2))),
        "type": named("torch.bfloat16"),
        "device": call("torch.device", text("cuda"), number(0)),
        "seen": call("builtins.set", list_of(number(1))),
        "set": b"\x8f(" + number(1) + b"\x90",
        "blob": call("_codecs.encode", text("\x00"), text("latin1")),
        "deep": list_of(dict_of({"x": list_of(b"N", b"\x88", b"\x89", tuple_of())})),
    }
    path = checkpoint(tmp_path / "m.ckpt", pickled(dict_of(beside)))
    assert list(converted(dump, path)) == ["a"]


def test_a_bare_tensor_is_named_after_its_file(dump: Dump, tmp_path: Path) -> None:
    path = checkpoint(tmp_path / "embeddings.v2.pt", pickled(tensor()))
    assert list(converted(dump, path)) == ["embeddings"]


def test_an_entry_that_is_not_a_tensor_can_be_excluded(dump: Dump, tmp_path: Path) -> None:
    path = checkpoint(tmp_path / "m.pt", pickled(dict_of({"a": tensor(), "_extra_state": b"N"})))
    with pytest.raises(SerializationError, match="entry '_extra_state' of the state dict is a NoneType") as caught:
        dump(path)
    assert caught.value.hint == "exclude it: options: {exclude: [_extra_state]}"
    assert list(converted(dump, path, exclude=["_extra_state"])) == ["a"]


def test_an_archive_with_64_bit_sizes_is_read(dump: Dump, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "m.pt", "w") as archive:
        for name, content in members(state()).items():
            with archive.open(zipfile.ZipInfo(name), "w", force_zip64=True) as member:
                member.write(content)
    assert converted(dump, tmp_path / "m.pt")["a"].tolist() == [0, 1, 2, 3]


def test_a_compressed_pickle_is_read(dump: Dump, tmp_path: Path) -> None:
    files = members(state())
    with zipfile.ZipFile(tmp_path / "m.pt", "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content, zipfile.ZIP_DEFLATED if name == "m/data.pkl" else zipfile.ZIP_STORED)
    assert converted(dump, tmp_path / "m.pt")["a"].tolist() == [0, 1, 2, 3]


@pytest.fixture
def sharded(tmp_path: Path) -> Path:
    """Two shards and their index, as transformers wrote them."""
    names = [f"pytorch_model-0000{number}-of-00002.bin" for number in (1, 2)]
    checkpoint(tmp_path / names[0], pickled(dict_of({"a": tensor()})))
    checkpoint(tmp_path / names[1], pickled(dict_of({"b": tensor((2, 2), (2, 1))})))
    index = tmp_path / "pytorch_model.bin.index.json"
    index.write_text(json.dumps({"metadata": {"total_size": 32}, "weight_map": {"a": names[0], "b": names[1]}}))
    return index


def test_a_sharded_checkpoint_becomes_one_file_or_shards(dump: Dump, sharded: Path) -> None:
    (file,) = dump(sharded, "pytorch_model.bin.index.json")
    assert file.path_in_repo == "pytorch_model.safetensors"
    written = dump(sharded, "model.safetensors", max_shard_size=16)
    assert [file.path_in_repo for file in written] == [
        "model-00001-of-00002.safetensors",
        "model-00002-of-00002.safetensors",
        "model.safetensors.index.json",
    ]
    assert set(Safetensors().load({file.path_in_repo: file.path for file in written})) == {"a", "b"}


@pytest.mark.parametrize(
    ("weight_map", "problem"),
    [
        ({"a": "../other.bin"}, "points outside the index's folder"),
        ({"a": "model.pt"}, r"is not a \.bin file"),
        ({"a": "absent.bin"}, "cannot be read: No such file"),
        ({"a": "pytorch_model-00002-of-00002.bin"}, "tensor 'a' is not in pytorch_model-00002"),
    ],
)
def test_an_index_that_disagrees_with_its_shards_is_refused(
    dump: Dump, sharded: Path, weight_map: dict[str, str], problem: str
) -> None:
    sharded.write_text(json.dumps({"weight_map": weight_map}))
    with pytest.raises(SerializationError, match=problem):
        dump(sharded, "model.safetensors")


def test_a_key_needs_a_checkpoint(dump: Dump) -> None:
    with pytest.raises(SerializationError, match="key 'model' is for PyTorch checkpoints"):
        dump({"a": np.ones(1)}, key="model")


def test_all_options_work_together(dump: Dump, tmp_path: Path) -> None:
    inner = {"module.a": tensor(), "module.b": tensor((2,), (2,)), "module.skip": tensor()}
    path = checkpoint(tmp_path / "m.ckpt", pickled(dict_of({"ema": dict_of(inner), "raw": dict_of(inner)})))
    found = converted(
        dump, path, key="ema", include=["module.*"], exclude=["*.skip"], rename={"module.": ""}, dtype="float16"
    )
    assert {name: (str(array.dtype), array.tolist()) for name, array in found.items()} == {
        "a": ("float16", [0, 1, 2, 3]),
        "b": ("float16", [0, 2]),
    }
