"""Tensors are compared by name, type and shape from headers, and by their values on request."""

import json
import struct
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from onnx import helper
from onnx.numpy_helper import from_array

from hublish.base.content import InMemory, OnDisk
from hublish.diffs.compare_files import diff_file
from hublish.diffs.named_parts import MOST_ENTRIES
from tests.hublish.diffs.sides import compared, entries, npy, npz, weights

W = np.arange(12, dtype=np.float32).reshape(3, 4)
B = np.zeros(3, np.float32)


def array(kind: str, values: Any) -> Any:
    return np.array(values, kind)


def gguf(tensors: dict[str, tuple[int, bytes]], name: str = "a") -> bytes:
    """Return a file with one-dimensional tensors, each with its type's number and its bytes."""

    def text(value: str) -> bytes:
        return struct.pack("<Q", len(value)) + value.encode()

    header = (
        b"GGUF" + struct.pack("<IQQ", 3, len(tensors), 1) + text("general.name") + struct.pack("<I", 8) + text(name)
    )
    data = b""
    for key, (kind, values) in tensors.items():
        elements = len(values) // 4 if kind == 0 else len(values) // 18 * 32
        header += text(key) + struct.pack("<IQIQ", 1, elements, kind, len(data))
        data += values + bytes(-len(values) % 32)
    return header + bytes(-len(header) % 32) + data


def onnx(**arrays: Any) -> bytes:
    graph = helper.make_graph([], "g", [], [], [from_array(array, name) for name, array in arrays.items()])
    return bytes(helper.make_model(graph, producer_name="test").SerializeToString())


@pytest.mark.parametrize(
    ("before", "after", "summary", "changes"),
    [
        pytest.param(
            weights(w=W, b=B), weights(w=W.astype(np.float16), b=B), "1 of 2 tensors changed: F32 -> F16",
            [("w", "F32 [3, 4]", "F16 [3, 4]")], id="another type",
        ),
        pytest.param(
            weights(w=W, b=B), weights(w=W.astype(ml_dtypes.bfloat16), b=B.astype(np.float16)),
            "2 of 2 tensors changed: F32 -> BF16, F32 -> F16",
            [("b", "F32 [3]", "F16 [3]"), ("w", "F32 [3, 4]", "BF16 [3, 4]")], id="two other types",
        ),
        pytest.param(
            weights(w=W, b=B), weights(w=W.T.copy(), b=B), "1 of 2 tensors changed: 1 of another shape",
            [("w", "F32 [3, 4]", "F32 [4, 3]")], id="another shape",
        ),
        pytest.param(
            weights(w=W, b=B), weights(w=W, c=B), "1 tensor added, 1 tensor removed",
            [("b", "F32 [3]", None), ("c", None, "F32 [3]")], id="another name",
        ),
        pytest.param(
            weights(w=W), weights(w=W + 1),
            "the same 1 tensor by name, type and shape; values were not compared", [], id="other values",
        ),
        pytest.param(
            weights({"format": "pt"}, w=W), weights({"format": "np", "x": "y"}, w=W),
            "the same 1 tensor by name, type and shape; values were not compared; the metadata changed",
            [("metadata format", "pt", "np"), ("metadata x", None, "y")], id="the metadata",
        ),
        pytest.param(
            weights(s=np.float32(1)), weights(s=np.float64(1)), "1 of 1 tensor changed: F32 -> F64",
            [("s", "F32 []", "F64 []")], id="a scalar",
        ),
    ],
)  # fmt: skip
def test_weights_are_compared_by_their_headers(
    before: bytes, after: bytes, summary: str, changes: list[tuple[str, str | None, str | None]]
) -> None:
    diff = compared("model.safetensors", before, after)
    assert (diff.kind, diff.summary, sorted(entries(diff))) == ("tensors", summary, sorted(changes))


@pytest.mark.parametrize(
    ("path", "before", "after", "changes"),
    [
        ("m.gguf", gguf({"a": (0, bytes(128))}), gguf({"a": (2, bytes(18))}), [("a", "F32 [32]", "Q4_0 [32]")]),
        (
            "m.gguf", gguf({"a": (0, bytes(128))}), gguf({"b": (0, bytes(128))}, "other"),
            [("a", "F32 [32]", None), ("b", None, "F32 [32]"), ("metadata general.name", "a", "other")],
        ),
        ("m.onnx", onnx(w=W), onnx(w=W.astype(np.float64)), [("w", "F32 [3, 4]", "F64 [3, 4]")]),
        ("m.onnx", onnx(w=W), onnx(w=W, v=B), [("v", None, "F32 [3]")]),
        (
            "m.npz", npz(w=W), npz(w=W.astype(">i2"), t=np.array(["a"])),
            [("w", "F32 [3, 4]", "I16 [3, 4]"), ("t", None, "<U1 [1]")],
        ),
        ("m.npy", npy(W), npy(W[:2]), [("(the array)", "F32 [3, 4]", "F32 [2, 4]")]),
    ],
    ids=["gguf", "gguf names", "onnx", "onnx names", "npz", "npy"],
)  # fmt: skip
def test_other_formats_are_compared_by_their_headers_too(
    path: str, before: bytes, after: bytes, changes: list[tuple[str, str | None, str | None]]
) -> None:
    diff = compared(path, before, after)
    assert (diff.kind, entries(diff)) == ("tensors", changes)


