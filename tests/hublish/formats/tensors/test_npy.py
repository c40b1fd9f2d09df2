import io
import os
import struct
import zipfile
from collections.abc import Callable
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
from hublish.formats.tensors.npy import open_npy, open_npz, read_npy_header
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
def test_an_array_is_written_in_c_order_and_little_endian(
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
    "long header": (npy(header() + " " * 20_000, bytes(8), (2, 0)), r"array header of 2\d+ bytes"),
    "header of 4 GB": (b"\x93NUMPY\2\0\xff\xff\xff\xff" + bytes(100), "array header of 4294967295 bytes"),
    "header cut short": (npy(header())[:40], "not a .npy array: EOF"),
    "no dictionary": (npy("[1, 2]"), "not a .npy array: .+"),
    "a call": (npy(header(descr="__import__('os').system('true')")), "not a .npy array: .+"),
    "deep nesting": (npy("(" * 9_000), "not a .npy array: .+"),
    "missing key": (npy("{'descr': '<f4', 'shape': (2,)}"), "not a .npy array: .+"),
    "extra key": (npy(header()[:-2] + "'x': 1}"), "not a .npy array: .+"),
    "unhashable key": (npy("{[]: 1}"), "not a .npy array: .+"),
    "order is a number": (npy(header(fortran="1"), bytes(8)), "not a .npy array: .+"),
    "NUL in the header": (npy("{'descr': '<f4'\0}"), "not a .npy array: .+"),
    "objects": (npy(header("'|O'"), bytes(8)), "Python objects is a pickle"),
    "objects without order": (npy(header("'O'"), bytes(8)), "Python objects is a pickle"),
    "structured": (npy(header("[('a', '<f4')]"), bytes(8)), "safetensors cannot hold a structured array"),
    "structured with objects": (npy(header("[('a', '|O')]"), bytes(8)), "Python objects is a pickle"),
    "fields in a string": (npy(header("'<f4,<f4'"), bytes(16)), "safetensors cannot hold a structured array"),
    "subarray": (npy(header("'(2,)f4'"), bytes(16)), "cannot hold elements of numpy type"),
    "text": (npy(header("'<U8'"), bytes(64)), "cannot hold elements of numpy type '<U8'"),
    "bytes": (npy(header("'|S8'"), bytes(16)), "cannot hold elements of numpy type"),
    "dates": (npy(header("'<M8[s]'"), bytes(16)), "cannot hold elements of numpy type"),
    "complex128": (npy(header("'<c16'"), bytes(32)), "cannot hold elements of numpy type"),
    "long double": (npy(header("'<f16'"), bytes(32)), "cannot hold elements of numpy type"),
    "nameless bytes": (npy(header("'<V2'"), bytes(4)), "cannot hold elements of numpy type"),
    "descr is a tuple": (npy(header("('<f4', (2,))"), bytes(16)), "cannot hold elements of numpy type"),
    "descr is a number": (npy(header("4"), bytes(8)), "not a .npy array: descr is not a valid dtype"),
    "negative shape": (npy(header(shape="(-2,)"), bytes(8)), "not a tuple of non-negative integers"),
    "shape is a number": (npy(header(shape="2"), bytes(8)), "not a .npy array: shape is not valid"),
    "shape of True": (npy(header(shape="(True,)"), bytes(4)), "not a tuple of non-negative integers"),
    "dimension of 2^64": (npy(header(shape="(2**64,)"), bytes(8)), "not a .npy array: .+"),
    "dimension of 20 digits": (
        npy(header(shape=f"({2**64},)"), bytes(8)),
        "not a tuple of non-negative integers",
    ),
    "many dimensions": (npy(header(shape="(1," * 1 + "1," * 40 + ")"), bytes(4)), "41 dimensions; the limit is 32"),
    "shape overflow": (npy(header(shape=f"({2**62}, {2**62})"), bytes(8)), "bytes, found 8"),
    "data cut short": (npy(header(), bytes(7)), "expected 8 bytes, found 7"),
    "two arrays": (npy(header(), bytes(8)) + npy(header(), bytes(8)), "expected 8 bytes, found .*"),
}


@pytest.mark.parametrize(("raw", "problem"), HOSTILE.values(), ids=HOSTILE.keys())
def test_an_array_that_safetensors_cannot_hold_is_refused(tmp_path: Path, raw: bytes, problem: str) -> None:
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


# ---------------------------------------------------------------------------------------------------- .npz

Save = Callable[..., None]


def read_all(path: Path, scratch: Path) -> dict[str, bytes]:
    found = {}
    with open_npz(path, scratch) as tensors:
        for tensor in tensors:
            found[tensor.name] = written(tensor, scratch)
            (scratch / "written").unlink()
    return found


def little(array: NDArray[Any]) -> bytes:
    return array.astype(array.dtype.newbyteorder("<")).tobytes()


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed], ids=["stored", "deflated"])
def test_every_layout_is_read_from_an_archive(tmp_path: Path, arrays: dict[str, NDArray[Any]], save: Save) -> None:
    large = {"large": np.random.default_rng(1).normal(size=(700, 800)), "turned large": np.ones((9, 70_000)).T}
    path = tmp_path / "model.npz"
    save(path, **arrays, **large)
    assert read_all(path, tmp_path) == {name: little(array) for name, array in (arrays | large).items()}
    assert list(tmp_path.iterdir()) == [path]


