"""The pytest plugin: `embedded_hub`, for any project that talks to the Hub.

def test_it_publishes(embedded_hub):
    my_library.push_to_hub(model, "me/model")              # the real client, a real Hub, no network
    assert HfApi().file_exists("me/model", "config.json")
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from hublish.hub.server.server import EmbeddedHub


@pytest.fixture(scope="session")
def embedded_hub_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator["EmbeddedHub"]:
    """Serve one Hub on loopback for the whole session; `embedded_hub` passes it, empty, to a test."""
    from hublish.hub.server.server import EmbeddedHub  # imported late: pytest loads this plugin in every project

    with EmbeddedHub(tmp_path_factory.mktemp("embedded-hub")) as hub:
        yield hub


@pytest.fixture
def embedded_hub(
    embedded_hub_server: "EmbeddedHub", tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator["EmbeddedHub"]:
    """A Hugging Face Hub on loopback, empty for each test, to which huggingface_hub is connected.

    During the test, HF_ENDPOINT, HF_TOKEN and HF_HOME are set to its values, both in the already imported client and
    in processes that the test starts. `embedded_hub.endpoint` and `.token` are for clients that were created before;
    `.add_user("alice")` returns the token of another user, by default a new one; `token=...` chooses it.
    """
    from hublish.hub.client import isolation

    home = tmp_path_factory.mktemp("hf-home")
    for name, value in isolation.environment(embedded_hub_server.endpoint, embedded_hub_server.token, home).items():
        monkeypatch.setenv(name, value)
    for owner, name, value in isolation.attributes(embedded_hub_server.endpoint, home):
        monkeypatch.setattr(owner, name, value)
    yield embedded_hub_server
    isolation.close_connections()
    embedded_hub_server.clear()
