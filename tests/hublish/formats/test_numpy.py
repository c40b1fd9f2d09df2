"""numpy files: arrays are read back, and objects that numpy would pickle are rejected."""

import io
import zipfile
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from hublish.base.errors import LoadError, SerializationError
from hublish.base.progress import SILENT
from hublish.formats.format_options import NumpyOptions
from hublish.formats.input_files import InvalidFileError
from hublish.formats.interface import DISTRUST, Written, describe
from hublish.formats.numpy import Numpy, check_arrays

ARRAYS: dict[str, Any] = {
    "w": np.arange(6, dtype="<f4").reshape(2, 3),
    "turned": np.asfortranarray(np.arange(6).reshape(2, 3)),
    "swapped": np.arange(3, dtype=">i2"),
    "wide": np.array([1 + 2j]),
    "texts": np.array(["a", "bc"]),
    "days": np.array(["2024-01-02"], "datetime64[D]"),
    "rows": np.array([(1, 2.5)], [("id", "<i4"), ("x", "<f8")]),
    "scalar": np.float16(3),
    "empty": np.zeros((0, 4)),
}


def dump(source: Any, path_in_repo: str, folder: Path, **options: Any) -> Written:
    (item,) = Numpy().dump(source, path_in_repo, folder / "workspace", NumpyOptions(**options), SILENT)
    return item


def npy(value: Any) -> bytes:
    stream = io.BytesIO()
    np.save(stream, value)
    return stream.getvalue()


def npz(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


@pytest.mark.parametrize("compressed", [False, True])
def test_arrays_of_every_plain_type_are_read_back(compressed: bool, tmp_path: Path) -> None:
    item = dump(ARRAYS, "data/all.npz", tmp_path, compressed=compressed)
    back = Numpy().rebuild({"data/all.npz": item.path, "note.txt": item.path}, DISTRUST)
    assert list(back) == list(ARRAYS)
    for name, array in ARRAYS.items():
        assert back[name].dtype == array.dtype
        assert np.array_equal(back[name], array)


def test_a_single_array_is_mapped_under_the_name_of_its_file(tmp_path: Path) -> None:
    item = dump(ARRAYS["w"], "embeddings.npy", tmp_path)
    back = Numpy().load({"embeddings.npy": item.path})
    assert isinstance(back["embeddings"], np.memmap)
    assert np.array_equal(back["embeddings"], ARRAYS["w"])
    assert [(info.name, info.shape, info.nbytes) for info in describe(back)] == [("embeddings", (2, 3), 24)]


def test_equal_arrays_give_equal_bytes(tmp_path: Path) -> None:
    first, second = (dump(ARRAYS, "a.npz", tmp_path / str(number)).path for number in (1, 2))
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("name", ["a.npy", "a.npz"])
def test_a_file_is_checked_and_passed_on(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    if name == "a.npy":
        np.save(path, ARRAYS["w"])
    else:
        np.savez(path, **ARRAYS)
    assert dump(path, name, tmp_path) == Written(name, path)


@pytest.mark.parametrize(
    ("source", "path_in_repo", "message"),
    [
        (np.array([{}]), "a.npy", "Python objects, which numpy pickles"),
        ({"a": np.array([None])}, "a.npz", "'a' holds Python objects"),
        ({"a": np.ones(2, ml_dtypes.bfloat16)}, "a.npz", "has type bfloat16"),
        ({"a": [1, 2]}, "a.npz", "'a' is a list"),
        ({"a": np.ma.masked_array([1], [True])}, "a.npz", "'a' is a MaskedArray"),
        ({3: np.ones(1)}, "a.npz", "an array is named 3"),
        ({"file": np.ones(1)}, "a.npz", "which numpy.savez reserves"),
        ({}, "a.npz", "no arrays"),
        (np.ones(1), "a.npz", "is not a mapping"),
        (ARRAYS, "a.npy", "is a dict"),
        (np.ones(1), "a.bin", "does not end with .npz or .npy"),
        (np.ones(1), ".npy", "does not end with"),
        (Path("a.npz"), "a.npy", "is that of another format"),
    ],
)
def test_a_value_that_the_format_cannot_hold_is_rejected(
    source: Any, path_in_repo: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(SerializationError, match=message):
        dump(source, path_in_repo, tmp_path)


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"a.npy": npy(np.array([{}], object))}, "member 'a.npy': an array of Python objects"),
        ({"a.npy": npy(np.ones(9))[:-8]}, "expected 72 bytes, found 64"),
        ({"a.npy": npy(np.ones(9)).replace(b"(9,), }  ", b"(10**9,), ")}, "not a .npy array"),
        ({"a.npy": npy(np.ones(1)).replace(b"(1,), }       ", b"(1999999,), } ")}, "expected 15999992 bytes, found 8"),
        ({"a.npy": b"\x93NUMPY\x03\x00" + bytes(20)}, "not a .npy array"),
        ({"a.txt": b"hello"}, "not an array: numpy names"),
        ({"../a.npy": npy(np.ones(1))}, "'..' segment"),
        ({"/a.npy": npy(np.ones(1))}, "absolute path"),
    ],
)
def test_a_hostile_archive_is_rejected_by_dump_and_load(
    members: dict[str, bytes], message: str, tmp_path: Path
) -> None:
    path = npz(tmp_path / "a.npz", members)
    with pytest.raises(SerializationError, match=message):
        dump(path, "a.npz", tmp_path)
    with pytest.raises(LoadError, match=message):
        Numpy().load({"a.npz": path})


