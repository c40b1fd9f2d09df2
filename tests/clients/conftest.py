"""Tests that run other clients run only on request: `make test-client-suite`, or `pytest -m clients`."""

from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    """Import nothing of .venv-clients unless these tests are requested."""
    return None if config.option.markexpr == "clients" else True


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of this folder."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.clients)
