import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

from hublish.base.errors import SourceChangedError
from hublish.formats.input_files import InvalidFileError
from hublish.formats.tensors import safetensors_file
from hublish.formats.tensors.safetensors_file import read_safetensors, read_set

HEADER = b'{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}'


def length(number: int) -> bytes:
    return number.to_bytes(8, "little")


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b"", "too short to be a safetensors file: 0 bytes"),
        (b"1234567", "too short to be a safetensors file: 7 bytes"),
        (length(0), "does not begin with '{'"),
        (length(2**63), f"a header of {2**63} bytes; the limit is 25000000"),
        (length(2**64 - 1), f"a header of {2**64 - 1} bytes"),
        (length(25_000_001), "a header of 25000001 bytes; the limit is 25000000"),
        (length(100) + HEADER, "the header's 100 bytes extend past the end of the file"),
        (length(len(HEADER)) + HEADER + b"x", "cut short: the header describes 2 bytes of data, the file has 1"),
        (length(len(HEADER)) + HEADER + b"xyz", "the safetensors library rejects the file: incomplete metadata"),
        (b"\x80\4\x95\0\0\0\0\0" + bytes(50), "a header of|extend past"),
        (b"PK\3\4" + bytes(50), "extend past the end|a header of"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a header of"),
    ],
    ids=[
        "empty",
        "7 bytes",
        "no header",
        "2^63",
        "2^64",
        "25 MB",
        "beyond",
        "cut",
        "trailing",
        "pickle",
        "zip",
        "pointer",
    ],
)
def test_a_file_that_is_not_safetensors_is_refused_and_named(tmp_path: Path, raw: bytes, problem: str) -> None:
    (tmp_path / "raw").write_bytes(raw)
    with pytest.raises(InvalidFileError, match=f"^model.safetensors: .*({problem})"):
        read_safetensors(tmp_path / "raw", "model.safetensors")


def test_only_the_header_of_a_sparse_terabyte_is_read(raw_safetensors: Any) -> None:
    size = 10**12
    path = raw_safetensors({"a": {"dtype": "U8", "shape": [size], "data_offsets": [0, size]}})
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size + size)
    assert read_safetensors(path, "a").data_size == size


def test_a_file_replaced_while_the_library_opens_it_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("model", 1), ("other", 2)):
        save_file({"a": np.full(2, value, "<f4")}, tmp_path / name)

    def open_other(path: Path, framework: str) -> Any:
        (tmp_path / "other").replace(path)
        return safe_open(path, framework)

    monkeypatch.setattr(safetensors_file, "safe_open", open_other)
    with pytest.raises(SourceChangedError, match="changed while it was read"):
        read_safetensors(tmp_path / "model", "model")


# --------------------------------------------------------------------------------------------------- a set

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
        # Under another name on disk: the mapping decides which file is read.
        self.files[name] = self._folder / f"blob-{len(self.files)}"
        return self.files[name]


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return Repo(tmp_path)


def tensors(repo: Repo) -> set[str]:
    return {tensor.name for file in read_set(repo.files).files for tensor in file.tensors}


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
        (lambda repo: repo.index(INDEX, {"a": ONE, "c": TWO}), f"tensor 'b' of {ONE} is not listed"),
        (lambda repo: repo.index(INDEX, {"a": ONE, "b": "../../x.safetensors"}), "points outside"),
        (
            lambda repo: repo.weights("extra.safetensors", "c"),
            f"tensor 'c' is both in extra.safetensors and in {TWO}",
        ),
        (lambda repo: repo.weights(TWO, "a", "c"), f"tensor 'a' is both in {ONE} and in {TWO}"),
    ],
)
def test_a_set_whose_files_disagree_is_refused(repo: Repo, change: Callable[[Repo], Repo], problem: str) -> None:
    sharded(repo)
    with pytest.raises(InvalidFileError, match=problem):
        read_set(change(repo).files)


def test_files_of_other_formats_alone_are_refused(repo: Repo) -> None:
    with pytest.raises(InvalidFileError, match=r"no \.safetensors file among 1 files"):
        read_set(repo.other("config.json").files)


def test_a_damaged_shard_is_named(repo: Repo) -> None:
    sharded(repo).files[TWO].write_bytes(b"short")
    with pytest.raises(InvalidFileError, match=f"^{TWO}: too short to be a safetensors file: 5 bytes"):
        read_set(repo.files)


def test_a_name_that_claims_countless_shards_is_refused_at_once(repo: Repo) -> None:
    with pytest.raises(InvalidFileError, match=r"m-00002-of-99999999999\.safetensors is missing"):
        read_set(repo.weights("m-00001-of-99999999999.safetensors", "a").files)
