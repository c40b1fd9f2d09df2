from pathlib import Path

import numpy as np
import pytest

from hublish.formats.tensors import column_major
from hublish.formats.tensors.column_major import write_column_major
from hublish.formats.tensors.dtypes import DTYPES
from hublish.formats.tensors.errors import InvalidFileError
from hublish.formats.tensors.output import Output


def turned(raw: bytes, shape: tuple[int, ...], kind: str, folder: Path, offset: int = 0) -> bytes:
    (folder / "in").write_bytes(raw)
    with (folder / "in").open("rb") as source, (folder / "out").open("wb") as target:
        output = Output(target.fileno(), lambda _: None)
        write_column_major(source.fileno(), offset, shape, np.dtype(kind), DTYPES["I64"], output)
    return (folder / "out").read_bytes()


@pytest.mark.parametrize("band", [1, 1 << 10, 100_000, 64 << 20], ids=["row", "few rows", "many rows", "whole"])
@pytest.mark.parametrize(
    "shape", [(3, 4), (3000, 50), (7, 90, 25), (40_000, 1), (1, 5000), (2, 3, 4, 5), (0, 3), (3, 0)]
)
def test_elements_come_out_in_c_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shape: tuple[int, ...], band: int
) -> None:
    monkeypatch.setattr(column_major, "BAND_SIZE", band)
    array = np.arange(np.prod(shape), dtype=">i8").reshape(shape)
    assert turned(b"head" + array.tobytes("F"), shape, ">i8", tmp_path, offset=4) == array.astype("<i8").tobytes()


def test_an_array_of_several_bands_comes_out_whole(tmp_path: Path) -> None:
    shape = (3000, 5000)
    array = np.arange(np.prod(shape), dtype="<i8").reshape(shape)
    assert turned(array.tobytes("F"), shape, "<i8", tmp_path) == array.tobytes()


def test_a_file_that_ends_early_is_damaged(tmp_path: Path) -> None:
    with pytest.raises(InvalidFileError, match="the data ends 4 bytes early"):
        turned(bytes(44), (2, 3), "<i8", tmp_path)
    assert (tmp_path / "out").stat().st_size == 0
