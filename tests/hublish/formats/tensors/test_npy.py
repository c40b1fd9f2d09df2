import io
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.typing import NDArray

from hublish.base.errors import SourceChangedError
from hublish.formats.input_files import InvalidFileError
from hublish.formats.tensors.npy import open_npy, read_npy_header
from hublish.formats.tensors.safetensors_writer import Output
from hublish.formats.tensors.tensor import Tensor


def written(tensor: Tensor, folder: Path) -> bytes:
    path = folder / "written"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    try:
        tensor.content.write_to(Output(descriptor, lambda _: None))
    finally:
        os.close(descriptor)
    return path.read_bytes()


def npy(text: str | bytes, data: bytes = b"", version: tuple[int, int] = (1, 0)) -> bytes:
    raw = text if isinstance(text, bytes) else text.encode()
    return b"\x93NUMPY" + bytes(version) + len(raw).to_bytes(2 if version[0] == 1 else 4, "little") + raw + data


def header(descr: str = "'<f4'", shape: str = "(2,)", fortran: str = "False") -> str:
    return f"{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape}, }}\n"


dtypes = st.one_of(
    npst.boolean_dtypes(),
    npst.integer_dtypes(endianness="?"),
    npst.unsigned_integer_dtypes(endianness="?"),
    npst.floating_dtypes(endianness="?", sizes=(16, 32, 64)),
    npst.complex_number_dtypes(endianness="?", sizes=(64,)),
)


@given(npst.arrays(dtypes, npst.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5)), st.booleans())
def test_an_array_comes_out_in_c_order_and_little_endian(
    tmp_path_factory: pytest.TempPathFactory, array: NDArray[Any], fortran: bool
) -> None:
    folder = tmp_path_factory.mktemp("npy")
    np.save(folder / "embeddings.npy", np.asfortranarray(array) if fortran and array.ndim else array)
    tensor = open_npy(folder / "embeddings.npy")
    assert (tensor.name, tensor.shape) == ("embeddings", array.shape)
    assert written(tensor, folder) == array.astype(array.dtype.newbyteorder("<")).tobytes()


HOSTILE: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "does not begin as numpy writes"),
    "short": (b"\x93NUMP", "does not begin as numpy writes"),
    "other magic": (b"PK\3\4" + bytes(100), "does not begin as numpy writes"),
    "pickle": (b"\x80\4\x95" + bytes(100), "does not begin as numpy writes"),
    "unknown version": (npy(header(), bytes(8), (9, 0)), "does not begin as numpy writes"),
    "long header": (npy(header() + " " * 20_000, bytes(8), (2, 0)), r"a header|array header of 2\d+ bytes"),
    "header of 4 GB": (b"\x93NUMPY\2\0\xff\xff\xff\xff" + bytes(100), "array header of 4294967295 bytes"),
    "header cut short": (npy(header())[:40], "cut short"),
    "no dictionary": (npy("[1, 2]"), "not the dictionary numpy writes"),
    "a call": (npy(header(descr="__import__('os').system('true')")), "not the dictionary numpy writes"),
    "deep nesting": (npy("(" * 9_000), "not the dictionary numpy writes"),
    "missing key": (npy("{'descr': '<f4', 'shape': (2,)}"), "not the dictionary numpy writes"),
    "extra key": (npy(header()[:-2] + "'x': 1}"), "not the dictionary numpy writes"),
    "unhashable key": (npy("{[]: 1}"), "not the dictionary numpy writes"),
    "order is a number": (npy(header(fortran="1"), bytes(8)), "not the dictionary numpy writes"),
    "NUL in the header": (npy("{'descr': '<f4'\0}"), "not the dictionary numpy writes"),
    "objects": (npy(header("'|O'"), bytes(8)), "Python objects carries a pickle"),
    "objects without order": (npy(header("'O'"), bytes(8)), "Python objects carries a pickle"),
    "structured": (npy(header("[('a', '<f4')]"), bytes(8)), "a structured array has no place"),
    "structured with objects": (npy(header("[('a', '|O')]"), bytes(8)), "a structured array has no place"),
    "fields in a string": (npy(header("'<f4,<f4'"), bytes(16)), "no place for elements of numpy type"),
    "subarray": (npy(header("'(2,)f4'"), bytes(16)), "no place for elements of numpy type"),
    "text": (npy(header("'<U8'"), bytes(64)), "no place for elements of numpy type '<U8'"),
    "bytes": (npy(header("'|S8'"), bytes(16)), "no place for elements of numpy type"),
    "dates": (npy(header("'<M8[s]'"), bytes(16)), "no place for elements of numpy type"),
    "complex128": (npy(header("'<c16'"), bytes(32)), "no place for elements of numpy type"),
    "long double": (npy(header("'<f16'"), bytes(32)), "no place for elements of numpy type"),
    "nameless bytes": (npy(header("'<V2'"), bytes(4)), "no place for elements of numpy type"),
    "descr is a tuple": (npy(header("('<f4', (2,))"), bytes(16)), "no place for elements of numpy type"),
    "descr is a number": (npy(header("4"), bytes(8)), "no place for elements of numpy type"),
    "negative shape": (npy(header(shape="(-2,)"), bytes(8)), "shape is not a tuple of whole numbers"),
    "shape is a number": (npy(header(shape="2"), bytes(8)), "shape is not a tuple of whole numbers"),
    "shape of True": (npy(header(shape="(True,)"), bytes(4)), "shape is not a tuple of whole numbers"),
    "dimension of 2^64": (npy(header(shape="(2**64,)"), bytes(8)), "not the dictionary numpy writes"),
    "dimension of 20 digits": (npy(header(shape=f"({2**64},)"), bytes(8)), "shape is not a tuple of whole numbers"),
    "many dimensions": (npy(header(shape="(1," * 1 + "1," * 40 + ")"), bytes(4)), "41 dimensions; the limit is 32"),
    "shape overflow": (npy(header(shape=f"({2**62}, {2**62})"), bytes(8)), "bytes, 8 are there"),
    "data cut short": (npy(header(), bytes(7)), "takes 8 bytes, 7 are there"),
    "two arrays": (npy(header(), bytes(8)) + npy(header(), bytes(8)), "takes 8 bytes, .* are there"),
}


