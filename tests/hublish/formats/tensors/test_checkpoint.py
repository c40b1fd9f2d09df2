import json
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from hublish.formats.input_files import InvalidFileError
from hublish.formats.tensors.checkpoint import read_checkpoint

ONE, TWO = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"
INDEX = "model.safetensors.index.json"


class Repo:
    """Files on disk by path in the repo."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.files: dict[str, Path] = {}

    def weights(self, name: str, *tensors: str) -> "Repo":
        save_file({tensor: np.ones(2, "<f4") for tensor in tensors}, self._place(name))
        return self

    def index(self, name: str, weight_map: Mapping[str, str]) -> "Repo":
        self._place(name).write_text(json.dumps({"metadata": {}, "weight_map": weight_map}))
        return self

    def other(self, name: str) -> "Repo":
        self._place(name).write_text("{}")
        return self

    def without(self, name: str) -> "Repo":
        del self.files[name]
        return self

    def _place(self, name: str) -> Path:
        # Elsewhere than its name says: what is read is what the mapping names.
        self.files[name] = self._folder / f"blob-{len(self.files)}"
        return self.files[name]


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return Repo(tmp_path)


def tensors(repo: Repo) -> set[str]:
    return {tensor.name for file in read_checkpoint(repo.files) for tensor in file.tensors}


def sharded(repo: Repo, folder: str = "") -> Repo:
    repo.weights(folder + ONE, "a", "b").weights(folder + TWO, "c")
    return repo.index(folder + INDEX, {"a": ONE, "b": ONE, "c": TWO})


@pytest.mark.parametrize("folder", ["", "unet/", "a/b/"])
def test_a_sharded_set_is_read_by_its_index(repo: Repo, folder: str) -> None:
    assert tensors(sharded(repo, folder).other("config.json")) == {"a", "b", "c"}


def test_several_files_without_an_index_are_one_collection(repo: Repo) -> None:
    assert tensors(repo.weights("vae/model.safetensors", "a").weights("text/model.safetensors", "b")) == {"a", "b"}


def test_shards_without_their_index_are_one_collection(repo: Repo) -> None:
    assert tensors(sharded(repo).without(INDEX)) == {"a", "b", "c"}


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda repo: repo.without(TWO), f"^{INDEX}: its shard {TWO} is missing"),
        (lambda repo: repo.without(INDEX).without(TWO), f"^{TWO} is missing"),
        (lambda repo: repo.without(INDEX).without(ONE), f"^{ONE} is missing"),
        (lambda repo: repo.index(INDEX, {"a": ONE, "b": ONE, "c": TWO, "d": TWO}), f"tensor 'd' is not in {TWO}"),
        (lambda repo: repo.index(INDEX, {"a": ONE, "b": TWO, "c": TWO}), f"tensor 'b' is not in {TWO}"),
        (lambda repo: repo.index(INDEX, {"a": ONE, "c": TWO}), f"does not list tensor 'b' of {ONE}"),
        (lambda repo: repo.index(INDEX, {"a": ONE, "b": "../../x.safetensors"}), "points outside"),
        (
            lambda repo: repo.weights("extra.safetensors", "c"),
            f"tensor 'c' stands both in extra.safetensors and in {TWO}",
        ),
        (lambda repo: repo.weights(TWO, "a", "c"), f"tensor 'a' stands both in {ONE} and in {TWO}"),
    ],
)
def test_a_set_that_does_not_fit_together_is_refused(repo: Repo, change: Callable[[Repo], Repo], problem: str) -> None:
    sharded(repo)
    with pytest.raises(InvalidFileError, match=problem):
        read_checkpoint(change(repo).files)


def test_files_of_other_formats_alone_are_no_checkpoint(repo: Repo) -> None:
    with pytest.raises(InvalidFileError, match=r"no \.safetensors file among 1 files"):
        read_checkpoint(repo.other("config.json").files)


def test_a_damaged_shard_is_named(repo: Repo) -> None:
    sharded(repo).files[TWO].write_bytes(b"short")
    with pytest.raises(InvalidFileError, match=f"^{TWO}: too short to be a safetensors file: 5 bytes"):
        read_checkpoint(repo.files)


def test_a_name_that_claims_countless_shards_is_refused_at_once(repo: Repo) -> None:
    with pytest.raises(InvalidFileError, match=r"m-00002-of-99999999999\.safetensors is missing"):
        read_checkpoint(repo.weights("m-00001-of-99999999999.safetensors", "a").files)
