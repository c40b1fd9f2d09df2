"""The fixtures and marks of huggingface_hub's own tests, written beside them: no sdist contains their conftest.

Staging and production are two embedded Hubs, which the caller starts. No other host can be reached.
"""

import contextlib
import json
import os
import socket
import tempfile
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import pytest
from huggingface_hub import HfApi, RepoUrl, constants
from huggingface_hub.cli._output import out
from huggingface_hub.inference._providers import hf_inference
from huggingface_hub.utils import _auth, _detect_agent

# The tests name it in annotations.
RepoFactory = Callable[..., RepoUrl]

MARKS: Final = ("api", "transfer", "inference", "xet", "no_xet", "production", "deprecated", "git_lfs")
# This machine, and an address that no machine has, to which a test waits in vain.
_REACHABLE: Final = ("127.0.0.1", "localhost", "::1", "0.0.0.0", "10.255.255.1", "", None)


def _unpacked(name: str) -> Any:
    """Import a module that the caller unpacked."""
    return import_module(f"tests.{name}")


def pytest_configure(config: pytest.Config) -> None:
    """Register the marks, and cut the network."""
    for mark in MARKS:
        config.addinivalue_line("markers", f"{mark}: a mark of huggingface_hub's own tests")
    resolve = socket.getaddrinfo

    def only_loopback(host: Any, *args: Any, **options: Any) -> Any:
        if host not in _REACHABLE:
            raise socket.gaierror(socket.EAI_NONAME, f"{host}: these tests reach no other machine")
        return resolve(host, *args, **options)

    socket.getaddrinfo = only_loopback


class _Results:
    """Writes the outcome of every test to a file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._outcomes: dict[str, tuple[str, str]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the outcome: of a test that fails twice, the first."""
        name = report.nodeid.rpartition("tests/")[2]
        known = self._outcomes.get(name, ("passed", ""))[0]
        if report.when == "call" or (report.outcome != "passed" and known == "passed"):
            text = str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else report.longreprtext
            self._outcomes[name] = (report.outcome, text)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Keep the files that cannot be imported."""
        if report.outcome != "passed":
            text = str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else report.longreprtext
            self._outcomes[report.nodeid.rpartition("tests/")[2]] = (report.outcome, text)

    def pytest_sessionfinish(self) -> None:
        """Write the file."""
        self._path.write_text(json.dumps(self._outcomes))


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Record results in the process that collects those of all workers."""
    if not hasattr(session.config, "workerinput"):
        session.config.pluginmanager.register(_Results(Path(os.environ["CLIENT_SUITE_RESULTS"])))


@pytest.fixture(autouse=True)
def own_home(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give each test caches and tokens of its own."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        for name, place in (
            ("HF_HOME", ""),
            ("HF_HUB_CACHE", "hub"),
            ("HUGGINGFACE_HUB_CACHE", "hub"),
            ("HF_XET_CACHE", "xet"),
            ("HF_ASSETS_CACHE", "assets"),
            ("HF_TOKEN_PATH", "token"),
            ("HF_STORED_TOKENS_PATH", "stored_tokens"),
        ):
            monkeypatch.setattr(constants, name, str(Path(home, place)) if place else home)
        yield


@pytest.fixture(autouse=True)
def own_settings(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the state of the process, which tests change, to that of a terminal of 200 columns without an agent."""
    monkeypatch.setattr(_auth, "_OAUTH_REFRESH_CACHE", None)
    monkeypatch.setattr(_auth, "_OAUTH_REFRESH_WARNED", False)
    monkeypatch.setattr(_detect_agent, "_registry", _detect_agent._EMPTY_REGISTRY)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_EXPERIMENTAL_WARNING", True)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")
    out.set_mode()
    out.set_no_truncate(False)
    hf_inference._check_supported_task.cache_clear()
    if request.node.get_closest_marker("xet"):
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", False)
        monkeypatch.delenv("HF_HUB_DISABLE_XET", raising=False)
    if request.node.get_closest_marker("no_xet"):
        pytest.skip("runs where hf_xet is not installed")
    if request.node.get_closest_marker("git_lfs"):
        pytest.skip("needs git-lfs")


@pytest.fixture(autouse=True)
def production(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Point the client at the production Hub for tests with that mark."""
    if request.node.get_closest_marker("production"):
        known = _unpacked("testing_constants")
        monkeypatch.setattr(constants, "ENDPOINT", known.ENDPOINT_PRODUCTION)
        template = known.ENDPOINT_PRODUCTION_URL_SCHEME
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)


@pytest.fixture(autouse=True)
def deprecated_calls(request: pytest.FixtureRequest) -> Iterator[None]:
    """Expect a warning for each function that the mark names."""
    with contextlib.ExitStack() as stack:
        for mark in request.node.iter_markers("deprecated"):
            for name in mark.args:
                stack.enter_context(pytest.warns(FutureWarning, match=f"'{name}'"))
        yield


@pytest.fixture(scope="session")
def api() -> HfApi:
    """The client of the first user, at staging."""
    known = _unpacked("testing_constants")
    return HfApi(endpoint=known.ENDPOINT_STAGING, token=known.TOKEN)


@pytest.fixture(scope="session")
def api_prod() -> HfApi:
    """A client without a token, at production."""
    return HfApi(endpoint=_unpacked("testing_constants").ENDPOINT_PRODUCTION)


@pytest.fixture
def repo_factory(api: HfApi) -> Iterator[RepoFactory]:
    """Create repos that are deleted after the test."""
    created: list[tuple[str, str]] = []

    def create(repo_type: str = "model", **options: Any) -> RepoUrl:
        if repo_type == "space":
            options.setdefault("space_sdk", "gradio")
        options.setdefault("repo_id", _unpacked("testing_utils").repo_name(prefix=repo_type))
        url = api.create_repo(repo_type=repo_type, **options)
        created.append((url.repo_id, repo_type))
        return url

    yield create
    for repo_id, repo_type in created:
        with contextlib.suppress(Exception):
            api.delete_repo(repo_id, repo_type=repo_type)


@pytest.fixture
def new_repo_id(api: HfApi) -> Iterator[str]:
    """The name of a repo that does not exist, in the namespace of the first user."""
    constants_, names = _unpacked("testing_constants"), _unpacked("testing_utils")
    repo_id = f"{constants_.USER}/{names.repo_name()}"
    yield repo_id
    api.delete_repo(repo_id, missing_ok=True)


@pytest.fixture(scope="module")
def vcr_config() -> dict[str, Any]:
    """Requests of the inference tests are not recorded."""
    return {"ignore_localhost": True}
