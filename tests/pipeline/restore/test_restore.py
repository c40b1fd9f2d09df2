"""Restore: arrays from checked files, by the serializer of the load plan."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

from hublish.base.errors import LoadError
from hublish.base.values import Digest, DownloadPlan, LocalFile, LocalRelease, PromisedFile, Reference, RemoteRelease
from hublish.pipeline.restore.restore import Restore
from hublish.schemas.documents.manifest import Load


def local(folder: Path, *names: str, serializer: str | None = None) -> LocalRelease:
    files = tuple(LocalFile(PromisedFile(name, 1, Digest("sha256", "0" * 64)), folder / name) for name in names)
    promised = tuple(file.promised for file in files)
    release = RemoteRelease(Reference("acme/x"), "0" * 40, promised, Load(serializer=serializer))
    return LocalRelease(DownloadPlan(release, promised), folder, files, checked=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    safetensors.numpy.save_file({"w": np.arange(4, dtype=np.float32)}, tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text("{}")
    return tmp_path


@pytest.mark.parametrize("serializer", ["safetensors", None])
def test_weights_are_opened_among_other_files(serializer: str | None, folder: Path) -> None:
    loaded = Restore().run(local(folder, "config.json", "model.safetensors", serializer=serializer))
    assert {name: array.tolist() for name, array in loaded.arrays.items()} == {"w": [0, 1, 2, 3]}


def test_unchecked_files_are_not_opened(folder: Path) -> None:
    with pytest.raises(LoadError, match="only after every digest was checked"):
        Restore().run(replace(local(folder, "model.safetensors"), checked=False))


@pytest.mark.parametrize(
    ("serializer", "message"),
    [
        (None, "no weights in a format"),
        ("safetensors", "no .safetensors file among 1 files"),
        ("copy", "copy cannot read"),
    ],
)
def test_files_without_weights_are_refused_with_the_reason(serializer: str | None, message: str, folder: Path) -> None:
    with pytest.raises(LoadError, match=message):
        Restore().run(local(folder, "config.json", serializer=serializer))
