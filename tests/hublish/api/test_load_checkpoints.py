"""Repos that hold `pytorch_model.bin` only: loaded as data, and refused wherever another reader would open it."""

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import HfApi, constants

import hublish
from hublish.base.errors import PolicyError
from hublish.hub.client.hub import Hub
from tests.hublish.formats.tensors.pytorch.assembling import checkpoint, dict_of, pickled, tensor


class Linear(hublish.HubMixin):
    def __init__(self, size: tuple[int, ...] = ()) -> None:
        self.size = size

    def load_state_dict(self, arrays: Mapping[str, Any]) -> None:
        self.values = arrays["w"].ravel().tolist()


class OwnReader(Linear):
    @classmethod
    def _from_pretrained(cls, **_: Any) -> "OwnReader":
        raise AssertionError("its reader may unpickle")


@pytest.fixture
def old(hub: Hub, api: HfApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A repo from before safetensors."""
    monkeypatch.setattr(constants, "ENDPOINT", hub.endpoint)
    template = hub.endpoint + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setenv("HF_TOKEN", str(hub.token))
    values = {"0": struct.pack("<4f", 1, 2, 3, 4)}
    path = checkpoint(tmp_path / "model.bin", pickled(dict_of({"w": tensor()})), values)
    repo_id = "acme/old"
    api.create_repo(repo_id)
    api.upload_file(path_or_fileobj=path, path_in_repo="pytorch_model.bin", repo_id=repo_id)
    api.upload_file(path_or_fileobj=b'{"size": [2, 2]}', path_in_repo="config.json", repo_id=repo_id)
    return repo_id


def test_the_checkpoint_is_loaded_without_trust(old: str) -> None:
    model = Linear.from_pretrained(old)
    assert (model.size, model.values) == ((2, 2), [1, 2, 3, 4])
    assert hublish.from_hub(old)["w"].ravel().tolist() == [1, 2, 3, 4]
    loaded = hublish.load(old)
    assert loaded.arrays["w"].ravel().tolist() == [1, 2, 3, 4]


def test_where_another_reader_opens_the_files_it_is_refused(old: str, api: HfApi) -> None:
    with pytest.raises(PolicyError, match=r"pytorch_model\.bin"):
        hublish.pull(old)
    with pytest.raises(PolicyError, match=r"pytorch_model\.bin"):
        OwnReader.from_pretrained(old)
    # Another pickle beside it is never read as data.
    api.upload_file(path_or_fileobj=b"\x80\x04cos\nsystem\n.", path_in_repo="extra.pkl", repo_id=old)
    with pytest.raises(PolicyError, match=r"extra\.pkl"):
        hublish.load(old, allow_patterns="*")
