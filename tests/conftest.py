"""What tests anywhere below share: a home of their own, a hub, and a proxy that makes it misbehave."""

import itertools
import os
import signal
from collections.abc import Iterator
from pathlib import Path

from tests.isolation import CLIENT_TIMEOUTS, isolate_git

# huggingface_hub reads them when it is imported.
os.environ.update(CLIENT_TIMEOUTS)

import pytest
from huggingface_hub import close_session, constants
from hypothesis import HealthCheck, settings

from hublish.hub.server import EmbeddedHub
from tests.faults.projects import Release, rounds
from tests.faults.proxy import Proxy

_numbers = itertools.count(1)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-goldens", action="store_true", help="rewrite the golden files with what is shown now")


def pytest_configure(config: pytest.Config) -> None:
    """The client sends LFS bodies in a way its own HTTP library would rather not see.

    Hypothesis tries the same examples each time, however slow the machine is: what it would find by chance, it finds
    in `HUBLISH_TEST_ROUNDS=10 make test`.
    """
    settings.register_profile(
        "hublish",
        max_examples=rounds(60),
        derandomize=rounds(1) == 1,
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    settings.load_profile("hublish")
    isolate_git(os.environ)
    # In the background of a shell Ctrl-C is ignored, here and in every process that tests would send one to.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    config.addinivalue_line("filterwarnings", "ignore:Use 'content=:DeprecationWarning")


@pytest.fixture
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own for the client's caches and tokens, whatever was imported before."""
    home = tmp_path / "hf"
    for name, folder in (("HF_HOME", ""), ("HF_HUB_CACHE", "hub"), ("HF_XET_CACHE", "xet"), ("HF_ASSETS_CACHE", "a")):
        monkeypatch.setattr(constants, name, str(home / folder))
        monkeypatch.setenv(name, str(home / folder))
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(home / "token"))
    monkeypatch.setenv("HF_HUB_DISABLE_TELEMETRY", "1")
    monkeypatch.delenv("HF_TOKEN", raising=False)
    return home


@pytest.fixture(params=["lfs", "xet"])
def by(request: pytest.FixtureRequest, own_home: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run a test twice: large files go by LFS, and by xet."""
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", request.param == "lfs")
    return str(request.param)


@pytest.fixture
def by_lfs(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Large files go by LFS."""
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Nobody sleeps: neither the client nor we; what would have been slept, in seconds."""
    slept: list[float] = []
    monkeypatch.setattr("huggingface_hub.utils._http.time", _Clock(slept))
    monkeypatch.setattr("hublish.hub.client.retry.time", _Clock(slept))
    return slept


class _Clock:
    """Stands in for the time module inside the client."""

    def __init__(self, slept: list[float]) -> None:
        self._slept = slept

    def sleep(self, seconds: float) -> None:
        self._slept.append(seconds)


@pytest.fixture(scope="session")
def own_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedHub]:
    """One hub for all tests that only need repositories of their own on it."""
    with EmbeddedHub(tmp_path_factory.mktemp("hub")) as hub:
        yield hub
        close_session()


@pytest.fixture(scope="session")
def own_proxy(own_hub: EmbeddedHub) -> Iterator[Proxy]:
    """One way to the hub for all tests: the client keeps its connections, which are dear to open."""
    with Proxy(own_hub.endpoint).running() as proxy:
        yield proxy
        close_session()


@pytest.fixture
def proxy(own_proxy: Proxy) -> Iterator[Proxy]:
    """The way to the hub, to be disturbed."""
    own_proxy.clear()
    yield own_proxy
    own_proxy.clear()


@pytest.fixture
def release(tmp_path: Path, own_home: Path, proxy: Proxy, own_hub: EmbeddedHub) -> Release:
    """A small release, with a large file and a regular one, for a repo that does not exist yet."""
    return Release.make(tmp_path / "project", f"acme/release-{next(_numbers)}", proxy, own_hub)
