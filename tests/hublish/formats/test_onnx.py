"""ONNX models: their data is collected and mapped in place, and hostile models are rejected."""

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from hublish.base.errors import LoadError, SerializationError
from hublish.base.progress import SILENT
from hublish.formats import onnx as subject
from hublish.formats import protobuf_size
from hublish.formats.format_options import OnnxOptions
from hublish.formats.interface import DISTRUST, describe
from hublish.formats.onnx import Onnx, read_onnx
from tests.hublish.formats.protobuf import message, number, single, text, varint

WEIGHTS = np.arange(6, dtype="<f4").reshape(2, 3)


def tensor(name: str, shape: tuple[int, ...] = (2, 3), kind: int = 1, raw: bytes | None = WEIGHTS.tobytes()) -> bytes:
    dimensions = b"".join(number(1, length) for length in shape)
    return dimensions + number(2, kind) + text(8, name) + (message(9, raw) if raw is not None else b"")


def external(name: str, location: str | None, *more: tuple[str, str], **entries: str) -> bytes:
    keys = {**({} if location is None else {"location": location}), **entries}
    pairs = b"".join(message(13, text(1, key), text(2, value)) for key, value in [*keys.items(), *more])
    return tensor(name, raw=None) + pairs + number(14, 1)


def model(*initializers: bytes, nodes: bytes = b"", more: bytes = b"", version: bytes = number(1, 10)) -> bytes:
    return version + message(7, nodes, *(message(5, one) for one in initializers)) + message(8, number(2, 18)) + more


def written(folder: Path, data: bytes, **beside: bytes) -> dict[str, Path]:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in {"model.onnx": data, **{f"{key}.bin": value for key, value in beside.items()}}.items():
        (folder / name).write_bytes(content)
    return {f"sub/{path.name}": path for path in folder.iterdir()}


def dump(source: Any, folder: Path, **options: Any) -> dict[str, Path]:
    items = Onnx().dump(source, "sub/model.onnx", folder / "workspace", OnnxOptions(**options), SILENT)
    return {item.path_in_repo: item.path for item in items}


@pytest.fixture
def unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Skip onnx's checker, which rejects models that are assembled here without inputs and outputs."""
    monkeypatch.setattr(subject, "_check", lambda *_: None)


def network() -> onnx.ModelProto:
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, n]) for name, n in (("x", 32), ("y", 16)))
    weights = numpy_helper.from_array(np.ones((32, 16), "f"), "w")
    graph = helper.make_graph([helper.make_node("MatMul", ["x", "w"], ["y"])], "g", [x], [y], [weights])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


@pytest.mark.parametrize(
    ("options", "names"),
    [({}, ["sub/model.onnx"]), ({"external_data": True}, ["sub/model.onnx", "sub/model.onnx.data"])],
)
def test_a_model_in_memory_is_written_and_read_back(
    options: Any, names: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subject, "is_installed", lambda _: False)  # onnxruntime
    made = network()
    files = dump(made, tmp_path, **options)
    assert list(files) == names
    assert made.graph.initializer[0].raw_data, "the given model keeps its data"
    assert np.array_equal(Onnx().load(files)["w"], np.ones((32, 16), "f"))
    assert isinstance(back := Onnx().rebuild(files, DISTRUST), onnx.ModelProto)
    assert np.array_equal(numpy_helper.to_array(back.graph.initializer[0]), np.ones((32, 16), "f"))


def test_another_value_and_a_model_that_the_checker_rejects_are_rejected(tmp_path: Path) -> None:
    with pytest.raises(SerializationError, match=r"a object is not an onnx\.ModelProto"):
        dump(object(), tmp_path)
    unsound = network()
    unsound.graph.node[0].op_type = "NoSuchOperator"
    with pytest.raises(SerializationError, match=r"onnx's checker rejects sub/model\.onnx"):
        dump(unsound, tmp_path)


@pytest.mark.usefixtures("unchecked")
def test_a_model_is_passed_on_with_the_data_beside_it(tmp_path: Path) -> None:
    data = model(tensor("a"), external("b", "w.bin", offset="8", length="24"), external("c", "w.bin"))
    files = written(tmp_path, data, w=bytes(8) + WEIGHTS.tobytes(), other=b"not referred to")
    assert dump(tmp_path / "model.onnx", tmp_path) == {
        "sub/model.onnx": tmp_path / "model.onnx",
        "sub/w.bin": tmp_path / "w.bin",
    }
    arrays = Onnx().load(files)
    assert np.array_equal(arrays["a"], WEIGHTS)
    assert np.array_equal(arrays["b"], WEIGHTS)
    assert not arrays["b"].flags.owndata
    assert [(info.name, info.dtype, info.nbytes) for info in describe(arrays)] == [
        (name, "float32", 24) for name in "abc"
    ]


