"""Which weights go up, in which format, and which stay out."""

from pathlib import Path

import pytest

from hublish.pipeline.draft.kinds import kind_of
from hublish.pipeline.draft.layout import components, model_folder
from hublish.pipeline.draft.local import look_into
from hublish.pipeline.draft.weights import weights
from tests.pipeline.draft.shapes.making import checkpoint, onnx, pickled, safetensors, torch_file, training, write
from tests.pipeline.draft.trees import named, tree_of


def put(folder: Path) -> dict[str, tuple[str, str | None]]:
    """The weights of a folder: serializer and target by their first source."""
    tree = look_into(folder)
    return {part.files[0]: (part.serializer, part.path_in_repo) for part in weights(tree, tree.sizes).parts}


def out(folder: Path) -> dict[str, str]:
    tree = look_into(folder)
    return {left.path: left.why for left in weights(tree, tree.sizes).left_out}


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("pytorch_model.bin",), {"pytorch_model.bin": "model.safetensors"}),
        (("adapter_model.bin",), {"adapter_model.bin": "adapter_model.safetensors"}),
        (("net.pt",), {"net.pt": "model.safetensors"}),
        (("encoder.pt", "decoder.pt"), {"decoder.pt": "decoder.safetensors", "encoder.pt": "encoder.safetensors"}),
        (("best.pt", "last.pt", "epoch_3.pt"), {"best.pt": "model.safetensors"}),
        (("model_best.pth", "model_epoch10.pth"), {"model_best.pth": "model.safetensors"}),
        (("epoch=2.ckpt", "epoch=10.ckpt"), {"epoch=10.ckpt": "model.safetensors"}),
        (("final.pt", "step-100.pt"), {"final.pt": "model.safetensors"}),
    ],
)
def test_checkpoints_are_converted_and_of_a_run_the_one_that_counts(
    names: tuple[str, ...], expected: dict[str, str], tmp_path: Path
) -> None:
    for name in names:
        checkpoint(tmp_path / name)
    assert put(tmp_path) == {name: ("safetensors", target) for name, target in expected.items()}
    assert set(out(tmp_path)) == set(names) - set(expected)


def test_weights_are_never_released_twice(tmp_path: Path) -> None:
    safetensors(tmp_path / "model.safetensors")
    checkpoint(tmp_path / "pytorch_model.bin")
    assert put(tmp_path) == {"model.safetensors": ("copy", None)}
    assert out(tmp_path) == {"pytorch_model.bin": "a pickle beside model.safetensors"}


@pytest.mark.parametrize("name", ["model.gguf", "model.keras", "model.skops", "model.weights.h5", "flax_model.msgpack"])
def test_a_format_that_runs_nothing_goes_up_as_it_is(name: str, tmp_path: Path) -> None:
    write(tmp_path / name, b"x")
    assert list(put(tmp_path)) == [name]
    assert put(tmp_path)[name][1] is None


def test_a_binary_that_is_no_pickle_stays_with_its_description(tmp_path: Path) -> None:
    write(tmp_path / "openvino_model.bin", b"\0\0\0\0")
    write(tmp_path / "openvino_model.xml", "<net/>")
    tree = look_into(tmp_path)
    assert weights(tree, tree.sizes).parts[0].files == ("openvino_model.bin", "openvino_model.xml")


def test_a_checkpoint_with_more_than_weights_gets_the_key_of_its_weights(tmp_path: Path) -> None:
    training(tmp_path / "last.ckpt")
    tree = look_into(tmp_path)
    (part,) = weights(tree, tree.sizes).parts
    assert part.options == {"key": "model"}


def test_a_checkpoint_with_several_weights_stays_out_and_names_them(tmp_path: Path) -> None:
    torch_file(tmp_path / "nested.ckpt", "nested.ckpt")
    assert "it holds 2 state dicts: 'model.plain', 'model.ema.0'; choose one" in out(tmp_path)["nested.ckpt"]


def test_what_cannot_be_converted_stays_out_with_the_reason(tmp_path: Path) -> None:
    pickled(tmp_path / "model.pt")
    assert put(tmp_path) == {}
    assert out(tmp_path)["model.pt"].startswith("cannot be converted: ")
    assert str(tmp_path) not in out(tmp_path)["model.pt"]


