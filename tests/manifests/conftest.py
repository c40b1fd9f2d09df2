"""The tree that the manifests of the corpus speak of, and a check that runs in it."""

import functools
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from hublish.pipeline.cards import rendering
from tests.manifests.corpus import FOLDER, Check, check


@pytest.fixture(scope="session")
def shared_tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tree, copied once: a check writes nothing but its hub.yaml."""
    tree = tmp_path_factory.mktemp("corpus") / "tree"
    shutil.copytree(FOLDER / "tree", tree)
    (tree / "empty").mkdir()  # git keeps none
    return tree


@pytest.fixture(scope="session", autouse=True)
def cards_rendered_once() -> Iterator[None]:
    """Most mended manifests with a card have the same one: a process for each would take most of the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rendering, "_ask", functools.cache(rendering._ask))
        yield


@pytest.fixture
def in_tree(shared_tree: Path, monkeypatch: pytest.MonkeyPatch) -> Check:
    """Run `hublish check` on a manifest as if it lay in the tree; each manifest once, for all tests."""
    monkeypatch.chdir(shared_tree)
    return _check_once


_check_once = functools.cache(check)
