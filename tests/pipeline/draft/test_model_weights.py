"""The weights to release, their format, and the weights to leave out."""

from pathlib import Path

import pytest

from hublish.pipeline.draft import model_weights
from hublish.pipeline.draft.listing import list_folder
from hublish.pipeline.draft.model_weights import weights
from tests.pipeline.draft.listings import named
from tests.pipeline.draft.shapes.making import checkpoint, onnx, pickled, safetensors, torch_file, training, write


def released(folder: Path) -> dict[str, tuple[str, str | None]]:
    """Return serializer and path in the repo of each part, by its first file."""
    listing = list_folder(folder)
    return {part.files[0]: (part.serializer, part.path_in_repo) for part in weights(listing, listing.sizes).parts}


def left_out(folder: Path) -> dict[str, str]:
    listing = list_folder(folder)
    return {left.path: left.why for left in weights(listing, listing.sizes).left_out}


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("pytorch_model.bin",), {"pytorch_model.bin": "model.safetensors"}),
        (("adapter_model.bin",), {"adapter_model.bin": "adapter_model.safetensors"}),
        (("net.pt",), {"net.pt": "model.safetensors"}),
        (
            ("pytorch_model.bin", "pytorch_model.fp16.bin"),
            {"pytorch_model.bin": "model.safetensors", "pytorch_model.fp16.bin": "model.fp16.safetensors"},
        ),
        (("encoder.pt", "decoder.pt"), {"decoder.pt": "decoder.safetensors", "encoder.pt": "encoder.safetensors"}),
        (("best.pt", "last.pt", "epoch_3.pt"), {"best.pt": "model.safetensors"}),
        (("model_best.pth", "model_epoch10.pth"), {"model_best.pth": "model.safetensors"}),
        (("epoch=2.ckpt", "epoch=10.ckpt"), {"epoch=10.ckpt": "model.safetensors"}),
        (("final.pt", "step-100.pt"), {"final.pt": "model.safetensors"}),
    ],
)
def test_checkpoints_are_converted_but_only_the_final_one_of_a_run(
    names: tuple[str, ...], expected: dict[str, str], tmp_path: Path
) -> None:
    for name in names:
        checkpoint(tmp_path / name)
    assert released(tmp_path) == {name: ("safetensors", target) for name, target in expected.items()}
    assert set(left_out(tmp_path)) == set(names) - set(expected)


def test_weights_are_never_released_twice(tmp_path: Path) -> None:
    safetensors(tmp_path / "model.safetensors")
    checkpoint(tmp_path / "pytorch_model.bin")
    assert released(tmp_path) == {"model.safetensors": ("copy", None)}
    assert left_out(tmp_path) == {"pytorch_model.bin": "a pickle beside model.safetensors"}


@pytest.mark.parametrize("name", ["model.gguf", "model.keras", "model.skops", "model.weights.h5", "flax_model.msgpack"])
def test_a_format_that_runs_no_code_is_uploaded_unchanged(name: str, tmp_path: Path) -> None:
    write(tmp_path / name, b"x")
    assert list(released(tmp_path)) == [name]
    assert released(tmp_path)[name][1] is None


def test_a_binary_that_is_not_a_pickle_is_kept_with_its_description(tmp_path: Path) -> None:
    write(tmp_path / "openvino_model.bin", b"\0\0\0\0")
    write(tmp_path / "openvino_model.xml", "<net/>")
    listing = list_folder(tmp_path)
    assert weights(listing, listing.sizes).parts[0].files == ("openvino_model.bin", "openvino_model.xml")


def test_a_training_checkpoint_gets_the_key_of_its_state_dict(tmp_path: Path) -> None:
    training(tmp_path / "last.ckpt")
    listing = list_folder(tmp_path)
    (part,) = weights(listing, listing.sizes).parts
    assert part.options == {"key": "model"}


def test_a_checkpoint_with_several_state_dicts_is_left_out_and_names_them(tmp_path: Path) -> None:
    torch_file(tmp_path / "nested.ckpt", "nested.ckpt")
    assert "it holds 2 state dicts: 'model.plain', 'model.ema.0'; choose one" in left_out(tmp_path)["nested.ckpt"]


def test_a_file_that_cannot_be_converted_is_left_out_with_the_reason(tmp_path: Path) -> None:
    pickled(tmp_path / "model.pt")
    assert released(tmp_path) == {}
    assert left_out(tmp_path)["model.pt"].startswith("cannot be converted: ")
    assert str(tmp_path) not in left_out(tmp_path)["model.pt"]


def test_a_pickled_estimator_is_left_out_with_a_way_to_save_it(tmp_path: Path) -> None:
    pickled(tmp_path / "model.joblib")
    assert "skops" in left_out(tmp_path)["model.joblib"]


def test_without_the_package_onnx_external_data_is_found_by_its_usual_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    onnx(tmp_path / "a.onnx", "a.onnx.data")
    monkeypatch.setattr(model_weights, "is_installed", lambda _: False)
    listing = list_folder(tmp_path)
    (part,) = weights(listing, listing.sizes).parts
    assert (part.serializer, part.files, part.brings) == ("onnx", ("a.onnx",), ("a.onnx.data",))
    assert part.why == 'ONNX, with a.onnx.data; to publish it: pip install "hublish[onnx]"'


def test_external_data_of_an_onnx_model_is_left_to_its_serializer(tmp_path: Path) -> None:
    onnx(tmp_path / "a.onnx", "weights.bin")
    write(tmp_path / "b.onnx", b"no model")
    listing = list_folder(tmp_path)
    (part,) = (part for part in weights(listing, listing.sizes).parts if part.serializer == "onnx")
    assert (part.files, part.brings) == (("a.onnx", "b.onnx"), ("weights.bin",))


def test_on_a_hub_names_replace_the_content_of_files() -> None:
    listing = named("pytorch_model.bin", "openvino_model.bin", "model.onnx", "model.onnx_data", "model.onnx_data_1")
    parts = {part.files[0]: part for part in weights(listing, listing.sizes).parts}
    assert parts["pytorch_model.bin"].serializer == "safetensors"
    assert parts["openvino_model.bin"].serializer == "copy"
    assert parts["model.onnx"].brings == ("model.onnx_data", "model.onnx_data_1")
