"""State dicts as safetensors and back: every dtype, layout and tie as torch has it."""

import collections
import warnings
from pathlib import Path
from typing import Any

import numpy
import pytest
import safetensors.torch
import torch
from torch import nn

from hublish.base.errors import LoadError, SerializationError
from hublish.base.progress import SILENT
from hublish.formats.format_options import SafetensorsOptions, TorchOptions
from hublish.formats.interface import DISTRUST
from hublish.formats.safetensors import Safetensors
from hublish.formats.torch import Torch, tied
from tests.hublish.formats.tensors.pytorch.assembling import (
    checkpoint,
    dict_of,
    named,
    pickled,
    tensor,
    text,
    tuple_of,
)

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


class Wrapper(torch.Tensor):
    """A tensor without data of its own, as those of torch.distributed and torchao."""

    @staticmethod
    def __new__(cls: type["Wrapper"], inner: torch.Tensor) -> "Wrapper":
        return torch.Tensor._make_wrapper_subclass(cls, inner.shape, dtype=inner.dtype)

    def __init__(self, inner: torch.Tensor) -> None:
        self.inner = inner

    def __tensor_flatten__(self) -> tuple[list[str], None]:
        return ["inner"], None

    @classmethod
    def __torch_dispatch__(cls, function: Any, kinds: Any, arguments: Any = (), keywords: Any = None) -> Any:
        return function(*(one.inner if isinstance(one, Wrapper) else one for one in arguments), **(keywords or {}))


def quantized(dtype: torch.dtype, module: Any = None) -> Any:
    whole = nn.Sequential(module or nn.Linear(2, 2))
    return torch.ao.quantization.quantize_dynamic(whole, {nn.Linear, nn.LSTM}, dtype=dtype)


# Types that torch calls experimental, beta or deprecated: it warns once where each is created.
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    COMPLEX_HALF = torch.ones(1).to(torch.complex32)
    QUANTIZED = torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8)
    NESTED = torch.nested.nested_tensor([torch.ones(1), torch.ones(2)])
    JAGGED = torch.nested.nested_tensor([torch.ones(1), torch.ones(2)], layout=torch.jagged)
    ROWS = torch.eye(2).to_sparse_csr()
    QUANTIZED_LINEAR = quantized(torch.qint8)
    QUANTIZED_HALF = quantized(torch.float16)
    QUANTIZED_LSTM = quantized(torch.qint8, nn.LSTM(2, 2))


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


def test_pairs_of_four_bit_floats_are_written_as_the_library_does(tmp_path: Path) -> None:
    pairs = torch.arange(12, dtype=torch.uint8).reshape(3, 4).view(torch.float4_e2m1fn_x2)
    whole = {"a": pairs, "tied": pairs, "turned": pairs.view(torch.uint8).t().view(torch.float4_e2m1fn_x2)}
    found = back(whole, tmp_path)
    for name, value in whole.items():
        assert found[name].dtype == value.dtype
        assert torch.equal(found[name].view(torch.uint8), value.view(torch.uint8)), name
    plain = safetensors.torch.save({"a": pairs}, {"format": "pt"})
    back({"a": pairs}, tmp_path)
    assert (tmp_path / "model.safetensors").read_bytes() == plain