def test_arrays_keep_the_order_they_were_saved_in(tmp_path: Path) -> None:
    np.savez(tmp_path / "m.npz", b=np.ones(1), a=np.ones(1), c=np.ones(1))
    assert list(read_all(tmp_path / "m.npz", tmp_path)) == ["b", "a", "c"]


def archive(path: Path, members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", method) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return path


def array_bytes(array: NDArray[Any]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


GOOD = array_bytes(np.arange(1000.0))


@pytest.mark.parametrize(
    ("members", "problem"),
    [
        ({"a.npy": GOOD[:-1]}, "expected 8000 bytes, found 7999"),
        ({"a.npy": GOOD + b"x"}, "expected 8000 bytes, found 8001"),
        ({"a.npy": b"\x80\4."}, "does not begin as numpy writes"),
        ({"readme.txt": b"hello"}, "member 'readme.txt': not an array"),
        ({"folder/": b""}, "member 'folder/': not an array"),
        ({"o.npy": GOOD.replace(b"<f8", b"|O8")}, "member 'o.npy': an array of Python objects is a pickle"),
    ],
)
def test_a_member_that_safetensors_cannot_hold_is_named(
    tmp_path: Path, members: dict[str, bytes], problem: str
) -> None:
    path = archive(tmp_path / "m.npz", {"good.npy": GOOD, **members})
    with pytest.raises(InvalidFileError, match=problem) as caught:
        read_all(path, tmp_path)
    assert caught.value.message.startswith(str(path))


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED], ids=["stored", "deflated"])
def test_a_flipped_bit_is_caught_by_the_checksum(tmp_path: Path, method: int) -> None:
    path = archive(tmp_path / "m.npz", {"a.npy": GOOD}, method)
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 3] ^= 1
    path.write_bytes(raw)
    with pytest.raises(InvalidFileError, match=r"m.npz: member 'a.npy': "):
        read_all(path, tmp_path)


def test_an_encrypted_member_is_refused(tmp_path: Path) -> None:
    path = archive(tmp_path / "m.npz", {"a.npy": GOOD})
    raw = bytearray(path.read_bytes())
    raw[raw.rfind(b"PK\1\2") + 8] |= 1
    path.write_bytes(raw)
    with pytest.raises(InvalidFileError, match="it is encrypted"):
        read_all(path, tmp_path)


def test_an_unknown_compression_is_refused(tmp_path: Path) -> None:
    path = archive(tmp_path / "m.npz", {"a.npy": GOOD})
    raw = bytearray(path.read_bytes())
    raw[raw.rfind(b"PK\1\2") + 10] = raw[raw.find(b"PK\3\4") + 8] = 77
    path.write_bytes(raw)
    with pytest.raises(InvalidFileError, match="compressed with method 77"):
        read_all(path, tmp_path)


def test_a_bomb_expands_no_further_than_its_directory_promises(tmp_path: Path) -> None:
    path = archive(tmp_path / "m.npz", {"a.npy": GOOD + bytes(50_000_000)}, zipfile.ZIP_DEFLATED)
    raw = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\1\2", 24), (b"PK\3\4", 22)):
        place = raw.rfind(signature) + offset
        raw[place : place + 4] = struct.pack("<L", len(GOOD))
    path.write_bytes(raw)
    with pytest.raises(InvalidFileError, match="Bad CRC-32"):
        read_all(path, tmp_path)


def test_a_file_that_is_not_a_zip_is_refused(tmp_path: Path) -> None:
    (tmp_path / "m.npz").write_bytes(GOOD)
    with pytest.raises(InvalidFileError, match="not a zip archive, or cut short"):
        read_all(tmp_path / "m.npz", tmp_path)


def test_an_error_of_the_caller_is_not_reported_as_damage(tmp_path: Path) -> None:
    path = archive(tmp_path / "m.npz", {"a.npy": GOOD})
    with pytest.raises(RuntimeError, match="mine"), open_npz(path, tmp_path):
        raise RuntimeError("mine")


whole = io.BytesIO()
with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as _file:
    _file.writestr("a.npy", array_bytes(np.arange(12.0)))
    _file.writestr("b.npy", array_bytes(np.asfortranarray(np.ones((3, 2), ">i2"))))
ARCHIVE = whole.getvalue()


@given(
    st.lists(st.tuples(st.integers(0, len(ARCHIVE) - 1), st.integers(0, 255)), max_size=5), st.integers(0, len(ARCHIVE))
)
def test_a_damaged_archive_is_refused_and_never_crashes(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, int]], cut: int
) -> None:
    folder = tmp_path_factory.mktemp("npz")
    raw = bytearray(ARCHIVE)
    for place, value in changes:
        raw[place] = value
    for data in (raw, raw[:cut]):
        (folder / "m.npz").write_bytes(data)
        try:
            found = read_all(folder / "m.npz", folder)
        except InvalidFileError:
            continue
        # Accepted archives have the right checksums: only names and unchecked fields differ.
        assert set(found.values()) <= {np.arange(12.0).tobytes(), np.ones((3, 2), "<i2").tobytes()}
