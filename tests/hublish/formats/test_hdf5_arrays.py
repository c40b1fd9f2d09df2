"""The arrays in HDF5 files as h5py writes them, in every layout of groups, and damaged files."""

import io
import random
import string
from contextlib import suppress
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.formats.blob import MemoryBlob
from hublish.formats.hdf5_arrays import Array, read_arrays
from hublish.formats.input_files import InvalidFileError

NAMES = {"f": "F", "i": "I", "u": "U"}


def is_weight(name: str) -> bool:
    return not name.startswith("optimizer")


def found(data: bytes) -> list[Array]:
    return sorted(read_arrays(MemoryBlob(data), is_weight))


def written(seed: int, libver: Any, most: int = 60, *, order: bool = False) -> tuple[bytes, list[Array]]:
    """Return a file with groups of any depth, and its arrays that are weights."""
    rng, buffer, expected = random.Random(seed), io.BytesIO(), []
    with h5py.File(buffer, "w", libver=libver, track_order=order) as file:
        for number in range(most):
            top = rng.choice(["layers", "optimizer", "optimizer_weights", "top_level"])
            inner = [rng.choice(string.ascii_lowercase) for _ in range(rng.randint(0, 4))]
            dtype = rng.choice(["f2", "f4", "f8", "i4", "i8", "u1"])
            shape = tuple(rng.randint(0, 4) for _ in range(rng.randint(0, 3)))
            packed = {"chunks": True, "compression": "gzip"} if shape and 0 not in shape and number % 3 else {}
            file.create_dataset("/".join([top, *inner, f"v{number}"]), shape, dtype, **packed)
            elements, size = int(np.prod(shape)) if shape else 1, int(dtype[1])
            if is_weight(top):
                expected.append(Array(f"{NAMES[dtype[0]]}{8 * size}", elements, elements * size))
        file["seed"] = np.zeros(2, "u4")
        expected.append(Array("U32", 2, 8))
        if "layers" in file:
            file["again"] = file["layers"]  # the same arrays under another name
        file.attrs["keras_version"] = "3.12.0"
    return buffer.getvalue(), sorted(expected)


@pytest.mark.parametrize("libver", ["earliest", "v108", "v110", "latest"])
@pytest.mark.parametrize("order", [False, True])
def test_each_array_is_found_once_with_its_type(libver: str, order: bool) -> None:
    for seed, most in ((1, 5), (2, 60), (3, 250)):
        data, expected = written(seed, libver if libver == "latest" else (libver, "latest"), most, order=order)
        assert found(data) == expected


def test_other_types_have_no_name() -> None:
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file.create_dataset("text", (3,), h5py.string_dtype())
        file.create_dataset("empty", dtype="f4", data=h5py.Empty("f4"))
        file.create_dataset("flags", (2,), "?")
    assert [(array.dtype, array.elements) for array in found(buffer.getvalue())] == [("", 2), ("", 3), ("F32", 0)]


@given(st.integers(0, 4), st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 255)), max_size=6), st.integers(0, 9))
def test_a_damaged_file_gives_arrays_or_a_reason(seed: int, changes: list[tuple[int, int]], cut: int) -> None:
    data = bytearray(written(seed, "latest" if seed % 2 else "earliest", 4)[0])
    for place, value in changes:
        data[place % len(data)] = value
    with suppress(InvalidFileError):
        found(bytes(data[: len(data) - 100 * cut]))


@pytest.mark.parametrize("data", [b"", b"\x89HDF\r\n\x1a\n", b"\x89HDF\r\n\x1a\n" + bytes(90)])
def test_bytes_that_are_no_file_are_refused(data: bytes) -> None:
    with pytest.raises(InvalidFileError):
        found(data)
