"""The files that loading reads when the load plan selects none."""

import pytest
from huggingface_hub.utils import filter_repo_objects

from hublish.base.errors import LoadError
from hublish.formats.release_files import load_patterns, loadable, loads_arrays, serializer_for


def test_only_the_preferred_of_several_formats_is_loaded() -> None:
    paths = (
        *("README.md", "config.json", "model.safetensors.index.json", "onnx/model.onnx", "pytorch_model.bin"),
        *("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "sub/config.json", "tokenizer.json"),
    )
    assert set(loadable(paths)) == {
        *("config.json", "model.safetensors.index.json"),
        *("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"),
    }


@pytest.mark.parametrize(
    ("others", "chosen"),
    [
        (["model.fp16.safetensors"], ["model.safetensors"]),
        (["model.fp16-00001-of-00002.safetensors", "model.safetensors.index.fp16.json"], ["model.safetensors"]),
        (["adapter_model.safetensors", "optimizer.safetensors"], ["model.safetensors"]),
        (["consolidated.safetensors", "original/consolidated.00.safetensors"], ["model.safetensors"]),
        (["original/model.safetensors", "checkpoint-10/model.safetensors"], ["model.safetensors"]),
        (["model_ema.safetensors", "model.onnx", "pytorch_model.bin"], ["model.safetensors"]),
        # Left from before the model was written as one file.
        (["model.safetensors.index.json", "model-00001-of-00001.safetensors"], ["model.safetensors"]),
    ],
)
def test_other_weights_do_not_interfere_with_the_model(others: list[str], chosen: list[str]) -> None:
    assert list(loadable([*others, "model.safetensors", "config.json"])) == [*chosen, "config.json"]


@pytest.mark.parametrize(
    ("paths", "chosen"),
    [
        (["net.fp16.safetensors", "net.safetensors"], ["net.safetensors"]),
        (["net.fp16.safetensors"], ["net.fp16.safetensors"]),
        (["x/net.fp16.safetensors", "y/net.safetensors"], ["x/net.fp16.safetensors", "y/net.safetensors"]),
        (["adapter_model.safetensors", "old/adapter_model.safetensors"], ["adapter_model.safetensors"]),
        (["encoder.safetensors", "decoder.safetensors"], ["encoder.safetensors", "decoder.safetensors"]),
        (
            [
                "unet/diffusion_pytorch_model.fp16.safetensors",
                "unet/diffusion_pytorch_model.safetensors",
                "vae/a.safetensors",
            ],
            ["unet/diffusion_pytorch_model.safetensors", "vae/a.safetensors"],
        ),
    ],
)
def test_weights_of_other_names_are_all_loaded_but_for_variants(paths: list[str], chosen: list[str]) -> None:
    assert list(loadable(paths)) == chosen


@pytest.mark.parametrize(
    ("path", "selected", "others"),
    [
        (
            "model.safetensors",
            ["model.safetensors", "model-00001-of-00002.safetensors", "model.safetensors.index.json"],
            [
                "model.fp16.safetensors",
                "original/model.safetensors",
                "adapter_model.safetensors",
                "a.safetensors.index.json",
            ],
        ),
        (
            "sub/a[1].safetensors",
            ["sub/a[1].safetensors", "sub/a[1]-00001-of-00002.safetensors"],
            ["sub/a1.safetensors"],
        ),
        ("model.npz", ["model.npz"], ["other.npz"]),
        ("model.onnx", ["model.onnx", "model.onnx.data"], ["encoder.onnx"]),
    ],
)
def test_a_load_plan_selects_the_weights_that_were_pushed(path: str, selected: list[str], others: list[str]) -> None:
    assert list(filter_repo_objects([*selected, *others], allow_patterns=list(load_patterns(path)))) == selected


def test_all_files_are_loaded_when_no_format_is_known() -> None:
    assert loadable(("a.txt", "b.json")) == ("a.txt", "b.json")


def test_the_suffix_selects_the_serializer() -> None:
    assert serializer_for(["config.json", "a/b.safetensors"]) == "safetensors"
    with pytest.raises(LoadError, match="no weights in a format"):
        serializer_for(["config.json"])


@pytest.mark.parametrize(
    ("paths", "declared", "expected"),
    [
        (["model.safetensors"], None, True),
        (["a.gguf", "config.json"], None, True),
        (["a.npy"], None, True),
        (["pytorch_model.bin"], None, True),
        (["other.bin"], None, False),
        (["config.json", "README.md"], None, False),
        (["model.skops"], None, False),
        (["model.joblib"], "sklearn", False),
        (["learner.pkl"], "fastai", False),
        (["model.safetensors"], "copy", False),
        (["config.json"], "safetensors", False),
        (["any.acme"], "acme", True),
        ([], None, False),
    ],
)
def test_formats_with_arrays_are_opened_by_load(paths: list[str], declared: str | None, expected: bool) -> None:
    assert loads_arrays(paths, declared) is expected
