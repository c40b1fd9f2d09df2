"""A pytest plugin for huggingface_hub's own tests: the fixtures they expect, on an embedded Hub."""

import itertools
import os
from collections.abc import Iterator

import pytest
from huggingface_hub import HfApi, constants

from hublish.hub.server import EmbeddedHub

_numbers = itertools.count(1)


@pytest.fixture(scope="session", autouse=True)
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedHub]:
    """The Hub, with the token that the tests give."""
    from client_tests.testing_constants import TOKEN  # type: ignore[import-not-found]  # unpacked by the caller

    with EmbeddedHub(tmp_path_factory.mktemp("hub"), token=TOKEN) as served:
        # Read when a function is called; the environment was read when the client was imported.
        constants.ENDPOINT = served.endpoint
        constants.HUGGINGFACE_CO_URL_TEMPLATE = served.endpoint + "/{repo_id}/resolve/{revision}/{filename}"
        os.environ |= {"HF_ENDPOINT": served.endpoint, "HF_TOKEN": TOKEN}
        yield served


@pytest.fixture
def api(hub: EmbeddedHub) -> HfApi:
    """The client at that Hub."""
    return HfApi(endpoint=hub.endpoint, token=hub.token)


@pytest.fixture
def new_repo_id(api: HfApi) -> str:
    """The name of a repo that does not exist."""
    return f"{api.whoami()['name']}/new-{next(_numbers)}"