def test_an_odd_number_of_four_bit_floats_is_not_a_tensor(tmp_path: Path) -> None:
    header = b'{"a":{"dtype":"F4","shape":[2,1],"data_offsets":[0,1]}}'
    (tmp_path / "m.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + b"\0")
    with pytest.raises(LoadError, match="no type for the F4 elements of tensor 'a'"):
        Torch().rebuild({"m.safetensors": tmp_path / "m.safetensors"}, DISTRUST)


@pytest.mark.parametrize(
    "value",
    [
        *(0.1, None, {"b": torch.zeros(1)}, nn.Linear(1, 1), torch.eye(2).to_sparse(), torch.ones(1, device="meta")),
        *(COMPLEX_HALF, Wrapper(torch.ones(2)), torch.qint8),
        QUANTIZED,
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_excluded_value_does_not_matter(value: Any, tmp_path: Path) -> None:
    assert list(back({"w": torch.ones(2), "x": value}, tmp_path, exclude=("x",))) == ["w"]


def test_views_with_a_lazy_flag_are_not_tied_to_their_base(tmp_path: Path) -> None:
    base = torch.tensor([1 + 2j, 3 - 4j])
    whole = {"base": base, "conjugate": base.conj(), "same": base[:], "imaginary": base.imag, "neg": base.conj().imag}
    found = back(whole, tmp_path)
    assert all(same(found[name], value) for name, value in whole.items())
    assert found["same"] is found["base"]


@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_ties_are_views_of_the_same_elements_on_every_device(device: str) -> None:
    base = torch.empty(6, device=device)
    names = {
        "a": base,
        "b": base.view(6),
        "c": base[:],
        "shape": base.view(2, 3),
        "dtype": base.view(torch.int32),
        "first": base[:2],
        "later": base[2:4],
        "again": base[2:4],
        "other": torch.empty(6, device=device),
        "empty": base[:0],
        "nothing": torch.empty(0, device=device),
    }
    assert tied(names) == {"b": "a", "c": "a", "later": "again"}


def names_of_weights_only() -> list[str]:
    return sorted(torch._weights_only_unpickler._get_allowed_globals())


@pytest.mark.parametrize("form", ["name", "key", "argument"])
def test_every_name_that_weights_only_admits_is_read(form: str, tmp_path: Path) -> None:
    """Each is written as a global beside the weights: alone, as a key, and as an argument of another object."""
    for name in names_of_weights_only():
        body = {
            "name": named(name),
            "key": b"}(" + named(name) + text("x") + b"u",
            "argument": named("mine.Object") + tuple_of(named(name)) + b"R",
        }[form]
        path = checkpoint(tmp_path / "m.pt", pickled(dict_of({"x": body, "model": dict_of({"w": tensor()})})))
        (written,) = Safetensors().dump(path, "m.safetensors", tmp_path / "w", SafetensorsOptions(), SILENT)
        assert list(Safetensors().load({written.path_in_repo: written.path})) == ["w"], name


def test_the_objects_that_weights_only_builds_do_not_matter(tmp_path: Path) -> None:
    values = {
        "layout": torch.strided,
        "device": torch.device("cuda:1"),
        "size": torch.Size([1]),
        "set": {1},
        "bytes": b"x",
        "array": bytearray(b"x"),
        "complex": 1j,
        "counter": collections.Counter("aab"),
        "types": [*DTYPES, torch.qint8, torch.uint4, torch.complex32, torch.per_tensor_affine, torch.FloatTensor],
        "sparse": [torch.eye(2).to_sparse()],
        "quantized": [QUANTIZED_LINEAR.state_dict()],
    }
    for old in (False, True):
        torch.save(
            {"model": {"w": torch.arange(3.0)}, **values}, tmp_path / "m.pt", _use_new_zipfile_serialization=not old
        )
        options = SafetensorsOptions(key="model")
        (written,) = Safetensors().dump(tmp_path / "m.pt", "m.safetensors", tmp_path / "w", options, SILENT)
        assert Safetensors().load({written.path_in_repo: written.path})["w"].tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("saved", "hint"),
    [
        ({"loss": torch.ones(()), "model": {"w": torch.ones(1)}}, "options: {key: model}"),
        ({"rng": torch.get_rng_state(), "a": {"w": torch.ones(1)}, "b": {"w": torch.ones(1)}}, "(it holds 'a', 'b')"),
        ({"loss": torch.ones(()), "state": {"net": {"w": torch.ones(1)}}}, "options: {key: state.net}"),
        ({"stats": {"mean": torch.ones(1)}, "model": nn.Linear(1, 1)}, "torch.save(model.state_dict(), path)"),
    ],
)
def test_no_hint_leaves_out_the_weights(saved: Any, hint: str, tmp_path: Path) -> None:
    torch.save(saved, tmp_path / "m.pt")
    with pytest.raises(SerializationError) as caught:
        Safetensors().dump(tmp_path / "m.pt", "m.safetensors", tmp_path / "w", SafetensorsOptions(), SILENT)
    assert hint in caught.value.hint
    assert "exclude" not in caught.value.hint


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({"a": torch.zeros(2, device="meta")}, "'a' is on the meta device"),
        ({"a": torch.eye(3).to_sparse()}, "'a' is sparse_coo"),
        ({"a": 3}, "'a' in the state dict is a int, not a tensor"),
        ({"a": {"b": torch.zeros(1)}}, "'a' in the state dict is a dict: a nested dictionary"),
        ({"a": torch.zeros(1), "lr": 0.1}, "'lr' in the state dict is a float, not a tensor"),
        ({"a": torch.zeros(1), "b": numpy.zeros(1)}, "'b' in the state dict is a ndarray, not a tensor"),
        ({"a": COMPLEX_HALF}, "'a' has elements of type complex32"),
        ({"a": torch.zeros(2, dtype=torch.uint8).view(torch.uint4)}, "'a' has elements of type uint4"),
        ({"a": torch.zeros((), dtype=torch.uint8).view(torch.float4_e2m1fn_x2)}, "'a' has elements of type float4"),
        ({"a": JAGGED}, "'a' is nested"),
        ({"a": NESTED}, "'a' is nested"),
        ({"a": ROWS}, "'a' is sparse_csr"),
        ({"a": torch.ones(2), "b": Wrapper(torch.ones(2)), "c": Wrapper(torch.zeros(2))}, "'b' is a Wrapper"),
        (nn.LazyLinear(2), "'weight' is not initialized"),
        ({"a": QUANTIZED}, "'a' is quantized"),
        (QUANTIZED_LINEAR, "belongs to a quantized module"),
        (QUANTIZED_HALF, "packed weights of a quantized module"),
        (QUANTIZED_LSTM, "belongs to a quantized module"),
        (3, "a int is neither a torch.nn.Module nor a state dict"),
        ({"a": torch.zeros(1, dtype=torch.complex128)}, "complex128, which safetensors cannot hold"),
        ({}, "no arrays"),
    ],
)
def test_a_value_that_safetensors_cannot_hold_is_rejected(source: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(SerializationError, match=message):
        back(source, tmp_path)
