"""Processes for tests to kill, and releases for tests that only read."""

from collections.abc import Callable, Iterator
from functools import cache

import pytest
from huggingface_hub import constants

from hublish.hub.server import EmbeddedHub
from tests.faults.projects import Release
from tests.faults.proxy import Proxy
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


@pytest.fixture(scope="session")
def published_by(
    own_hub: EmbeddedHub, own_proxy: Proxy, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Release]:
    """Return a function that publishes a release by `lfs` or `xet` when it is called first."""

    @cache
    def publish(by: str) -> Release:
        folder = tmp_path_factory.mktemp(f"published-by-{by}")
        release = Release.make(folder / "project", f"acme/published-by-{by}", own_proxy, own_hub)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(constants, "HF_HUB_DISABLE_XET", by == "lfs")
            patch.setattr(constants, "HF_XET_CACHE", str(folder / "xet"))
            patch.setenv("HF_XET_CACHE", str(folder / "xet"))
            release.publish()
        return release

    return publish


@pytest.fixture
def published_by_lfs(published_by: Callable[[str], Release], proxy: Proxy, by_lfs: None) -> Release:
    """Return a published release, which other tests read as well: neither its repo nor its folder may change."""
    release = published_by("lfs")
    proxy.clear()
    return release