def test_an_estimator_stays_out_and_is_told_how_to_be_saved(tmp_path: Path) -> None:
    pickled(tmp_path / "model.joblib")
    assert "skops" in out(tmp_path)["model.joblib"]


def test_external_data_of_onnx_is_left_to_its_serializer(tmp_path: Path) -> None:
    onnx(tmp_path / "a.onnx", "weights.bin")
    write(tmp_path / "b.onnx", b"no model")
    tree = look_into(tmp_path)
    (part,) = (part for part in weights(tree, tree.sizes).parts if part.serializer == "onnx")
    assert (part.files, part.brings) == (("a.onnx", "b.onnx"), ("weights.bin",))


def test_on_a_hub_names_tell_what_content_tells_here() -> None:
    tree = named("pytorch_model.bin", "openvino_model.bin", "model.onnx", "model.onnx_data", "model.onnx_data_1")
    parts = {part.files[0]: part for part in weights(tree, tree.sizes).parts}
    assert parts["pytorch_model.bin"].serializer == "safetensors"
    assert parts["openvino_model.bin"].serializer == "copy"
    assert parts["model.onnx"].brings == ("model.onnx_data", "model.onnx_data_1")


@pytest.mark.parametrize(
    ("paths", "root"),
    [
        (("model.safetensors",), ""),
        (("runs/best/model.npz", "data/rows.npz"), "runs/best"),
        (("out/a/model.pt", "out/final/model.pt", "out/b/model.pt"), "out/final"),
        (("runs/2/w.pt", "runs/10/w.pt", "runs/9/w.pt"), "runs/10"),
        (("onnx/model.onnx",), ""),
        (("m/onnx/model.onnx", "m/model.safetensors"), "m"),
        (("pipe/model_index.json", "pipe/unet/a.safetensors"), "pipe"),
        (("config.json",), ""),
    ],
)
def test_the_model_lies_where_its_weights_do(paths: tuple[str, ...], root: str) -> None:
    assert model_folder(named(*paths), paths) == root


def test_subfolders_that_a_model_names_belong_to_it() -> None:
    modules = b'[{"path": "1_Pooling"}, {"path": ""}, {"path": 7}, 3]'
    index = b'{"_class_name": "X", "unet": ["diffusers", "U"], "safety_checker": [null, null], "n": [1, 2]}'
    tree = tree_of({"m/modules.json": modules, "m/model_index.json": index, "m/tf/saved_model.pb": b"x"})
    named_here = components(tree, "m") - components(named("a"), "")
    assert named_here == {"1_Pooling", "unet", "safety_checker", "tf", "tf/variables", "tf/assets"}


@pytest.mark.parametrize(
    ("files", "kind"),
    [
        ({"model.safetensors": b""}, "model"),
        ({"a.csv": b""}, "dataset"),
        ({"train.json": b""}, "dataset"),
        ({"a/1.png": b"", "a/2.png": b""}, "dataset"),
        ({"app.py": b"import gradio as gr"}, "space"),
        ({"main.py": b"from streamlit import x"}, "space"),
        ({"Dockerfile": b""}, "space"),
        ({"index.html": b""}, "space"),
        ({"app.py": b"import gradio", "data.csv": b""}, "space"),
        ({"app.py": b"import gradio", "model.safetensors": b""}, "model"),
        ({"Dockerfile": b"", "a.csv": b""}, "dataset"),
        ({"data/x.npz": b"", "notes.txt": b""}, None),
        ({"1.png": b""}, None),
        ({"app.py": b"import flask"}, None),
    ],
)
def test_what_lies_in_a_folder_says_what_it_is(files: dict[str, bytes], kind: str | None) -> None:
    found = kind_of(tree_of(files), files)
    assert (found.repo_type if found else None) == kind


@pytest.mark.parametrize(
    ("keys", "kind"), [(["sdk"], "space"), (["configs"], "dataset"), (["pipeline_tag"], "model"), (["license"], None)]
)
def test_the_cards_metadata_says_it_too(keys: list[str], kind: str | None) -> None:
    found = kind_of(named("README.md"), ["README.md"], keys)
    assert (found.repo_type if found else None) == kind
