import json
from pathlib import Path
from typing import Any

import pytest

from hublish.formats.input_files import InvalidFileError
from hublish.formats.tensors.index import read_index, render_index

SHARD = "model-00001-of-00001.safetensors"


def index(folder: Path, value: Any) -> Path:
    path = folder / "model.safetensors.index.json"
    path.write_bytes(value if isinstance(value, bytes) else json.dumps(value).encode())
    return path


def test_an_index_is_read_back(tmp_path: Path) -> None:
    path = index(
        tmp_path, render_index({"total_size": 8, "note": "é"}, {"b": "y.safetensors", "a": "sub/x.safetensors"})
    )
    found = read_index(path, "the index")
    assert found.metadata == {"total_size": 8, "note": "é"}
    assert found.weight_map == {"b": "y.safetensors", "a": "sub/x.safetensors"}
    assert found.shards == ("sub/x.safetensors", "y.safetensors")


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"9" * 5_000, "not JSON"),
        ([], "no 'weight_map'"),
        ({}, "no 'weight_map'"),
        ({"weight_map": [SHARD]}, "no 'weight_map'"),
        ({"weight_map": {"a": 1}}, "no 'weight_map'"),
        (b'{"weight_map":{"a":"x.safetensors","a":"y.safetensors"}}', "a key stands twice"),
        (b'{"weight_map":{},"weight_map":{}}', "a key stands twice"),
        ({"weight_map": {"a": "model.bin"}}, "not a .safetensors file"),
        ({"weight_map": {"a": "model.safetensors.bin"}}, "not a .safetensors file"),
    ],
)
def test_what_is_no_index_is_refused(tmp_path: Path, value: Any, problem: str) -> None:
    with pytest.raises(InvalidFileError, match=f"^the index: .*{problem}"):
        read_index(index(tmp_path, value), "the index")


@pytest.mark.parametrize(
    "shard",
    [
        "../../x.safetensors",
        "a/../../x.safetensors",
        "a/../x.safetensors",
        "/etc/x.safetensors",
        "//host/share/x.safetensors",
        "C:\\x.safetensors",
        "C:x.safetensors",
        "..\\x.safetensors",
        "a\\x.safetensors",
        "./x.safetensors",
        "a//x.safetensors",
        "x\0.safetensors",
        "x\n.safetensors",
    ],
)
def test_a_shard_outside_the_folder_is_refused(tmp_path: Path, shard: str) -> None:
    with pytest.raises(InvalidFileError, match="points outside the index's folder"):
        read_index(index(tmp_path, {"weight_map": {"a": SHARD, "b": shard}}), "the index")


def test_a_huge_index_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = index(tmp_path, b"{}")
    with path.open("r+b") as file:
        file.truncate(10**11)
    with pytest.raises(InvalidFileError, match="an index of 100000000000 bytes; the limit is"):
        read_index(path, "the index")
