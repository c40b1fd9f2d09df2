import gc
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from safetensors.numpy import save_file

from hublish.base.errors import LoadError, SourceChangedError
from hublish.formats.tensors.mapped import MappedArrays
from hublish.formats.tensors.safetensors_file import read_set


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    arrays = {"w": np.arange(6, dtype="<f4").reshape(2, 3), "n": np.array(7, "<i8"), "none": np.zeros((0, 2), "<f4")}
    save_file(arrays, tmp_path / "model.safetensors")
    return tmp_path / "model.safetensors"


def mapped(path: Path) -> MappedArrays:
    return MappedArrays(read_set({path.name: path}))


def open_files(path: Path) -> int:
    return sum(path.name in line for line in Path("/proc/self/maps").read_text().splitlines())


def test_nothing_is_mapped_until_an_array_is_requested(weights: Path) -> None:
    arrays = mapped(weights)
    assert (len(arrays), "w" in arrays, "v" in arrays, set(arrays)) == (3, True, False, {"w", "n", "none"})
    assert arrays.tensors
    assert open_files(weights) == 0
    np.testing.assert_array_equal(arrays["w"], [[0, 1, 2], [3, 4, 5]])
    assert open_files(weights) == 1


def test_arrays_cannot_be_written_to(weights: Path) -> None:
    for array in mapped(weights).values():
        assert not array.flags.writeable
        with pytest.raises(ValueError, match=r"read-only|WRITEABLE"):
            array[...] = 1


def test_a_scalar_and_an_empty_array_keep_their_shape(weights: Path) -> None:
    arrays = mapped(weights)
    assert (arrays["n"].shape, int(arrays["n"])) == ((), 7)
    assert arrays["none"].shape == (0, 2)
    assert arrays["none"].dtype == np.float32


def test_closing_releases_the_file_and_keeps_existing_arrays(weights: Path) -> None:
    with mapped(weights) as arrays:
        kept = arrays["w"]
    np.testing.assert_array_equal(kept, [[0, 1, 2], [3, 4, 5]])
    with pytest.raises(LoadError, match="'n' was requested after the files were closed"):
        arrays["n"]
    del kept
    gc.collect()
    assert open_files(weights) == 0


def test_an_unknown_name_is_a_key_error(weights: Path) -> None:
    with pytest.raises(KeyError):
        mapped(weights)["v"]


def test_a_file_that_changed_since_its_header_was_read_is_not_mapped(weights: Path) -> None:
    arrays = mapped(weights)
    weights.write_bytes(weights.read_bytes()[:-1])
    with pytest.raises(SourceChangedError):
        arrays["w"]


def test_unaligned_bytes_are_read(raw_safetensors: Any) -> None:
    header = '{"a":{"dtype":"F64","shape":[2],"data_offsets":[0,16]}}'
    assert (8 + len(header)) % 8
    np.testing.assert_array_equal(mapped(raw_safetensors(header, np.array([1.5, -2.0]).tobytes()))["a"], [1.5, -2.0])


@pytest.mark.parametrize(("name", "kind"), [("BF16", ml_dtypes.bfloat16), ("F8_E4M3", ml_dtypes.float8_e4m3fn)])
def test_types_that_numpy_lacks_are_supported(raw_safetensors: Any, name: str, kind: Any) -> None:
    data = np.array([1.5, -2.0], kind).tobytes()
    path = raw_safetensors({"a": {"dtype": name, "shape": [2], "data_offsets": [0, len(data)]}}, data)
    array = mapped(path)["a"]
    assert array.dtype == kind
    assert array.astype("f4").tolist() == [1.5, -2.0]


def test_packed_types_are_described_and_refused_as_arrays(raw_safetensors: Any) -> None:
    arrays = mapped(raw_safetensors({"a": {"dtype": "F4", "shape": [4], "data_offsets": [0, 2]}}, b"ab"))
    assert arrays.tensors[0].dtype == "F4"
    with pytest.raises(LoadError, match="packed F4 elements, which numpy cannot represent"):
        arrays["a"]
