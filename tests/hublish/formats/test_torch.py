"""`pytorch_model.bin` is loaded by hublish's own reader, alone and sharded, and only where no other weights are."""

import json
import struct
from pathlib import Path

import pytest

from hublish.base.errors import LoadError
from hublish.formats.release_files import checkpoint_files, loadable
from hublish.formats.torch import Checkpoints
from tests.hublish.formats.tensors.pytorch.assembling import call, checkpoint, dict_of, pickled, tensor, text

VALUES = struct.pack("<4f", 1, 2, 3, 4)


def written(path: Path, **others: bytes) -> Path:
    return checkpoint(path, pickled(dict_of({"w": tensor(), **others})), {"0": VALUES})


def in_folder(folder: Path) -> dict[str, Path]:
    return {path.name: path for path in folder.iterdir()}


def test_the_tensors_are_loaded_and_outlive_the_conversion(tmp_path: Path) -> None:
    written(tmp_path / "pytorch_model.bin")
    arrays = Checkpoints().load(in_folder(tmp_path))
    assert arrays["w"].tobytes() == VALUES


def test_entries_that_are_not_tensors_are_skipped(tmp_path: Path) -> None:
    written(tmp_path / "pytorch_model.bin", version=text("1.0"))
    assert list(Checkpoints().load(in_folder(tmp_path))) == ["w"]


def test_shards_are_loaded_by_their_index(tmp_path: Path) -> None:
    shard = "pytorch_model-00001-of-00001.bin"
    written(tmp_path / shard)
    with pytest.raises(LoadError, match="have no index"):
        Checkpoints().load(in_folder(tmp_path))
    index = {"metadata": {"total_size": 16}, "weight_map": {"w": shard}}
    (tmp_path / "pytorch_model.bin.index.json").write_text(json.dumps(index))
    assert list(Checkpoints().load(in_folder(tmp_path))) == ["w"]
    assert set(loadable([*in_folder(tmp_path), "notes.txt"])) == set(in_folder(tmp_path))


def test_a_function_in_it_is_not_called(tmp_path: Path) -> None:
    marker = tmp_path / "called"
    written(tmp_path / "pytorch_model.bin", bad=call("os system", text(f"touch {marker}")))
    try:
        Checkpoints().load(in_folder(tmp_path))
    except LoadError as error:
        assert "executed" in str(error)  # noqa: PT017 - a reader may also leave the entry out
    assert not marker.exists()


@pytest.mark.parametrize("name", ["pytorch_model.bin", "pytorch_model-00001-of-00002.bin"])
def test_other_weights_come_first(name: str) -> None:
    assert checkpoint_files([name, "config.json"]) == {name}
    for other in ("model.safetensors", "model.gguf", "a/model.onnx"):
        assert checkpoint_files([name, other]) == frozenset()
    assert checkpoint_files(["training_args.bin", f"sub/{name}", f"{name}.pt"]) == frozenset()
