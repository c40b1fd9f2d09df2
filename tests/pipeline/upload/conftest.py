"""A release that is sent in parts."""

import pytest

from tests.faults.projects import Release
from tests.pipeline.upload.releases import make_parts


@pytest.fixture
def parts(release: Release, by_lfs: None, sleeps: list[float]) -> Release:
    """Return a release of 15 changes that is sent in three parts."""
    return make_parts(release)