def test_an_archive_that_expands_too_much_is_rejected(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "bomb.npz", a=np.zeros(20_000_000))
    with pytest.raises(LoadError, match="expand to 160000128 bytes"):
        Numpy().load({"bomb.npz": tmp_path / "bomb.npz"})


def test_two_members_of_one_name_are_rejected(tmp_path: Path) -> None:
    path = tmp_path / "twice.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.npy", npy(np.ones(1)))
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("a.npy", npy(np.ones(1)))
    with pytest.raises(LoadError, match=r"two members are named 'a\.npy'"):
        Numpy().load({"twice.npz": path})


def test_one_name_in_two_files_is_rejected(tmp_path: Path) -> None:
    first, second = dump({"a": np.ones(1)}, "x.npz", tmp_path), dump(np.ones(1), "a.npy", tmp_path)
    with pytest.raises(LoadError, match=r"'a' is both in a.npy and in x.npz"):
        Numpy().load({"x.npz": first.path, "a.npy": second.path})


def test_a_release_without_such_files_is_reported(tmp_path: Path) -> None:
    with pytest.raises(LoadError, match=r"no \.npz or \.npy file among 1 files"):
        Numpy().load({"model.safetensors": tmp_path})


@given(arrays_of.arrays(arrays_of.scalar_dtypes(), arrays_of.array_shapes(min_dims=0, min_side=0)))
def test_any_array_is_read_back(tmp_path_factory: pytest.TempPathFactory, array: np.ndarray[Any, Any]) -> None:
    item = dump({"a": array}, "a.npz", tmp_path_factory.mktemp("any"))
    back = Numpy().load({"a.npz": item.path})["a"]
    assert (back.dtype, back.shape, back.tobytes()) == (array.dtype, array.shape, array.tobytes())


@given(st.integers(0, 127), st.integers(0, 255))
def test_any_changed_header_is_parsed_or_rejected(
    tmp_path_factory: pytest.TempPathFactory, place: int, value: int
) -> None:
    data = bytearray(npy(np.ones(3)))
    data[place] = value
    path = tmp_path_factory.mktemp("changed") / "a.npy"
    path.write_bytes(data)
    try:
        (found,) = check_arrays(path, "a.npy")
    except InvalidFileError:
        return
    assert found.nbytes == 24
