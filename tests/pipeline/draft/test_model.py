"""The folder of a model, and the subfolders that belong to it."""

import pytest

from hublish.pipeline.draft.model import components, model_folder
from tests.pipeline.draft.listings import listing_of, named


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
def test_the_folder_of_the_weights_is_the_models_folder(paths: tuple[str, ...], root: str) -> None:
    assert model_folder(named(*paths), paths) == root


def test_subfolders_named_by_a_model_belong_to_it() -> None:
    modules = b'[{"path": "1_Pooling"}, {"path": ""}, {"path": 7}, 3]'
    index = b'{"_class_name": "X", "unet": ["diffusers", "U"], "safety_checker": [null, null], "n": [1, 2]}'
    listing = listing_of({"m/modules.json": modules, "m/model_index.json": index, "m/tf/saved_model.pb": b"x"})
    named_here = components(listing, "m") - components(named("a"), "")
    assert named_here == {"1_Pooling", "unet", "safety_checker", "tf", "tf/variables", "tf/assets"}
