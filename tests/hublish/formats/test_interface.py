from typing import Any

import numpy as np
from numpy.typing import NDArray

from hublish.formats.interface import TensorInfo, describe
from hublish.formats.safetensors import Safetensors


def test_arrays_in_memory_are_described_in_their_order() -> None:
    found = describe({"b": np.zeros((2, 3), "<f4"), "a": np.array(1, "<i8")})
    assert found == (TensorInfo("b", (2, 3), "float32", 24, None), TensorInfo("a", (), "int64", 8, None))


def test_mapped_arrays_are_described_from_their_headers(dump: Any, arrays: dict[str, NDArray[Any]]) -> None:
    files = {written.path_in_repo: written.path for written in dump(arrays, max_shard_size=600)}
    found = {info.name: info for info in describe(Safetensors().load(files))}
    assert found["encoder.weight"] == TensorInfo(
        "encoder.weight", (16, 8), "F32", 512, "model-00001-of-00002.safetensors"
    )
    assert {name: info.shape for name, info in found.items()} == {name: array.shape for name, array in arrays.items()}
