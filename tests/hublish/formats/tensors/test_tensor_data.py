import io
import math
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.typing import NDArray

from hublish.base.content import Identity
from hublish.base.errors import SourceChangedError
from hublish.formats.input_files import InvalidFileError
from hublish.formats.tensors import tensor_data
from hublish.formats.tensors.dtypes import DTYPES, dtype_of
from hublish.formats.tensors.safetensors_writer import Output
from hublish.formats.tensors.tensor import BLOCK_SIZE, Content
from hublish.formats.tensors.tensor_data import (
    FileRange,
    InMemoryArray,
    StridedRange,
    write_column_major,
    write_stream,
)


def written(content: Content, folder: Path) -> bytes:
    with (folder / "out").open("wb") as file:
        content.write_to(Output(file.fileno(), lambda _: None))
    return (folder / "out").read_bytes()


# ------------------------------------------------------------------------------------------------ in memory


def in_memory(array: NDArray[Any]) -> InMemoryArray:
    dtype = dtype_of(array.dtype)
    assert dtype is not None
    return InMemoryArray(array, dtype)


@given(
    npst.arrays(np.dtype(">i4"), npst.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=6)),
    st.permutations([0, 1, 2, 3]),
    st.sampled_from([1, -1, 2]),
)
def test_any_strides_and_byte_order_become_c_order_and_little_endian(
    tmp_path_factory: pytest.TempPathFactory, array: NDArray[Any], order: list[int], step: int
) -> None:
    view = array.transpose([axis for axis in order if axis < array.ndim])
    view = view[::step] if view.ndim else view
    assert written(in_memory(view), tmp_path_factory.getbasetemp()) == view.astype("<i4").tobytes()


@pytest.mark.parametrize(
    "array",
    [
        np.arange(BLOCK_SIZE, dtype="<i4"),
        np.arange(BLOCK_SIZE, dtype="<i4").reshape(4, -1),
        np.arange(BLOCK_SIZE, dtype="<i4").reshape(1, 2, -1)[:, ::-1],
        np.arange(BLOCK_SIZE, dtype=">i4").reshape(-1, 8).T,
        np.broadcast_to(np.arange(3, dtype="<i2"), (BLOCK_SIZE, 3)),
    ],
    ids=["flat", "long rows", "few rows", "transposed and swapped", "broadcast"],
)
def test_an_array_larger_than_a_block_is_split_without_loss(tmp_path: Path, array: NDArray[Any]) -> None:
    assert written(in_memory(array), tmp_path) == array.astype(array.dtype.newbyteorder("<")).tobytes()


@pytest.mark.parametrize("kind", [dtype.numpy for dtype in DTYPES.values() if dtype.numpy is not None], ids=str)
def test_every_dtype_is_written_bit_for_bit(tmp_path: Path, kind: np.dtype[Any]) -> None:
    # Every bit pattern, except those that are not a bool.
    raw = np.arange(256, dtype="u1").tobytes() if kind != np.bool_ else bytes([0, 1])
    assert written(in_memory(np.frombuffer(raw, kind)), tmp_path) == raw


@pytest.mark.parametrize(
    "kind", ["O", "U4", "S4", "M8[s]", "c16", "V2", [("a", "f4")], ml_dtypes.int4, ml_dtypes.float8_e3m4], ids=str
)
def test_other_numpy_types_have_no_dtype(kind: Any) -> None:
    assert dtype_of(np.dtype(kind)) is None


# ------------------------------------------------------------------------------------------------- in files


def identified(path: Path, data: bytes) -> tuple[Path, Identity]:
    path.write_bytes(data)
    return path, Identity.of(path.stat())


def test_a_range_is_copied(tmp_path: Path) -> None:
    assert written(FileRange(*identified(tmp_path / "data", b"0123456789"), 2, 5), tmp_path) == b"23456"


