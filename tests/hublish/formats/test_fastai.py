"""Exported learners are never opened without permission. These tests need no fastai."""

import pickle
from pathlib import Path

import pytest

from hublish.base.errors import LoadError, SerializationError
from hublish.base.progress import SILENT
from hublish.formats.fastai import Fastai
from hublish.formats.format_options import FastaiOptions
from hublish.formats.interface import DISTRUST, Written


class Bomb:
    """Fails the test when it is unpickled."""

    def __reduce__(self) -> tuple[object, ...]:
        return (pytest.fail, ("it was unpickled",))


@pytest.fixture
def export(tmp_path: Path) -> Path:
    path = tmp_path / "export.pkl"
    path.write_bytes(pickle.dumps(Bomb()))
    return path


def test_an_exported_learner_is_passed_on_unopened(export: Path, tmp_path: Path) -> None:
    (item,) = Fastai().dump(export, "model.pkl", tmp_path / "workspace", FastaiOptions(), SILENT)
    assert item == Written("model.pkl", export)


def test_a_learner_is_not_opened_without_permission(export: Path) -> None:
    with pytest.raises(LoadError, match=r"model\.pkl is a pickle: loading it runs") as caught:
        Fastai().rebuild({"model.pkl": export}, DISTRUST)
    assert "trust=Trust(pickle=True)" in caught.value.hint


def test_a_learner_is_not_a_collection_of_arrays(export: Path) -> None:
    with pytest.raises(LoadError, match="a pickled learner rather than arrays"):
        Fastai().load({"model.pkl": export, "config.json": export})


def test_a_path_with_another_suffix_is_rejected(export: Path, tmp_path: Path) -> None:
    with pytest.raises(SerializationError, match=r"does not end with \.pkl or \.pth"):
        Fastai().dump(export, "model.safetensors", tmp_path, FastaiOptions(), SILENT)
