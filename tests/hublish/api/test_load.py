"""Loading, from the embedded Hub and from the cache."""

from pathlib import Path

import numpy as np
import pytest

import hublish
from hublish.base.errors import LoadError
from hublish.hub.client.hub import Hub


def test_load_gives_the_arrays_bit_for_bit(lock: Path, arrays: dict[str, np.ndarray]) -> None:
    loaded = hublish.load(lock=lock)
    assert {name: array.tobytes() for name, array in loaded.arrays.items()} == {
        name: array.tobytes() for name, array in arrays.items()
    }
    assert all(loaded.arrays[name].dtype == array.dtype for name, array in arrays.items())


@pytest.mark.usefixtures("lock")
def test_a_second_run_needs_no_network(hub: Hub) -> None:
    first = hublish.load("acme/digits", revision="v1.2.0", endpoint=hub.endpoint)
    dead = "http://127.0.0.1:9"
    for offline in (True, False):
        again = hublish.load("acme/digits", revision="v1.2.0", endpoint=dead, local_files_only=offline)
        assert again.release.folder == first.release.folder
        assert sorted(again.arrays) == sorted(first.arrays)


@pytest.mark.usefixtures("lock")
def test_files_without_weights_are_pulled_but_not_loaded(hub: Hub) -> None:
    with pytest.raises(LoadError, match="no weights"):
        hublish.load("acme/digits", allow_patterns="config.json", endpoint=hub.endpoint)