IN_NODE: Callable[[bytes], bytes] = lambda inner: model(tensor("a"), nodes=message(1, message(5, message(5, inner))))  # noqa: E731
IN_SUBGRAPH: Callable[[bytes], bytes] = lambda inner: model(  # noqa: E731
    tensor("a"), nodes=message(1, message(5, message(6, message(1, message(5, message(5, inner))))))
)
IN_FUNCTION: Callable[[bytes], bytes] = lambda inner: model(  # noqa: E731
    tensor("a"), more=message(25, message(7, message(5, message(5, inner))))
)
IN_SPARSE: Callable[[bytes], bytes] = lambda inner: model(tensor("a"), nodes=message(15, message(1, inner)))  # noqa: E731
IN_TRAINING: Callable[[bytes], bytes] = lambda inner: model(  # noqa: E731
    tensor("a"), more=message(20, message(1, message(5, inner)))
)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("place", [IN_NODE, IN_SUBGRAPH, IN_FUNCTION, IN_SPARSE, IN_TRAINING])
def test_data_of_nested_tensors_is_collected_and_checked(place: Callable[[bytes], bytes], tmp_path: Path) -> None:
    written(tmp_path, place(external("k", "k.bin")), k=bytes(24))
    assert list(dump(tmp_path / "model.onnx", tmp_path)) == ["sub/model.onnx", "sub/k.bin"]
    assert list(Onnx().load({"model.onnx": tmp_path / "model.onnx", "k.bin": tmp_path / "k.bin"})) == ["a"]
    written(tmp_path, place(external("k", "../k.bin")))
    with pytest.raises(SerializationError, match=r"'\.\.' segment"):
        dump(tmp_path / "model.onnx", tmp_path)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "a model of 0 bytes"),
        (b"\x80\x04K\x01.", "not an ONNX model, or a damaged one"),
        (model(tensor("a"))[:-3], "not an ONNX model, or a damaged one"),
        (model(tensor("a"), version=b""), "it has no version or no graph"),
        (model(external("b", "../w.bin")), "'..' segment"),
        (model(external("b", "/etc/passwd")), "absolute path"),
        (model(external("b", "a\\b")), "backslash"),
        (model(external("b", None)), "it is empty"),
        (model(external("b", "absent.bin")), "it cannot be read: No such file"),
        (model(external("b", "w.bin", ("location", "other.bin"))), "describes its external data twice"),
        (model(external("b", "w.bin", offset="-1")), "not a number"),
        (model(external("b", "w.bin", offset="9" * 5000)), "not a number"),
        (model(external("b", "w.bin", length="x")), "not a number"),
        (model(external("b", "w.bin", offset="9", length="9")), "runs past the end of w.bin"),
        (model(external("b", "model.onnx")), "refers to itself as the file of its data"),
        (model(tensor("a", (2**63,))), "a negative dimension"),
        (model(tensor("a", (1,) * 33)), "more than 32"),
        (model(nodes=message(1, message(5, message(5, b"\xff")))), "not an ONNX model, or a damaged one"),
    ],
)
def test_a_damaged_or_hostile_model_is_rejected_by_dump_and_load(data: bytes, reason: str, tmp_path: Path) -> None:
    files = written(tmp_path, data, w=bytes(16))
    files["sub/absent.bin"] = tmp_path / "absent.bin"
    with pytest.raises(SerializationError, match=reason):
        dump(tmp_path / "model.onnx", tmp_path)
    with pytest.raises(LoadError, match=reason):
        Onnx().load(files)


def test_graphs_nested_without_end_are_rejected(tmp_path: Path) -> None:
    graph = b""
    for _ in range(1000):
        graph = message(1, message(5, message(6, graph)))
    with pytest.raises(LoadError, match="not an ONNX model, or a damaged one"):
        Onnx().load(written(tmp_path, model(nodes=graph)))