@pytest.mark.parametrize(("raw", "problem"), HOSTILE.values(), ids=HOSTILE.keys())
def test_an_array_that_cannot_be_held_is_refused(tmp_path: Path, raw: bytes, problem: str) -> None:
    (tmp_path / "raw.npy").write_bytes(raw)
    with pytest.raises(InvalidFileError, match=problem) as caught:
        open_npy(tmp_path / "raw.npy")
    assert caught.value.message.startswith(f"{tmp_path}/raw.npy: ")


@given(st.binary(max_size=80), st.sampled_from([(1, 0), (2, 0), (3, 0)]))
def test_any_header_is_refused_or_read_as_numpy_reads_it(text: bytes, version: tuple[int, int]) -> None:
    for raw in (npy(text, bytes(8), version), npy(header().encode().replace(b"<f4", text), bytes(8), version)):
        try:
            found = read_npy_header(io.BytesIO(raw), len(raw))
        except InvalidFileError:
            continue
        expected = np.load(io.BytesIO(raw), allow_pickle=False)
        assert (found.shape, found.stored) == (expected.shape, expected.dtype)


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_every_version_of_the_format_is_read(tmp_path: Path, version: tuple[int, int]) -> None:
    (tmp_path / "old.npy").write_bytes(npy(header(), np.array([1, 2], "<f4").tobytes(), version))
    assert written(open_npy(tmp_path / "old.npy"), tmp_path) == np.array([1, 2], "<f4").tobytes()


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("kind", ["<f4", ">f4"])
def test_an_array_that_changes_before_it_is_written_is_refused(tmp_path: Path, order: Any, kind: str) -> None:
    path = tmp_path / "a.npy"
    np.save(path, np.ones((4, 5), kind, order=order))
    tensor = open_npy(path)
    with path.open("ab") as file:
        file.write(b"more")
    with pytest.raises(SourceChangedError, match=r"a\.npy changed while it was read"):
        written(tensor, tmp_path)


def test_a_pipe_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.npy")
    with pytest.raises(InvalidFileError, match="it is not a regular file"):
        open_npy(tmp_path / "pipe.npy")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidFileError, match=r"absent.npy: it cannot be read: No such file"):
        open_npy(tmp_path / "absent.npy")
