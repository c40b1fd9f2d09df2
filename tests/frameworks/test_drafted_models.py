"""A published draft of a tiny model gives, in the library of its user, the answers that it gave its author."""

import warnings
from pathlib import Path
from typing import Any

import pytest

import hublish
from hublish.hub.server import EmbeddedHub
from tests.frameworks.model_folders import MODELS
from tests.frameworks.reading import read


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], dict[str, Any]]:
    """Save every model, publish its draft, and ask it before and after."""
    folder = tmp_path_factory.mktemp("models")
    with EmbeddedHub(folder / "hub") as hub, warnings.catch_warnings():
        # A README without metadata is published unchanged.
        warnings.filterwarnings("ignore", "Warnings while validating metadata")
        expected = read("saved", {title: str(folder / title) for title in MODELS}, hub, folder)
        repos = {title: f"acme/{title}" for title in MODELS if not isinstance(expected[title], str)}
        for title, repo_id in repos.items():
            _publish(folder / title, repo_id, hub)
        return expected, read("answers", repos, hub, folder)


def _publish(folder: Path, repo_id: str, hub: EmbeddedHub) -> None:
    hublish.init(folder, repo_id=repo_id)
    receipt = hublish.publish(folder / "hub.yaml", endpoint=hub.endpoint, token=hub.token)
    assert receipt.verified


@pytest.mark.parametrize("title", MODELS)
def test_a_drafted_model_gives_the_same_answers(title: str, answers: tuple[dict[str, Any], dict[str, Any]]) -> None:
    expected, found = answers
    assert not isinstance(expected[title], str), expected[title]
    assert found[title] == expected[title]
