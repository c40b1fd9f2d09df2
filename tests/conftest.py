"""Fixtures for all tests: a separate home, a hub, and a proxy that makes the hub fail."""

import gc
import itertools
import os
import signal
from collections.abc import Iterator
from pathlib import Path

from tests.isolation import CLIENT_SETTINGS, home_of_the_run, isolate_git

# huggingface_hub reads them when it is imported.
os.environ.update(CLIENT_SETTINGS | home_of_the_run(os.environ))

import pytest
from huggingface_hub import close_session, constants
from hypothesis import HealthCheck, settings

from hublish.hub.server import EmbeddedHub
from tests.faults.projects import Release, rounds
from tests.faults.proxy import Proxy

_numbers = itertools.count(1)

HERE = Path(__file__).parent
# Folders and files whose tests run on request only: `make test-slow`, or `pytest -m slow`. They break connections, kill
# processes, attack the embedded Hub, mutate thousands of files, or publish a real model and every kind of draft.
_SLOW = tuple(
    str(HERE / name)
    for name in (
        "action/test_action_runs.py",
        "action/test_recipes.py",
        "faults",
        "fuzz",
        "hooks",
        "real",
        "hublish/api/git/test_git_command.py",
        "hublish/api/test_cache_faults.py",
        "hublish/api/test_diff.py",
        "hublish/api/test_digest_cache.py",
        "hublish/api/test_every_repo.py",
        "hublish/api/test_init_drafts.py",
        "hublish/api/test_planted_faults.py",
        "hublish/api/test_planted_tokens.py",
        "hublish/api/test_publish_races.py",
        "hublish/api/test_published_facts.py",
        "hublish/api/test_published_results.py",
        "hublish/api/test_sign_refusals.py",
        "hublish/api/test_signed_again.py",
        "hublish/api/test_signing_without_the_key.py",
        "hublish/audit/test_fingerprint_cache.py",
        "hublish/audit/test_fingerprint_processes.py",
        "hublish/cli/commands/test_card_decision.py",
        "hublish/cli/test_hf_extension.py",
        "hublish/cli/test_planted_tokens.py",
        "hublish/hub/server/git/test_consolidation.py",
        "hublish/hub/server/git/test_pack_sender.py",
        "hublish/hub/server/pages/test_hostile_pages.py",
        "hublish/hub/server/test_attacks.py",
        "hublish/hub/server/test_connections.py",
        "hublish/hub/server/test_crash.py",
        "hublish/hub/server/test_every_route.py",
        "hublish/hub/server/test_hf_command.py",
        "hublish/hub/server/test_scale.py",
        "pipeline/authenticate/test_keyless_release.py",
        "pipeline/authenticate/test_tampering_on_the_hub.py",
        "pipeline/draft/test_card_content.py",
        "pipeline/render_card/test_hostile_values.py",
        "pipeline/upload/test_in_parts.py",
    )
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-goldens", action="store_true", help="rewrite the golden files with what is shown now")


def pytest_configure(config: pytest.Config) -> None:
    """Load the profile of Hypothesis and ignore a deprecation in the client's LFS upload.

    Hypothesis tries the same examples each time, however slow the machine is; `HUBLISH_TEST_ROUNDS=10 make test` tries
    random ones.
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
    # A background job of a shell ignores Ctrl-C, and so would every process that tests send one to.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # Each worker makes an object of every test, none of which is garbage: searching them takes a third of the time.
    gc.disable()
    config.addinivalue_line("filterwarnings", "ignore:Use 'content=:DeprecationWarning")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Import slow tests only when they are requested, and then no others."""
    wanted = config.option.markexpr
    if str(collection_path).startswith(_SLOW):
        return True if "not slow" in wanted else None
    return True if wanted == "slow" and collection_path.is_file() else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the slow tests."""
    for item in items:
        if str(item.path).startswith(_SLOW):
            item.add_marker(pytest.mark.slow)


def pytest_collection_finish() -> None:
    """Search for garbage again, except among the tests themselves."""
    gc.freeze()
    gc.enable()


@pytest.fixture
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the client its own home for caches and tokens, even when it was imported before."""
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
    """Run a test twice: large files are sent by LFS, and by xet."""
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", request.param == "lfs")
    return str(request.param)


@pytest.fixture
def by_lfs(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Large files are sent by LFS."""
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)


@pytest.fixture
def sleeps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the sleeps of the client and of hublish in seconds, recorded instead of slept."""
    slept: list[float] = []
    monkeypatch.setattr("huggingface_hub.utils._http.time", _Clock(slept))
    monkeypatch.setattr("hublish.hub.client.retry.time", _Clock(slept))
    return slept


class _Clock:
    """Replaces the time module of the client."""

    def __init__(self, slept: list[float]) -> None:
        self._slept = slept

    def sleep(self, seconds: float) -> None:
        self._slept.append(seconds)


@pytest.fixture(scope="session")
def own_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedHub]:
    """Serve one hub for all tests that need only their own repositories on it."""
    with EmbeddedHub(tmp_path_factory.mktemp("hub")) as hub:
        yield hub
        close_session()


@pytest.fixture(scope="session")
def own_proxy(own_hub: EmbeddedHub) -> Iterator[Proxy]:
    """Serve one proxy for all tests: the client keeps its connections, which are expensive to open."""
    with Proxy(own_hub.endpoint).running() as proxy:
        yield proxy
        close_session()


@pytest.fixture
def proxy(own_proxy: Proxy) -> Iterator[Proxy]:
    """Return the proxy without rules from other tests."""
    own_proxy.clear()
    yield own_proxy
    own_proxy.clear()


@pytest.fixture
def release(tmp_path: Path, own_home: Path, proxy: Proxy, own_hub: EmbeddedHub) -> Release:
    """Return a small release, with a large file and a regular one, for a repo that does not exist yet."""
    return Release.make(tmp_path / "project", f"acme/release-{next(_numbers)}", proxy, own_hub)
