"""A release of 20,000 files whose publisher is killed fifty times."""

import pytest

from tests.faults.projects import Release
from tests.faults.test_killed_parts import Many, publish_through_kills
from tests.faults.zygote import Zygote

pytestmark = pytest.mark.large


def test_a_publisher_of_20000_files_is_killed_fifty_times(release: Release, by_lfs: None) -> None:
    release.declare(sources=("files",))
    publishers = Zygote()
    try:
        publish_through_kills(Many(release, 20_000), publishers, kills=50, longest=30)
    finally:
        publishers.close()
