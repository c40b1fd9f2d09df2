import io
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.typing import NDArray

from hublish.formats.tensors.dtypes import DTYPES, dtype_of
from hublish.formats.tensors.errors import InvalidFileError
from hublish.formats.tensors.layout import InMemoryArray, write_stream
from hublish.formats.tensors.output import BLOCK_SIZE, Output


def written(array: NDArray[Any], folder: Path) -> bytes:
    dtype = dtype_of(array.dtype)
    assert dtype is not None
    with (folder / "written").open("wb") as file:
        InMemoryArray(array, dtype).write_to(Output(file.fileno(), lambda _: None))
    return (folder / "written").read_bytes()


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
    assert written(view, tmp_path_factory.getbasetemp()) == view.astype("<i4").tobytes()


@pytest.mark.parametrize(
    "array",
    [
        np.arange(BLOCK_SIZE, dtype="<i4"),
        np.arange(BLOCK_SIZE, dtype="<i4").reshape(4, -1),
        np.arange(BLOCK_SIZE, dtype="<i4").reshape(1, 2, -1)[:, ::-1],
        np.arange(BLOCK_SIZE, dtype=">i4").reshape(-1, 8).T,
        np.broadcast_to(np.arange(3, dtype="<i2"), (BLOCK_SIZE, 3)),
    ],
    ids=["flat", "long rows", "few rows", "turned and swapped", "broadcast"],
)
def test_an_array_larger_than_a_block_is_cut_without_loss(tmp_path: Path, array: NDArray[Any]) -> None:
    assert written(array, tmp_path) == array.astype(array.dtype.newbyteorder("<")).tobytes()


@pytest.mark.parametrize("kind", [dtype.numpy for dtype in DTYPES.values() if dtype.numpy is not None], ids=str)
def test_every_dtype_is_written_bit_for_bit(tmp_path: Path, kind: np.dtype[Any]) -> None:
    # Every bit pattern but those that are no bool.
    raw = np.arange(256, dtype="u1").tobytes() if kind != np.bool_ else bytes([0, 1])
    assert written(np.frombuffer(raw, kind), tmp_path) == raw


@pytest.mark.parametrize(
    "kind", ["O", "U4", "S4", "M8[s]", "c16", "V2", [("a", "f4")], ml_dtypes.int4, ml_dtypes.float8_e3m4], ids=str
)
def test_other_numpy_types_have_no_dtype(kind: Any) -> None:
    assert dtype_of(np.dtype(kind)) is None


def test_a_stream_that_ends_early_is_damaged(tmp_path: Path) -> None:
    with (tmp_path / "out").open("wb") as file, pytest.raises(InvalidFileError, match="the data ends 3 bytes early"):
        write_stream(io.BytesIO(bytes(5)), 8, np.dtype("<f4"), DTYPES["F32"], Output(file.fileno(), lambda _: None))
