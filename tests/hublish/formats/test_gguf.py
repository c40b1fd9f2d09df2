"""GGUF: valid and hostile headers, assembled byte by byte."""

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.base.errors import LoadError, SerializationError
from hublish.base.progress import SILENT
from hublish.formats.format_options import GgufOptions
from hublish.formats.gguf import Gguf
from hublish.formats.gguf_header import MAX_TENSORS, parse_header
from hublish.formats.input_files import InvalidFileError
from hublish.formats.interface import DISTRUST, describe


def string(value: str | bytes) -> bytes:
    raw = value if isinstance(value, bytes) else value.encode()
    return struct.pack("<Q", len(raw)) + raw


def key(name: str | bytes, kind: int, value: bytes) -> bytes:
    return string(name) + struct.pack("<I", kind) + value


def tensor(name: str | bytes, shape: tuple[int, ...] = (2, 32), kind: int = 0, offset: int = 0) -> bytes:
    return string(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape[::-1], kind, offset)


def gguf(
    keys: list[bytes] | None = None,
    tensors: list[bytes] | None = None,
    data: bytes = b"",
    *,
    version: int = 3,
    counts: tuple[int, int] | None = None,
) -> bytes:
    keys, tensors = keys or [], tensors or []
    count = counts or (len(tensors), len(keys))
    header = b"GGUF" + struct.pack("<IQQ", version, *count) + b"".join(keys) + b"".join(tensors)
    return header + b"\0" * (-len(header) % 32) + data


def numbers(kind: int, form: str, *values: float) -> bytes:
    return struct.pack("<IQ", kind, len(values)) + struct.pack(f"<{len(values)}{form}", *values)


WEIGHTS = np.arange(64, dtype="<f4").reshape(2, 32)
VALID = gguf(
    [
        key("general.name", 8, string("tiny ü")),
        key("x.count", 4, struct.pack("<I", 7)),
        key("x.flag", 7, b"\1"),
        key("x.scale", 6, struct.pack("<f", 0.5)),
        key("x.sizes", 9, numbers(5, "i", 1, -2)),
        key("tokens", 9, struct.pack("<IQ", 8, 2) + string("a") + string("b")),
        key("lists", 9, struct.pack("<IQ", 9, 2) + numbers(0, "B", 1) + numbers(0, "B", 2, 3)),
    ],
    [tensor("w"), tensor("q", (1, 32), 2, 256), tensor("empty", (0,), 0, 288), tensor("later", (5,), 99, 288)],
    WEIGHTS.tobytes() + bytes(32),
)


def written(folder: Path, data: bytes) -> dict[str, Path]:
    path = folder / "model.gguf"
    path.write_bytes(data)
    return {"model.gguf": path, "config.json": folder / "config.json"}


def test_a_file_is_passed_on_unchanged(tmp_path: Path) -> None:
    path = written(tmp_path, VALID)["model.gguf"]
    (item,) = Gguf().dump(path, "weights/model.gguf", tmp_path / "workspace", GgufOptions(), SILENT)
    assert (item.path_in_repo, item.path) == ("weights/model.gguf", path)
    assert not (tmp_path / "workspace").exists()


def test_everything_in_a_header_is_described(tmp_path: Path) -> None:
    arrays = Gguf().rebuild(written(tmp_path, VALID), DISTRUST)
    metadata = dict(arrays.header.metadata)
    assert metadata.pop("x.sizes").tolist() == [1, -2]
    assert [part.tolist() for part in metadata.pop("lists")] == [[1], [2, 3]]
    assert metadata == {"general.name": "tiny ü", "x.count": 7, "x.flag": True, "x.scale": 0.5, "tokens": ["a", "b"]}
    assert [(info.name, info.shape, info.dtype, info.nbytes) for info in describe(arrays)] == [
        ("w", (2, 32), "F32", 256),
        ("q", (1, 32), "Q4_0", 18),
        ("empty", (0,), "F32", 0),
        ("later", (5,), "type 99", 0),
    ]