@pytest.mark.parametrize(
    ("path", "data", "summary"),
    [
        ("m.safetensors", weights(w=W, b=B), "2 tensors, 15 parameters, 180 B"),
        ("m.npy", npy(W), "1 tensor, 12 parameters, 176 B"),
    ],
    ids=["safetensors", "npy"],
)
def test_of_added_and_deleted_weights_the_size_of_the_model_is_shown(path: str, data: bytes, summary: str) -> None:
    added, deleted = compared(path, None, data), compared(path, data, None)
    assert (added.summary, deleted.summary) == (f"added: {summary}", f"deleted: {summary}")
    assert added.entries == deleted.entries == ()


@pytest.mark.parametrize(
    ("before", "after", "difference"),
    [
        ([0.0, 1.0], [0.0, 1.5], "largest difference 0.5"),
        (array("float16", [0, 1]), array("float16", [0, 1.5]), "largest difference 0.5"),
        (np.array([0, 1], ml_dtypes.bfloat16), np.array([0, 3], ml_dtypes.bfloat16), "largest difference 2"),
        (np.array([0, 1], ml_dtypes.float8_e4m3fn), np.array([0, 2], ml_dtypes.float8_e4m3fn), "largest difference 1"),
        (array("float64", [1e300]), array("float64", [-1e300]), "largest difference 2e+300"),
        (array("float64", [1.7e308]), array("float64", [-1.7e308]), "largest difference inf"),
        (array("int64", [-(2**63)]), array("int64", [2**63 - 1]), "largest difference 18,446,744,073,709,551,615"),
        (array("uint64", [0]), array("uint64", [2**64 - 1]), "largest difference 18,446,744,073,709,551,615"),
        (array("int8", [-128, 0]), array("int8", [127, 0]), "largest difference 255"),
        (array("uint8", [0, 255]), array("uint8", [1, 250]), "largest difference 5"),
        (array("bool", [True, False]), array("bool", [True, True]), "largest difference 1"),
        (array("complex64", [3]), array("complex64", [4j]), "largest difference 5"),
        (array("float32", [np.nan, 1]), array("float32", [0, 1]), "1 value NaN on one side only"),
        (array("float32", [np.nan, 1]), array("float32", [np.nan, 2]), "largest difference 1"),
        (array("float32", [np.inf, 1]), array("float32", [np.inf, 2]), "largest difference 1"),
        (array("float32", [np.inf]), array("float32", [-np.inf]), "largest difference inf"),
        (array("float32", [np.inf]), array("float32", [1]), "largest difference inf"),
        (array("float32", [0.0]), array("float32", [-0.0]), "the same numbers in other bytes"),
    ],
)
def test_the_largest_difference_of_the_values(before: Any, after: Any, difference: str) -> None:
    before, after = np.asarray(before), np.asarray(after)
    diff = compared("m.safetensors", weights(w=before, b=B), weights(w=after, b=B), values=True)
    ((name, _, text),) = entries(diff)
    assert (name, str(text).split("], ")[1]) == ("w", difference)
    assert diff.summary == "other values in 1 of 2 tensors"


@pytest.mark.parametrize(
    ("before", "after", "difference"),
    [
        (array("float32", [1, 2]), array("float16", [1, 2]), "F16 [2]"),
        (array("float32", [0.1]), array("float16", [0.1]), "F16 [1], largest difference 2.44e-05"),
        (array("float32", [1, 2]), array("int8", [1, 3]), "I8 [2], largest difference 1"),
        (array("float32", [70000]), array("float16", [np.inf]), "F16 [1], largest difference inf"),
        (array("float32", [1, 2]), array("float32", [1]), "F32 [1]"),
    ],
)
def test_values_of_another_type_are_compared_as_numbers(before: Any, after: Any, difference: str) -> None:
    diff = compared("m.safetensors", weights(w=before), weights(w=after), values=True)
    assert [entry.after for entry in diff.entries] == [difference]


@pytest.mark.parametrize(
    ("path", "before", "after", "changes"),
    [
        ("m.gguf", gguf({"a": (2, bytes(18))}), gguf({"a": (2, bytes(17) + b"\1")}), ["Q4_0 [32], other bytes"]),
        ("m.gguf", gguf({"a": (2, bytes(18))}), gguf({"a": (2, bytes(18))}) + b"x", []),
        ("m.npz", npz(w=W), npz(w=W + 2), ["F32 [3, 4], largest difference 2"]),
        ("m.npz", npz(w=W), npz(w=W.astype(">f4")), []),
        ("m.npy", npy(W), npy(W.astype(">f4") + 1), ["F32 [3, 4], largest difference 1"]),
        ("m.npy", npy(np.array(["a"])), npy(np.array(["b"])), []),
    ],
    ids=["gguf", "gguf tail", "npz", "npz order", "npy order", "npy texts"],
)
def test_values_of_other_formats(path: str, before: bytes, after: bytes, changes: list[str]) -> None:
    assert [entry.after for entry in compared(path, before, after, values=True).entries] == changes


