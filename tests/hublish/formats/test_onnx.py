"""ONNX models, written by hand: their data is collected and mapped without onnx, and hostile ones are refused."""

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.base.errors import LoadError, SerializationError
from hublish.base.progress import SILENT
from hublish.formats import onnx as subject
from hublish.formats.format_options import OnnxOptions
from hublish.formats.input_files import InvalidFileError
from hublish.formats.interface import describe
from hublish.formats.onnx import Onnx
from hublish.formats.onnx_model import read_model
from tests.hublish.formats.protobuf import message, number, single, text, varint

WEIGHTS = np.arange(6, dtype="<f4").reshape(2, 3)


@pytest.fixture(autouse=True)
def without_onnx(monkeypatch: pytest.MonkeyPatch) -> None:
    """The checker of onnx, where it is installed, would refuse these models for what they lack."""
    monkeypatch.setattr(subject, "_check", lambda *_: None)


def tensor(name: str, shape: tuple[int, ...] = (2, 3), kind: int = 1, raw: bytes | None = WEIGHTS.tobytes()) -> bytes:
    dimensions = b"".join(number(1, length) for length in shape)
    return dimensions + number(2, kind) + text(8, name) + (message(9, raw) if raw is not None else b"")


def external(name: str, location: str | None, **entries: str) -> bytes:
    said = {**({} if location is None else {"location": location}), **entries}
    pairs = b"".join(message(13, text(1, key), text(2, value)) for key, value in said.items())
    return tensor(name, raw=None) + pairs + number(14, 1)


def model(*initializers: bytes, nodes: bytes = b"", version: bytes = number(1, 10)) -> bytes:
    return version + message(7, nodes, *(message(5, one) for one in initializers)) + message(8, number(2, 18))


def written(folder: Path, data: bytes, **beside: bytes) -> dict[str, Path]:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in {"model.onnx": data, **{f"{key}.bin": value for key, value in beside.items()}}.items():
        (folder / name).write_bytes(content)
    return {f"sub/{path.name}": path for path in folder.iterdir()}


def dump(source: Any, folder: Path) -> dict[str, Path]:
    items = Onnx().dump(source, "sub/model.onnx", folder / "workspace", OnnxOptions(), SILENT)
    return {item.path_in_repo: item.path for item in items}


def test_a_model_is_passed_on_with_the_data_beside_it(tmp_path: Path) -> None:
    data = model(tensor("a"), external("b", "w.bin", offset="8", length="24"), external("c", "w.bin"))
    files = written(tmp_path, data, w=bytes(8) + WEIGHTS.tobytes(), other=b"left alone")
    assert dump(tmp_path / "model.onnx", tmp_path) == {
        "sub/model.onnx": tmp_path / "model.onnx",
        "sub/w.bin": tmp_path / "w.bin",
    }
    arrays = Onnx().load(files)
    assert np.array_equal(arrays["a"], WEIGHTS)
    assert np.array_equal(arrays["b"], WEIGHTS)
    assert [(info.name, info.dtype, info.nbytes) for info in describe(arrays)] == [
        (name, "float32", 24) for name in "abc"
    ]


def test_data_of_constants_deep_inside_is_collected_too(tmp_path: Path) -> None:
    constant = message(1, message(5, message(5, external("k", "k.bin"))))
    loop = message(1, message(5, message(6, constant)))
    written(tmp_path, model(tensor("a"), nodes=loop), k=bytes(24))
    assert list(dump(tmp_path / "model.onnx", tmp_path)) == ["sub/model.onnx", "sub/k.bin"]
    assert list(Onnx().load({"model.onnx": tmp_path / "model.onnx", "k.bin": tmp_path / "k.bin"})) == ["a"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not an ONNX model"),
        (b"\x80\x04K\x01.", "not a protobuf message|cut short|not an ONNX model"),
        (model(tensor("a"))[:-3], "cut short"),
        (model(tensor("a"), version=b""), "it has no version or no graph"),
        (model(external("b", "../w.bin")), "'..' segment"),
        (model(external("b", "/etc/passwd")), "absolute path"),
        (model(external("b", "a\\b")), "backslash"),
        (model(external("b", None)), "it is empty"),
        (model(external("b", "absent.bin")), "it cannot be read: No such file"),
        (model(external("b", "w.bin", offset="-1")), "no number"),
        (model(external("b", "w.bin", length="x")), "no number"),
        (model(external("b", "w.bin", offset="9", length="9")), "runs past the end of w.bin"),
        (model(external("b", "model.onnx")), "names itself as the file of its data"),
        (model(tensor("a", (2**63,))), "a negative dimension"),
        (model(tensor("a", (1,) * 33)), "more than 32"),
        (model(nodes=message(1, message(5, message(5, b"\xff")))), "cut short"),
    ],
)
def test_a_damaged_or_hostile_model_is_refused_both_ways(data: bytes, reason: str, tmp_path: Path) -> None:
    files = written(tmp_path, data, w=bytes(16))
    files["sub/absent.bin"] = tmp_path / "absent.bin"
    with pytest.raises(SerializationError, match=reason):
        dump(tmp_path / "model.onnx", tmp_path)
    with pytest.raises(LoadError, match=reason):
        Onnx().load(files)