def test_plain_tensors_are_mapped_and_quantized_tensors_as_their_blocks(tmp_path: Path) -> None:
    arrays = Gguf().load(written(tmp_path, VALID))
    assert np.array_equal(arrays["w"], WEIGHTS)
    assert arrays["empty"].shape == (0,)
    assert (str(arrays["q"].dtype), arrays["q"].shape) == ("uint8", (1, 18))
    with pytest.raises(LoadError, match="'later' is of type 99, which is newer"):
        arrays["later"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "truncated"),
        (b"GGML" + bytes(100), "not a GGUF file"),
        (gguf(version=1), "version 1 of GGUF"),
        (gguf(version=0x3000000), "version 50331648"),  # big-endian
        (VALID[:100], "truncated"),
        (gguf(counts=(MAX_TENSORS + 1, 0)), "100001 tensors; the limit"),
        (gguf(counts=(0, 2**63)), "metadata keys; the limit"),
        (gguf(counts=(5, 0)), "an empty name"),
        (gguf([struct.pack("<Q", 2**60)]), "a string of 1152921504606846976 bytes"),
        (gguf([key(b"\xff", 8, string("x"))]), "not UTF-8"),
        (gguf([key("k", 8, string("x"))] * 2), "'k' is empty, not printable or repeated"),
        (gguf([key("", 8, string("x"))]), "is empty"),
        (gguf([key("a\nb", 8, string("x"))]), "not printable"),
        (gguf([key("k", 77, b"")]), "unknown type 77"),
        (gguf([key("k", 9, struct.pack("<IQ", 10, 2**61))]), "truncated"),
        (gguf([key("k", 9, struct.pack("<IQ", 8, 2**40))]), "more than 2000000 strings"),
        (gguf([key("k", 9, struct.pack("<IQ", 9, 1) * 50)]), "nested more than 4 deep"),
        (gguf([key("general.alignment", 4, struct.pack("<I", 24))]), "not a power of two"),
        (gguf([key("general.alignment", 8, string("32"))]), "not a power of two"),
        (gguf([key("general.alignment", 4, struct.pack("<I", 0))]), "not a power of two"),
        (gguf(tensors=[tensor("w")], data=bytes(255)), "'w' runs past the end"),
        (gguf(tensors=[tensor("w", offset=2**62)], data=bytes(256)), "runs past the end"),
        (gguf(tensors=[tensor("w", offset=8)], data=bytes(512)), "impossible shape or offset"),
        (gguf(tensors=[tensor("w", (2**63, 0))], data=bytes(64)), "impossible shape or offset"),
        (gguf(tensors=[tensor("w", (2**40, 2**40))], data=bytes(64)), "runs past the end"),
        (gguf(tensors=[tensor("w", (1,) * 5)], data=bytes(64)), "has 5 dimensions"),
        (gguf(tensors=[tensor("w", (2, 31), 2)], data=bytes(64)), "not whole Q4_0 blocks of 32"),
        (gguf(tensors=[tensor("w", (), 2)], data=bytes(64)), "rows of 1 elements, which are not whole Q4_0"),
        (gguf(tensors=[tensor("w"), tensor("w", offset=256)], data=bytes(512)), "two tensors are named 'w'"),
        (gguf(tensors=[tensor("a"), tensor("b", offset=32)], data=bytes(512)), "'b' overlaps another"),
        (gguf(tensors=[tensor("../w")], data=bytes(256)), "'..' segment"),
        (gguf(tensors=[tensor("w", (), kind=0, offset=2**64 - 32)], data=bytes(64)), "runs past the end"),
    ],
)
def test_a_damaged_or_hostile_header_is_rejected_by_dump_and_load(data: bytes, message: str, tmp_path: Path) -> None:
    files = written(tmp_path, data)
    with pytest.raises(SerializationError, match=message):
        Gguf().dump(files["model.gguf"], "model.gguf", tmp_path, GgufOptions(), SILENT)
    with pytest.raises(LoadError, match=message):
        Gguf().load(files)


@pytest.mark.parametrize("source", [{"w": WEIGHTS}, object()])
def test_a_value_in_memory_is_rejected(source: Any, tmp_path: Path) -> None:
    with pytest.raises(SerializationError, match="cannot be written as GGUF") as caught:
        Gguf().dump(source, "model.gguf", tmp_path, GgufOptions(), SILENT)
    assert "llama.cpp" in caught.value.hint


def _parsed(data: bytes) -> bool:
    try:
        parse_header(memoryview(data), len(data))
    except InvalidFileError:
        return False
    return True


@given(st.binary(max_size=200))
def test_any_bytes_are_parsed_or_rejected(data: bytes) -> None:
    assert not _parsed(b"GGUF\3\0\0\0" + data) or len(data) >= 16


@given(st.integers(0, len(VALID) - 1), st.integers(0, 255))
def test_any_changed_byte_is_parsed_or_rejected(place: int, value: int) -> None:
    changed = bytearray(VALID)
    changed[place] = value
    assert _parsed(bytes(changed)) in (True, False)


@given(st.integers(0, len(VALID) - 1))
def test_any_truncated_header_is_rejected(length: int) -> None:
    data_offset = VALID.index(WEIGHTS.tobytes())
    assert not _parsed(VALID[:length]) or length >= data_offset
