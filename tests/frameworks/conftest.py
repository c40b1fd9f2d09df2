"""Tests that need a framework run only on request: `make test-frameworks`, or `pytest -m frameworks`.

A missing framework fails them rather than skipping them.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import close_session, constants

from hublish.hub.server import EmbeddedHub

HERE = Path(__file__).parent


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    """Import no framework unless these tests are requested."""
    return None if config.option.markexpr == "frameworks" else True


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of this folder."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.frameworks)


@pytest.fixture
def hub(own_hub: EmbeddedHub, own_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[EmbeddedHub]:
    """The Hub, as the client and every process it starts see it."""
    monkeypatch.setattr(constants, "ENDPOINT", own_hub.endpoint)
    template = own_hub.endpoint + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setenv("HF_ENDPOINT", own_hub.endpoint)
    monkeypatch.setenv("HF_TOKEN", own_hub.token)
    yield own_hub
    close_session()
