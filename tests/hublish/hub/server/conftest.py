"""A running hub, and the real client configured for it."""

import itertools
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import HfApi, close_session, constants

from hublish.hub.server import EmbeddedHub

_numbers = itertools.count(1)


def pytest_configure(config: pytest.Config) -> None:
    # The client's LFS upload uses a deprecated call of its HTTP library.
    config.addinivalue_line("filterwarnings", "ignore:Use 'content=:DeprecationWarning")


@dataclass(frozen=True)
class Answer:
    """The response to a raw request."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Caller:
    """Sends requests that the client would never send."""

    endpoint: str
    token: str | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        sent = {"Content-Type": "application/json", **self.headers, **headers}
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        url = path if path.startswith("http") else self.endpoint + path
        request = urllib.request.Request(url, content, sent, method=method)
        try:
            with urllib.request.urlopen(request, timeout=300) as response:
                return _answer(response.status, response.headers, response.read())
        except urllib.error.HTTPError as error:
            with error:
                return _answer(error.code, error.headers, error.read())


def _answer(status: int, headers: Any, body: bytes) -> Answer:
    return Answer(status, {name.lower(): value for name, value in headers.items()}, body)


@pytest.fixture(scope="session")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedHub]:
    """Serve one hub for all tests that need only their own repositories on it."""
    with EmbeddedHub(tmp_path_factory.mktemp("hub")) as hub:
        yield hub
        close_session()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the client its own home for caches and tokens, even when it was imported before."""
    home = tmp_path / "hf"
    for name, folder in (("HF_HOME", ""), ("HF_HUB_CACHE", "hub"), ("HF_XET_CACHE", "xet"), ("HF_ASSETS_CACHE", "a")):
        monkeypatch.setattr(constants, name, str(home / folder))
        monkeypatch.setenv(name, str(home / folder))
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(home / "token"))
    monkeypatch.setenv("HF_HUB_DISABLE_TELEMETRY", "1")
    monkeypatch.setenv("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    return home


@pytest.fixture(params=["lfs", "xet"])
def transfer(request: pytest.FixtureRequest, home: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run a test twice: large files by LFS, and by xet."""
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", request.param == "lfs")
    return str(request.param)


@pytest.fixture
def api(hub: EmbeddedHub) -> HfApi:
    """Return the client of the hub's owner."""
    return HfApi(endpoint=hub.endpoint, token=hub.token)


@pytest.fixture
def repo(api: HfApi) -> str:
    """Create a new model repository."""
    return api.create_repo(f"acme/model-{next(_numbers)}").repo_id


@pytest.fixture
def call(hub: EmbeddedHub) -> Caller:
    """Send raw requests as the owner."""
    return Caller(hub.endpoint, hub.token)


@pytest.fixture
def connect() -> type[Caller]:
    """Send raw requests to other hubs: `connect(endpoint, token)`."""
    return Caller


@pytest.fixture
def anonymous(hub: EmbeddedHub) -> Caller:
    """Send raw requests without a token."""
    return Caller(hub.endpoint)