def test_values_are_read_in_blocks() -> None:
    before = np.zeros(3_000_000, np.float32)
    after = before.copy()
    after[[0, 1_500_000, -1]] = 0.25, 0.75, 0.5
    reads: list[int] = []

    class Counted(InMemory):
        def read_at(self, offset: int, length: int) -> bytes:
            reads.append(length)
            return super().read_at(offset, length)

    diff = diff_file("m.safetensors", Counted(weights(w=before)), Counted(weights(w=after)), values=True)
    assert entries(diff) == [("w", "F32 [3000000]", "F32 [3000000], largest difference 0.75")]
    assert max(reads) <= 4 << 20


def sparse(path: Path, head: bytes, size: int, tail: bytes = b"") -> OnDisk:
    """Return a file of which the disk has the beginning and the end only."""
    with path.open("wb") as stream:
        stream.write(head)
        stream.truncate(size)
        stream.seek(size - len(tail))
        stream.write(tail)
    return OnDisk.at(path)


@pytest.mark.parametrize(
    "path", ["m.safetensors", "m.gguf", "m.onnx", "m.npz", "m.bin", "m.tar", "m.tar.gz", "m.csv", "m.txt"]
)
def test_of_eight_gigabytes_next_to_nothing_is_read(path: str, tmp_path: Path) -> None:
    size = 8 << 30
    header = json.dumps({"w": {"dtype": "F32", "shape": [size // 4], "data_offsets": [0, size]}}).encode()
    heads = {
        "m.safetensors": struct.pack("<Q", len(header)) + header,
        "m.gguf": gguf({"a": (0, bytes(128))}),
        "m.onnx": onnx(w=W),
        "m.csv": b"a,b\n1,2\n" * 9000,
    }
    head = heads.get(path, b"")
    total = size + len(head) if path == "m.safetensors" else size
    reads: list[int] = []

    class Counted(OnDisk):
        def read_at(self, offset: int, length: int) -> bytes:
            reads.append(length)
            return super().read_at(offset, length)

        def read(self) -> bytes:
            raise AssertionError("the whole file is read")

    before, after = (Counted(*sparse(tmp_path / name, head, total, name.encode())) for name in ("before", "after"))
    for sides in ((before, after), (before, None), (None, after)):
        diff = diff_file(path, *sides)
        assert (diff.kind == "tensors") == (path in ("m.safetensors", "m.gguf"))
    assert sum(reads) < 300 << 20


def test_removed_tensors_come_first_as_not_all_may_be_shown() -> None:
    before = weights(None, **{f"t{number}": B for number in range(500)}, gone=B)
    after = weights(None, **{f"t{number}": B.astype(np.float16) for number in range(500)})
    diff = compared("m.safetensors", before, after)
    assert diff.summary == "500 of 500 tensors changed: F32 -> F16; 1 tensor removed"
    assert (entries(diff)[0], len(diff.entries), diff.more) == (("gone", "F32 [3]", None), MOST_ENTRIES, 201)


@pytest.mark.parametrize(
    "damaged",
    [
        b"", b"junk", weights(w=W)[:40], b"\xff" * 64, struct.pack("<Q", 2) + b"{}x", struct.pack("<Q", 1 << 60),
        struct.pack("<Q", 40) + b'{"w":{"dtype":"F32","shape":[-1]}}      ',
    ],
    ids=["empty", "junk", "cut", "ones", "empty header", "long header", "negative"],
)  # fmt: skip
@pytest.mark.parametrize("path", ["m.safetensors", "m.gguf", "m.onnx", "m.npz", "m.npy"])
def test_damaged_weights_are_compared_by_size_with_the_reason(path: str, damaged: bytes) -> None:
    for sides in ((weights(w=W), damaged), (damaged, weights(w=W))):
        for values in (False, True):
            diff = compared(path, *sides, values=values)
            assert diff.kind in ("binary", "text", "tensors")
            assert diff.kind == "tensors" or len(diff.summary.split("; ")) == 2


def test_a_type_that_is_newer_than_the_table_is_compared_by_bytes() -> None:
    header = b'{"w":{"dtype":"F8_NEW","shape":[2],"data_offsets":[0,2]}}'
    before, after = (struct.pack("<Q", len(header)) + header + data for data in (b"ab", b"ac"))
    diff = compared("m.safetensors", before, after, values=True)
    assert entries(diff) == [("w", "F8_NEW [2]", "F8_NEW [2], other bytes")]
