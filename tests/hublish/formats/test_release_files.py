"""Which files loading reads, when nobody says."""

import pytest

from hublish.base.errors import LoadError
from hublish.formats.release_files import loadable, serializer_for


def test_of_weights_in_many_formats_one_is_needed() -> None:
    paths = (
        *("README.md", "config.json", "model.safetensors.index.json", "onnx/model.onnx", "pytorch_model.bin"),
        *("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "sub/config.json", "tokenizer.json"),
    )
    assert set(loadable(paths)) == {
        *("config.json", "model.safetensors.index.json"),
        *("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"),
    }


def test_where_no_format_is_known_nothing_is_left_out() -> None:
    assert loadable(("a.txt", "b.json")) == ("a.txt", "b.json")


def test_the_ending_tells_the_serializer() -> None:
    assert serializer_for(["config.json", "a/b.safetensors"]) == "safetensors"
    with pytest.raises(LoadError, match="no weights in a format"):
        serializer_for(["config.json"])
