import math
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.base.errors import SourceChangedError
from hublish.base.values import Identity
from hublish.formats.tensors.dtypes import DTYPES
from hublish.formats.tensors.output import Output
from hublish.formats.tensors.strided import StridedRange


def written(content: StridedRange, folder: Path) -> bytes:
    with (folder / "out").open("wb") as file:
        content.write_to(Output(file.fileno(), lambda _: None))
    return (folder / "out").read_bytes()


def strided(path: Path, data: bytes, offset: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> StridedRange:
    path.write_bytes(data)
    return StridedRange(path, Identity.of(path.stat()), offset, shape, strides, DTYPES["I32"])


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 5)), max_size=4), st.integers(0, 9))
def test_elements_come_in_c_order(
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
def test_big_endian_elements_are_turned(tmp_path: Path, name: str, kind: Any) -> None:
    little = np.arange(6).astype(kind)
    # Of a complex number each half is turned by itself.
    swapped = little.view(f"u{little.dtype.itemsize // (2 if name == 'C64' else 1)}").byteswap()
    path = tmp_path / "data"
    path.write_bytes(swapped.tobytes())
    width = little.dtype.itemsize
    content = StridedRange(path, Identity.of(path.stat()), 0, (6,), (width,), DTYPES[name], big_endian=True)
    assert written(content, tmp_path) == little.tobytes()


def test_a_file_that_changed_is_refused(tmp_path: Path) -> None:
    content = strided(tmp_path / "data", bytes(40), 0, (5,), (8,))
    (tmp_path / "data").write_bytes(bytes(41))
    with pytest.raises(SourceChangedError, match="changed while it was read"):
        written(content, tmp_path)
