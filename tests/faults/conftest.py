"""Processes for tests to kill."""

from collections.abc import Iterator

import pytest

from tests.faults.zygote import Zygote


@pytest.fixture(scope="session")
def publishers() -> Iterator[Zygote]:
    """Publishing processes."""
    zygote = Zygote()
    yield zygote
    zygote.close()


@pytest.fixture(scope="session")
def servers() -> Iterator[Zygote]:
    """Serving processes."""
    zygote = Zygote()
    yield zygote
    zygote.close()
