"""Surprises of real plans: an ordinary second release has none."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import close_session

from hublish.hub.server import EmbeddedHub
from tests.hublish.api.second_release import Releases


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedHub]:
    with EmbeddedHub(tmp_path_factory.mktemp("hub")) as hub:
        yield hub
        close_session()


@pytest.fixture
def releases(server: EmbeddedHub, tmp_path: Path, own_home: Path) -> Releases:
    folder = tmp_path / tmp_path.name
    folder.mkdir()
    return Releases(server, folder)


def test_an_ordinary_second_release_has_no_surprise(releases: Releases) -> None:
    assert releases.found == set()


def test_an_edit_on_the_hub_that_would_be_lost_is_found(releases: Releases) -> None:
    releases.edit("config.json", '{"hidden_size": 77}\n')
    releases.data["repo"]["visibility"] = "public"
    # Compared with the policy of the hub.yaml on the Hub.
    releases.data["policy"] = {"max_file_size": "60GB"}
    assert releases.found == {"edited", "moved_head", "visibility", "policy"}
