"""The files that loading reads when the load plan selects none."""

import pytest

from hublish.base.errors import LoadError
from hublish.formats.release_files import loadable, serializer_for


def test_only_the_preferred_of_several_formats_is_loaded() -> None:
    paths = (
        *("README.md", "config.json", "model.safetensors.index.json", "onnx/model.onnx", "pytorch_model.bin"),
        *("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "sub/config.json", "tokenizer.json"),
    )
    assert set(loadable(paths)) == {
        *("config.json", "model.safetensors.index.json"),
        *("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"),
    }


def test_all_files_are_loaded_when_no_format_is_known() -> None:
    assert loadable(("a.txt", "b.json")) == ("a.txt", "b.json")


def test_the_suffix_selects_the_serializer() -> None:
    assert serializer_for(["config.json", "a/b.safetensors"]) == "safetensors"
    with pytest.raises(LoadError, match="no weights in a format"):
        serializer_for(["config.json"])
