"""The tree that the manifests of the corpus refer to, and a check that runs in it."""

import functools
import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from hublish.pipeline.render_card.card_template import CardTemplate
from hublish.pipeline.render_card.renderer import ON_DEMAND, rendered_by
from tests.manifests.corpus import FOLDER, Check, check


@pytest.fixture(scope="session")
def shared_tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tree, copied once: a check writes nothing but its hub.yaml."""
    tree = tmp_path_factory.mktemp("corpus") / "tree"
    shutil.copytree(FOLDER / "tree", tree)
    (tree / "empty").mkdir()  # git keeps none
    return tree


class OnceEach:
    """Renders every template with the same data once: most fixed manifests have the same card."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}

    def render(self, template: CardTemplate, context: Mapping[str, Any]) -> str:
        key = json.dumps([template.text, context])
        if key not in self._texts:
            self._texts[key] = ON_DEMAND.render(template, context)
        return self._texts[key]


@pytest.fixture(scope="session", autouse=True)
def cards_rendered_once() -> Iterator[None]:
    """A process for each card would take most of the time."""
    renderer = OnceEach()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hublish.pipeline.render_card.renderer.prestarted", lambda _: rendered_by(renderer))
        yield


@pytest.fixture
def in_tree(shared_tree: Path, monkeypatch: pytest.MonkeyPatch) -> Check:
    """Run `hublish check` on a manifest in the tree, once per manifest for all tests."""
    monkeypatch.chdir(shared_tree)
    return _check_once


_check_once = functools.cache(check)
