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
from numpy.typing import NDArray

from hublish.formats.input_files import InvalidFileError
from hublish.formats.tensors.npz import open_npz
from hublish.formats.tensors.safetensors_writer import Output

Save = Callable[..., None]


def read(path: Path, scratch: Path) -> dict[str, bytes]:
    found = {}
    with open_npz(path, scratch) as tensors:
        for tensor in tensors:
            target = scratch / "written"
            descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            try:
                tensor.content.write_to(Output(descriptor, lambda _: None))
            finally:
                os.close(descriptor)
            found[tensor.name] = target.read_bytes()
            target.unlink()
    return found


def little(array: NDArray[Any]) -> bytes:
    return array.astype(array.dtype.newbyteorder("<")).tobytes()


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed], ids=["stored", "deflated"])
def test_every_layout_comes_out_of_an_archive(tmp_path: Path, arrays: dict[str, NDArray[Any]], save: Save) -> None:
    large = {"large": np.random.default_rng(1).normal(size=(700, 800)), "turned large": np.ones((9, 70_000)).T}
    path = tmp_path / "model.npz"
    save(path, **arrays, **large)
    assert read(path, tmp_path) == {name: little(array) for name, array in (arrays | large).items()}
    assert list(tmp_path.iterdir()) == [path]


def test_arrays_come_in_the_order_they_were_saved(tmp_path: Path) -> None:
    np.savez(tmp_path / "m.npz", b=np.ones(1), a=np.ones(1), c=np.ones(1))
    assert list(read(tmp_path / "m.npz", tmp_path)) == ["b", "a", "c"]


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
        ({"a.npy": GOOD[:-1]}, "takes 8000 bytes, 7999 are there"),
        ({"a.npy": GOOD + b"x"}, "takes 8000 bytes, 8001 are there"),
        ({"a.npy": b"\x80\4."}, "does not begin as numpy writes"),
        ({"readme.txt": b"hello"}, "member 'readme.txt': not an array"),
        ({"folder/": b""}, "member 'folder/': not an array"),
        ({"o.npy": GOOD.replace(b"<f8", b"|O8")}, "member 'o.npy': an array of Python objects carries a pickle"),
    ],
)
def test_a_member_that_cannot_be_held_is_named(tmp_path: Path, members: dict[str, bytes], problem: str) -> None:
    path = archive(tmp_path / "m.npz", {"good.npy": GOOD, **members})
    with pytest.raises(InvalidFileError, match=problem) as caught:
        read(path, tmp_path)
    assert caught.value.message.startswith(str(path))


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED], ids=["stored", "deflated"])
def test_a_flipped_bit_is_caught_by_the_checksum(tmp_path: Path, method: int) -> None:
    path = archive(tmp_path / "m.npz", {"a.npy": GOOD}, method)
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 3] ^= 1
    path.write_bytes(raw)
    with pytest.raises(InvalidFileError, match=r"m.npz, member 'a.npy': "):
        read(path, tmp_path)


def test_an_encrypted_member_is_refused(tmp_path: Path) -> None:
    path = archive(tmp_path / "m.npz", {"a.npy": GOOD})
    raw = bytearray(path.read_bytes())
    raw[raw.rfind(b"PK\1\2") + 8] |= 1
    path.write_bytes(raw)
    with pytest.raises(InvalidFileError, match="it is encrypted"):
        read(path, tmp_path)


def test_an_unknown_compression_is_refused(tmp_path: Path) -> None:
    path = archive(tmp_path / "m.npz", {"a.npy": GOOD})
    raw = bytearray(path.read_bytes())
    raw[raw.rfind(b"PK\1\2") + 10] = 77
    path.write_bytes(raw)
    with pytest.raises(InvalidFileError, match="damaged or unsupported archive"):
        read(path, tmp_path)


def test_a_bomb_gives_no_more_than_its_directory_says(tmp_path: Path) -> None:
    path = archive(tmp_path / "m.npz", {"a.npy": GOOD + bytes(50_000_000)}, zipfile.ZIP_DEFLATED)
    raw = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\1\2", 24), (b"PK\3\4", 22)):
        place = raw.rfind(signature) + offset
        raw[place : place + 4] = struct.pack("<L", len(GOOD))
    path.write_bytes(raw)
    with pytest.raises(InvalidFileError, match="Bad CRC-32"):
        read(path, tmp_path)


def test_a_file_that_is_no_zip_is_refused(tmp_path: Path) -> None:
    (tmp_path / "m.npz").write_bytes(GOOD)
    with pytest.raises(InvalidFileError, match="not a zip archive, or cut short"):
        read(tmp_path / "m.npz", tmp_path)


def test_an_error_of_the_caller_is_not_taken_for_damage(tmp_path: Path) -> None:
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
            found = read(folder / "m.npz", folder)
        except InvalidFileError:
            continue
        # What passes has the right checksums: at most names and unchecked fields differ.
        assert set(found.values()) <= {np.arange(12.0).tobytes(), np.ones((3, 2), "<i2").tobytes()}
