"""A release that came back."""

import numpy as np
import pytest

from hublish.base.values import Loaded
from hublish.cli.views.pull import LoadView, PullView
from tests.hublish.cli.running import Golden
from tests.hublish.cli.views.values import Make, Show


@pytest.fixture
def loaded(make: Make) -> Loaded:
    arrays = {
        "layer.weight": np.zeros((64, 10), np.float32),
        "layer.bias": np.zeros(10, np.float16),
        "step": np.zeros((), np.int64),
    }
    return Loaded(make.local("model.safetensors"), arrays)


def test_a_pull_shows_every_digest_and_the_folder(make: Make, show: Show, golden: Golden) -> None:
    local = make.local("config.json", "model.safetensors")
    golden("pull", show(PullView(local, "hublish load acme/digits-mlp@v1.2.0")))


def test_a_pull_in_json_names_commit_folder_and_files(make: Make) -> None:
    document = PullView(make.local("a.json", repo_type="dataset")).document()
    assert document == {
        "repo_id": "acme/digits-mlp",
        "repo_type": "dataset",
        "revision": "v1.2.0",
        "commit": "0123456789abcdef0123456789abcdef01234567",
        "folder": "/cache/snapshot",
        "checked": True,
        "files": [
            {
                "path_in_repo": "a.json",
                "size": 1200,
                "digest": {"algorithm": "sha256", "value": "ab" * 32},
                "path": "/cache/snapshot/a.json",
            }
        ],
    }


def test_quiet_is_the_folder(make: Make) -> None:
    assert list(PullView(make.local("a.json")).quiet()) == ["/cache/snapshot"]


def test_a_load_describes_every_tensor(loaded: Loaded, show: Show, golden: Golden) -> None:
    golden("load", show(LoadView(loaded)))


def test_a_release_without_tensors_is_loaded_all_the_same(make: Make, show: Show, golden: Golden) -> None:
    golden("load_empty", show(LoadView(Loaded(make.local("a.csv"), {}))))


def test_a_load_in_json_has_tensors_and_totals(loaded: Loaded) -> None:
    document = LoadView(loaded).document()
    assert document["tensors"][1] == {
        "name": "layer.weight",
        "dtype": "float32",
        "shape": [64, 10],
        "size": 2560,
        "path_in_repo": None,
    }
    assert document["totals"] == {"tensors": 3, "parameters": 651, "size": 2588}


def test_quiet_is_the_tensors_names(loaded: Loaded) -> None:
    assert list(LoadView(loaded).quiet()) == ["layer.bias", "layer.weight", "step"]