def test_a_model_that_parsing_would_blow_up_is_rejected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protobuf_size, "_HARMLESS", 1000)
    monkeypatch.setattr(protobuf_size, "MAX_FIELDS", 500)
    with pytest.raises(LoadError, match=r"model\.onnx: it has more than 500 fields"):
        Onnx().load(written(tmp_path, model(nodes=message(1) * 501)))


def test_a_model_beyond_the_limit_of_protobuf_is_rejected(tmp_path: Path) -> None:
    files = written(tmp_path, b"")
    with (tmp_path / "model.onnx").open("wb") as file:
        file.truncate(2 << 30)
    with pytest.raises(LoadError, match=r"holds at most 2147483647") as caught:
        Onnx().load(files)
    assert caught.value.hint == "save its weights as external data"


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("link", ["w.bin", "deep"])
def test_data_behind_a_link_is_rejected(link: str, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "w.bin").write_bytes(bytes(24))
    location = "w.bin" if link == "w.bin" else "deep/w.bin"
    written(tmp_path / "inside", model(external("b", location)))
    (tmp_path / "inside" / link).symlink_to(tmp_path / "outside" / ("w.bin" if link == "w.bin" else ""))
    with pytest.raises(SerializationError, match="is a link, or behind one"):
        dump(tmp_path / "inside" / "model.onnx", tmp_path)


def test_data_that_the_load_plan_excludes_is_named(tmp_path: Path) -> None:
    files = written(tmp_path, model(external("b", "w.bin")), w=bytes(24))
    del files["sub/w.bin"]
    with pytest.raises(LoadError, match=r"its data sub/w.bin is missing"):
        Onnx().load(files)


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (tensor("a", raw=None), "cannot reshape array of size 0"),
        (tensor("a", (7,)), "cannot reshape array of size 6"),
        (tensor("a", raw=bytes(23)), "must be a multiple of element size"),
        (tensor("a", kind=8), "elements of type 8, which numpy cannot hold"),  # strings
        (tensor("a", kind=22), "elements of type 22, which numpy cannot hold"),  # four bits each
        (tensor("a", kind=999), "elements of type 999, which numpy cannot hold"),
        (tensor("a", raw=None, kind=3) + message(5, varint(300)), "cannot be read: OverflowError|cannot reshape"),
        (external("a", "w.bin", length="23"), "expected 24 bytes, found 23"),
        (external("a", "w.bin", offset="1"), "cannot be read"),
    ],
)
def test_a_tensor_that_cannot_be_read_is_described_all_the_same(made: bytes, reason: str, tmp_path: Path) -> None:
    arrays = Onnx().load(written(tmp_path, model(made), w=WEIGHTS.tobytes()))
    assert len(describe(arrays)) == 1
    with pytest.raises(LoadError, match=f"tensor 'a' of sub/model.onnx .*{reason}|tensor 'a' .*{reason}"):
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
def test_elements_in_typed_fields_are_read(kind: int, fields: bytes, expected: list[Any], tmp_path: Path) -> None:
    arrays = Onnx().load(written(tmp_path, model(tensor("a", (2,), kind, None) + fields)))
    assert arrays["a"].tolist() == expected


@pytest.mark.parametrize("kind", [1, 10, 16, 17])
def test_an_empty_tensor_is_an_empty_array(kind: int, tmp_path: Path) -> None:
    arrays = Onnx().load(written(tmp_path, model(tensor("a", (0, 3), kind, None))))
    assert arrays["a"].shape == (0, 3)


VALID = model(tensor("a"), external("b", "w.bin", offset="8"), nodes=message(1, message(5, message(5, tensor("k")))))


@given(st.integers(0, len(VALID) - 1), st.integers(0, 255))
def test_any_changed_byte_is_read_or_rejected(tmp_path_factory: pytest.TempPathFactory, place: int, value: int) -> None:
    changed = bytearray(VALID)
    changed[place] = value
    files = written(tmp_path_factory.mktemp("changed"), bytes(changed), w=bytes(32))
    try:
        arrays = Onnx().load(files)
        for name in arrays:
            assert arrays[name].size >= 0
    except LoadError:
        return
    assert all(length >= 0 for info in describe(arrays) for length in info.shape)


def test_a_model_without_external_data_is_read_where_it_is(tmp_path: Path) -> None:
    files = written(tmp_path, model(tensor("a")))
    assert read_onnx(files["sub/model.onnx"], "m.onnx").locations == ()
