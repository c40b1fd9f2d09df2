"""State dicts as safetensors and back: every dtype, layout and tie as torch has it."""

from pathlib import Path
from typing import Any

import pytest
import torch

from hublish.base.errors import SerializationError
from hublish.base.progress import SILENT
from hublish.formats.format_options import TorchOptions
from hublish.formats.interface import DISTRUST
from hublish.formats.torch import Torch

BASE = torch.arange(24).reshape(4, 6)
DTYPES = [
    *(torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.complex64, torch.bool),
    *(torch.float8_e4m3fn, torch.float8_e5m2, torch.float8_e4m3fnuz, torch.float8_e5m2fnuz, torch.float8_e8m0fnu),
    *(torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.uint16, torch.uint32, torch.uint64),
]
LAYOUTS = {
    "turned": BASE.t(),
    "sliced": BASE[::2, 1::2],
    "expanded": BASE[:1].expand(3, 6),
    "view": BASE[1:],
    "scalar": torch.tensor(3.5),
    "empty": torch.zeros(0, 4),
    "conjugate": torch.tensor([1 + 2j]).conj(),
    "negative": torch.tensor([1 + 2j]).conj().imag,
    "channels last": torch.randn(2, 3, 4, 5).to(memory_format=torch.channels_last),
}


def back(source: Any, folder: Path, **options: Any) -> Any:
    written = Torch().dump(source, "model.safetensors", folder, TorchOptions(**options), SILENT)
    return Torch().rebuild({item.path_in_repo: item.path for item in written}, DISTRUST)


def same(one: Any, other: Any) -> bool:
    def plain(tensor: Any) -> bytes:
        copy = tensor.resolve_conj().resolve_neg().clone(memory_format=torch.contiguous_format)
        return bytes(copy.reshape(-1).view(torch.uint8).numpy())

    return (one.dtype, one.shape) == (other.dtype, other.shape) and plain(one) == plain(other)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_every_dtype_is_read_back(dtype: torch.dtype, tmp_path: Path) -> None:
    tensor = torch.arange(7).to(torch.float32).to(dtype)
    assert same(back({"odd": torch.zeros(3, dtype=torch.uint8), "a": tensor}, tmp_path)["a"], tensor)


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_layout_is_read_back(name: str, tmp_path: Path) -> None:
    assert same(back({"a": LAYOUTS[name]}, tmp_path)["a"], LAYOUTS[name])


@pytest.mark.parametrize("options", [{}, {"max_shard_size": 64}])
def test_tied_tensors_are_stored_once_and_loaded_as_one(options: dict[str, Any], tmp_path: Path) -> None:
    weight = torch.randn(4, 4)
    found = back({"b": weight, "a": weight, "c": weight.clone(), "d": torch.randn(9)}, tmp_path, **options)
    assert sum(path.stat().st_size for path in tmp_path.glob("*.safetensors")) < 64 * 3 + 1500
    assert found["a"] is found["b"]
    assert found["c"] is not found["a"]
    assert same(found["b"], weight)


def test_a_change_to_a_loaded_tensor_does_not_reach_the_file(tmp_path: Path) -> None:
    found = back({"a": torch.zeros(4)}, tmp_path)
    found["a"] += 1
    assert Torch().load({"model.safetensors": tmp_path / "model.safetensors"})["a"].tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({"a": torch.zeros(2, device="meta")}, "'a' is on the meta device"),
        ({"a": torch.eye(3).to_sparse()}, "'a' is sparse_coo"),
        ({"a": 3}, "'a' in the state dict is a int, not a tensor"),
        ({"a": {"b": torch.zeros(1)}}, "'a' in the state dict is a dict"),
        (3, "a int is neither a torch.nn.Module nor a state dict"),
        ({"a": torch.zeros(1, dtype=torch.complex128)}, "complex128, which safetensors cannot hold"),
        ({}, "no arrays"),
    ],
)
def test_a_value_that_safetensors_cannot_hold_is_rejected(source: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(SerializationError, match=message):
        back(source, tmp_path)
