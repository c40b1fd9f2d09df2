"""The view of a loaded release."""

import numpy as np
import pytest

from hublish.base.values import Loaded
from hublish.cli.views.load import LoadView
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


def test_a_load_describes_every_tensor(loaded: Loaded, show: Show, golden: Golden) -> None:
    golden("load", show(LoadView(loaded)))


def test_a_release_without_tensors_has_empty_totals(make: Make, show: Show, golden: Golden) -> None:
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


def test_quiet_prints_the_names_of_the_tensors(loaded: Loaded) -> None:
    assert list(LoadView(loaded).quiet()) == ["layer.bias", "layer.weight", "step"]
