"""Hostile checkpoints are refused: nothing is executed or written, and little memory is used."""

import os
import pickle
import resource
from pathlib import Path

import pytest

from hublish.base.errors import SerializationError
from hublish.base.progress import SILENT
from hublish.formats.format_options import SafetensorsOptions
from hublish.formats.safetensors import Safetensors
from tests.hublish.formats.tensors.pytorch.assembling import checkpoint
from tests.hublish.formats.tensors.pytorch.hostile_archives import ARCHIVES
from tests.hublish.formats.tensors.pytorch.hostile_pickles import PICKLES, executed

MEMORY = 160 << 10
"""KiB."""


def refused(path: Path, problem: str) -> None:
    before, peak = {entry.name for entry in path.parent.iterdir()}, _peak()
    with pytest.raises(SerializationError, match=problem):
        Safetensors().dump(path, path.name, path.parent / "workspace", SafetensorsOptions(), SILENT)
    assert _peak() - peak < MEMORY
    assert {entry.name for entry in path.parent.iterdir()} == before


def _peak() -> int:
    """Return the most memory this process ever had, in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, where a canary would appear."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", PICKLES)
def test_a_hostile_pickle_is_refused(here: Path, name: str) -> None:
    pickle_bytes, problem = PICKLES[name]
    refused(checkpoint(here / "hostile.pt", pickle_bytes), problem)


@pytest.mark.parametrize("name", ARCHIVES)
def test_a_hostile_file_is_refused(here: Path, name: str) -> None:
    write, problem = ARCHIVES[name]
    write(here / "hostile.pt")
    refused(here / "hostile.pt", problem)


def test_the_canary_works(here: Path) -> None:
    pickle.loads(executed(os.system, "touch canary"))
    assert (here / "canary").exists()