def test_graphs_nested_without_end_are_refused(tmp_path: Path) -> None:
    graph = b""
    for _ in range(40):
        graph = message(1, message(5, message(6, graph)))
    with pytest.raises(InvalidFileError, match="nested more than 32 deep"):
        read_model(memoryview(model(nodes=graph)))


@pytest.mark.parametrize("link", ["w.bin", "deep"])
def test_data_behind_a_link_is_refused(link: str, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "w.bin").write_bytes(bytes(24))
    location = "w.bin" if link == "w.bin" else "deep/w.bin"
    written(tmp_path / "inside", model(external("b", location)))
    (tmp_path / "inside" / link).symlink_to(tmp_path / "outside" / ("w.bin" if link == "w.bin" else ""))
    with pytest.raises(SerializationError, match="is a link, or lies behind one"):
        dump(tmp_path / "inside" / "model.onnx", tmp_path)


def test_data_that_the_load_plan_left_out_is_named(tmp_path: Path) -> None:
    files = written(tmp_path, model(external("b", "w.bin")), w=bytes(24))
    del files["sub/w.bin"]
    with pytest.raises(LoadError, match=r"its data sub/w.bin is missing"):
        Onnx().load(files)


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (tensor("a", raw=None), "it has 6 elements, 0 are there"),
        (tensor("a", raw=None) + message(4, bytes(23)), "its values are cut short"),
        (tensor("a", raw=None, kind=7) + message(7, b"\x80"), "is cut short"),
        (tensor("a", kind=8), "elements of type 8, which numpy cannot hold"),  # texts
        (tensor("a", (7,)), "takes 28 bytes, 24 are there"),
    ],
)
def test_what_cannot_be_read_is_described_all_the_same(made: bytes, reason: str, tmp_path: Path) -> None:
    arrays = Onnx().load(written(tmp_path, model(made)))
    assert len(describe(arrays)) == 1
    with pytest.raises(LoadError, match=reason):
        arrays["a"]


@pytest.mark.parametrize(
    ("kind", "fields", "expected"),
    [
        (1, message(4, struct.pack("<2f", 0.5, -1)), [0.5, -1]),
        (1, single(4, 0.5) + single(4, -1), [0.5, -1]),
        (14, message(4, struct.pack("<4f", 1, 2, 3, 4)), [1 + 2j, 3 + 4j]),
        (11, message(10, struct.pack("<2d", 0.1, -0.1)), [0.1, -0.1]),
        (7, message(7, varint(3), varint(2**64 - 3)), [3, -3]),
        (7, number(7, 3) + number(7, 2**64 - 3), [3, -3]),
        (6, message(5, varint(3), varint(2**64 - 3)), [3, -3]),
        (3, message(5, varint(3), varint(2**64 - 3)), [3, -3]),
        (9, message(5, varint(1), varint(0)), [True, False]),
        (13, message(11, varint(2**64 - 1), varint(0)), [2**64 - 1, 0]),
        (10, message(5, varint(0x3C00), varint(0xC000)), [1, -2]),
        (16, message(5, varint(0x3F80), varint(0xC000)), [1, -2]),
    ],
)
def test_numbers_that_are_stored_one_by_one_are_read(
    kind: int, fields: bytes, expected: list[Any], tmp_path: Path
) -> None:
    arrays = Onnx().load(written(tmp_path, model(tensor("a", (2,), kind, None) + fields)))
    assert arrays["a"].tolist() == expected


@pytest.mark.parametrize("kind", [1, 10, 16, 17])
def test_an_empty_tensor_is_an_empty_array(kind: int, tmp_path: Path) -> None:
    arrays = Onnx().load(written(tmp_path, model(tensor("a", (0, 3), kind, None))))
    assert arrays["a"].shape == (0, 3)


SOUND = model(tensor("a"), external("b", "w.bin", offset="8"), nodes=message(1, message(5, message(5, tensor("k")))))


@given(st.integers(0, len(SOUND) - 1), st.integers(0, 255))
def test_any_changed_byte_is_read_or_refused(place: int, value: int) -> None:
    changed = bytearray(SOUND)
    changed[place] = value
    try:
        found = read_model(memoryview(bytes(changed)))
    except InvalidFileError:
        return
    assert all(length >= 0 for one in found for length in one.shape)
