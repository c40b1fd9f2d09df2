"""Requests and the token go to the one Hub that the endpoint rule names, never to another."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import constants

import hublish
from hublish.base.errors import LockTargetError, UsageError
from hublish.hub.client.hub import Hub


@dataclass
class Stranger:
    """A server that no request may reach."""

    endpoint: str
    requests: list[str] = field(default_factory=list)


def set_default_endpoint(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set HF_ENDPOINT for a client that is imported already."""
    template = constants.HUGGINGFACE_CO_URL_TEMPLATE.removeprefix(constants.ENDPOINT)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", endpoint + template)
    monkeypatch.setattr(constants, "ENDPOINT", endpoint)


@pytest.fixture
def stranger(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stranger]:
    """The Hub that HF_ENDPOINT names, with a token in the environment that it must not see."""
    # Forget the list of coding agents, so that the client wants it anew.
    monkeypatch.setattr(constants, "AGENT_HARNESSES_PATH", str(tmp_path / "agents.json"), raising=False)
    monkeypatch.setattr("huggingface_hub.utils._detect_agent._registry", None, raising=False)
    seen: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def handle_one_request(self) -> None:
            seen.append(self.rfile.readline().decode())
            self.close_connection = True

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    found = Stranger(f"http://127.0.0.1:{server.server_port}", seen)
    set_default_endpoint(found.endpoint, monkeypatch)
    monkeypatch.setenv("HF_TOKEN", str(hub.token))
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def declared(manifest: Path, hub: Hub) -> Path:
    """A manifest that names the Hub of the test."""
    manifest.write_text(manifest.read_text().replace("repo:\n", f"repo:\n  endpoint: {hub.endpoint}\n", 1))
    return manifest


VERBS: dict[str, Callable[[Path], Any]] = {
    "plan": hublish.plan,
    "publish": hublish.publish,
    "verify": hublish.verify,
    "verify --lock": lambda manifest: hublish.verify(manifest, lock=manifest.parent / "hub.lock"),
    "status": hublish.status,
    "explain --remote": lambda manifest: hublish.explain(manifest, "hub.yaml", remote=True),
}


@pytest.mark.parametrize("name", VERBS)
def test_a_verb_reaches_the_hub_of_the_manifest_and_no_other(name: str, declared: Path, stranger: Stranger) -> None:
    hublish.publish(declared)
    done = VERBS[name](declared)
    assert getattr(done, "error", None) is None
    assert getattr(done, "ok", True)
    assert stranger.requests == []


def test_a_lock_in_another_folder_is_verified_at_the_hub_of_the_manifest_beside_it(
    declared: Path, hub: Hub, stranger: Stranger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hublish.publish(declared)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    lock = declared.parent / "hub.lock"
    assert hublish.verify(lock=lock).ok
    Path("hub.yaml").write_text("repo: {repo_id: me/x, endpoint: 'http://127.0.0.1:9'}\nartifacts: [{source: a}]\n")
    with pytest.raises(UsageError, match="name different endpoints"):
        hublish.verify(lock=lock)
    with pytest.raises(LockTargetError, match="repo_id acme/digits, not me/x"):
        hublish.verify(lock=lock, endpoint=hub.endpoint)
    assert hublish.verify(declared, lock=lock).ok
    assert stranger.requests == []


NO_ENDPOINTS = [
    "hub.example",
    "ftp://hub.example",
    "http://",
    "http://user:hunter2@hub.example",
    "http://hub.example?x=1",
    "http://hub.example\\@evil.example",
    "http://hub.example\t",
    "http://\u202ehub.example",
    "http://hub.example:0",
]


@pytest.mark.parametrize("endpoint", NO_ENDPOINTS)
@pytest.mark.parametrize("source", ["argument", "HF_ENDPOINT"])
def test_an_endpoint_that_is_not_the_url_of_a_hub_is_refused(
    endpoint: str, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "ENDPOINT", endpoint if source == "HF_ENDPOINT" else "http://127.0.0.1:9")
    with pytest.raises(UsageError, match="not valid") as failure:
        hublish.pull("me/x", endpoint=endpoint if source == "argument" else None)
    assert "hunter2" not in str(failure.value)


def test_the_helpers_reach_the_hub_of_the_manifest_and_no_other(
    declared: Path, arrays: dict[str, Any], stranger: Stranger
) -> None:
    assert hublish.push_to_hub(arrays, manifest=declared).verified
    assert stranger.requests == []


def test_an_argument_comes_before_the_manifest(manifest: Path, hub: Hub, stranger: Stranger) -> None:
    manifest.write_text(manifest.read_text().replace("repo:\n", f"repo:\n  endpoint: {stranger.endpoint}\n", 1))
    hublish.publish(manifest, endpoint=hub.endpoint)
    assert hublish.verify(manifest, endpoint=hub.endpoint).ok
    assert hublish.status(manifest, endpoint=hub.endpoint).error is None
    assert stranger.requests == []


def test_a_lock_of_somewhere_else_does_not_choose_the_hub(
    manifest: Path, hub: Hub, stranger: Stranger, monkeypatch: pytest.MonkeyPatch
) -> None:
    hublish.publish(manifest, endpoint=hub.endpoint)
    lock = manifest.parent / "hub.lock"
    lock.write_text(lock.read_text().replace(hub.endpoint, stranger.endpoint))
    set_default_endpoint(hub.endpoint, monkeypatch)
    for verb in (hublish.verify, hublish.status):
        with pytest.raises(LockTargetError, match=f"endpoint {stranger.endpoint}, not {hub.endpoint}"):
            verb(manifest)
    assert hublish.pull(lock=lock).checked
    assert stranger.requests == []


def test_a_release_of_the_embedded_hub_is_verified_there(manifest: Path, stranger: Stranger) -> None:
    hublish.publish(manifest, endpoint="embedded")
    assert hublish.verify(manifest).ok
    assert hublish.status(manifest).error is None
    assert stranger.requests == []
