"""A newcomer's folder becomes a published, verified release by one command and two answers on a terminal."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.first_minute import KEYS_PER_SECOND, arrays, clean, hub, minilm, release

FOLDERS = {"digits": arrays, "minilm": minilm}


@pytest.mark.parametrize("name", FOLDERS)
def test_a_first_release_takes_less_than_a_minute_of_typing(name: str, tmp_path: Path) -> None:
    make: Callable[[Path], None] = FOLDERS[name]
    try:
        make(tmp_path / name)
    except ModuleNotFoundError as error:
        pytest.skip(f"the package {error} is not installed")
    bin_ = Path(sys.executable).parent
    with hub(tmp_path / "hub", bin_, clean(tmp_path / "home", bin_)) as logged_in:
        shell = release(name, tmp_path, bin_, logged_in)
    assert shell.commands == 1
    assert shell.keys < 60 * KEYS_PER_SECOND