def strided(path: Path, data: bytes, offset: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> StridedRange:
    return StridedRange(*identified(path, data), offset, shape, strides, DTYPES["I32"])


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 5)), max_size=4), st.integers(0, 9))
def test_strided_elements_come_in_c_order(
    tmp_path_factory: pytest.TempPathFactory, axes: list[tuple[int, int]], offset: int
) -> None:
    folder = tmp_path_factory.mktemp("strided")
    shape, steps = tuple(size for size, _ in axes), tuple(step for _, step in axes)
    numbers = np.arange(100, dtype="<i4")
    content = strided(folder / "data", numbers.tobytes(), 4 * offset, shape, tuple(4 * step for step in steps))
    places = [sum(i * step for i, step in zip(at, steps, strict=True)) + offset for at in np.ndindex(*shape)]
    assert written(content, folder) == numbers[np.array(places, int)].tobytes()
    assert len(places) == math.prod(shape)


def test_a_large_transposed_matrix_is_written_in_blocks(tmp_path: Path) -> None:
    matrix = np.arange(700 * 900, dtype="<i4").reshape(700, 900)
    content = strided(tmp_path / "data", b"head" + matrix.tobytes(), 4, (900, 700), (4, 3600))
    assert written(content, tmp_path) == matrix.T.tobytes()


@pytest.mark.parametrize(
    ("name", "kind"),
    [("BF16", ml_dtypes.bfloat16), ("F16", "f2"), ("U16", "u2"), ("F64", "f8"), ("C64", "c8"), ("I64", "i8")],
)
def test_big_endian_elements_are_swapped(tmp_path: Path, name: str, kind: Any) -> None:
    little = np.arange(6).astype(kind)
    # The two halves of a complex number are swapped one by one.
    swapped = little.view(f"u{little.dtype.itemsize // (2 if name == 'C64' else 1)}").byteswap()
    place = identified(tmp_path / "data", swapped.tobytes())
    content = StridedRange(*place, 0, (6,), (little.dtype.itemsize,), DTYPES[name], big_endian=True)
    assert written(content, tmp_path) == little.tobytes()


def test_a_file_that_changed_is_refused(tmp_path: Path) -> None:
    content = strided(tmp_path / "data", bytes(40), 0, (5,), (8,))
    (tmp_path / "data").write_bytes(bytes(41))
    with pytest.raises(SourceChangedError, match="changed while it was read"):
        written(content, tmp_path)


# --------------------------------------------------------------------------------- streams and column-major


def test_a_stream_that_ends_early_is_damaged(tmp_path: Path) -> None:
    with (tmp_path / "out").open("wb") as file, pytest.raises(InvalidFileError, match="the data ends 3 bytes early"):
        write_stream(io.BytesIO(bytes(5)), 8, np.dtype("<f4"), DTYPES["F32"], Output(file.fileno(), lambda _: None))


def transposed(raw: bytes, shape: tuple[int, ...], kind: str, folder: Path, offset: int = 0) -> bytes:
    (folder / "in").write_bytes(raw)
    with (folder / "in").open("rb") as source, (folder / "out").open("wb") as target:
        output = Output(target.fileno(), lambda _: None)
        write_column_major(source.fileno(), offset, shape, np.dtype(kind), DTYPES["I64"], output)
    return (folder / "out").read_bytes()


@pytest.mark.parametrize("band", [1, 1 << 10, 100_000, 64 << 20], ids=["row", "few rows", "many rows", "whole"])
@pytest.mark.parametrize(
    "shape", [(3, 4), (3000, 50), (7, 90, 25), (40_000, 1), (1, 5000), (2, 3, 4, 5), (0, 3), (3, 0)]
)
def test_column_major_elements_come_in_c_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shape: tuple[int, ...], band: int
) -> None:
    monkeypatch.setattr(tensor_data, "BAND_SIZE", band)
    array = np.arange(np.prod(shape), dtype=">i8").reshape(shape)
    assert transposed(b"head" + array.tobytes("F"), shape, ">i8", tmp_path, 4) == array.astype("<i8").tobytes()


def test_a_column_major_array_of_several_bands_is_complete(tmp_path: Path) -> None:
    shape = (3000, 5000)
    array = np.arange(np.prod(shape), dtype="<i8").reshape(shape)
    assert transposed(array.tobytes("F"), shape, "<i8", tmp_path) == array.tobytes()


def test_a_column_major_file_that_ends_early_is_damaged(tmp_path: Path) -> None:
    with pytest.raises(InvalidFileError, match="the data ends 4 bytes early"):
        transposed(bytes(44), (2, 3), "<i8", tmp_path)
    assert (tmp_path / "out").stat().st_size == 0
