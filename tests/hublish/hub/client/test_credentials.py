"""Keyless CI: only the exchanged token is sent, to HF_ENDPOINT alone, and a failed exchange is an error."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import HfApi, constants
from huggingface_hub.utils import _auth

from hublish.base.errors import ExchangeError
from hublish.base.values import Target
from hublish.hub.client.account import account
from hublish.hub.client.hub import Hub
from hublish.hub.server import EmbeddedHub
from tests.hublish.hub.server import oidc_issuer
from tests.hublish.hub.server.oidc_issuer import Issuer

REPO = "acme/model"
MANIFEST = """\
schema_version: 1
repo: {repo_id: acme/model, repo_type: model, tag: v1}
artifacts: [{source: config.json}]
card: {metadata: {license: mit}}
"""


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with oidc_issuer.running() as running:
        yield running


@pytest.fixture
def hub(tmp_path: Path, issuer: Issuer) -> Iterator[EmbeddedHub]:
    with EmbeddedHub(tmp_path / "hub", token="hf_long_lived") as hub:
        HfApi(endpoint=hub.endpoint, token=hub.token).create_repo(REPO)
        hub.trust_issuer(issuer.url, REPO, {"repository": "acme/training"})
        yield hub


@pytest.fixture(autouse=True)
def keyless(hub: EmbeddedHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("HF_")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(_auth, "_OIDC_TOKEN_CACHE", None)
    monkeypatch.setattr(constants, "ENDPOINT", hub.endpoint)
    for name, value in (("HF_ENDPOINT", hub.endpoint), ("HF_HOME", tmp_path / "home"), ("HF_OIDC_RESOURCE", REPO)):
        monkeypatch.setenv(name, str(value))
    # A long-lived token that permits everything, and must not be used.
    monkeypatch.setenv("HF_TOKEN", hub.token)


def publish(folder: Path) -> subprocess.CompletedProcess[str]:
    folder.mkdir(exist_ok=True)
    (folder / "hub.yaml").write_text(MANIFEST)
    (folder / "config.json").write_text("{}")
    command = [sys.executable, "-m", "hublish", "publish", "-y"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)


def commits(hub: EmbeddedHub) -> list[str]:
    return [
        author
        for commit in HfApi(endpoint=hub.endpoint, token=hub.token).list_repo_commits(REPO)
        for author in commit.authors
    ]


def test_a_job_publishes_without_a_token(
    hub: EmbeddedHub, issuer: Issuer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_OIDC_ID_TOKEN", issuer.token(hub.endpoint))
    ended = publish(tmp_path / "project")
    assert ended.returncode == 0, ended.stderr
    assert commits(hub)[0].startswith("oidc-")
    tags = HfApi(endpoint=hub.endpoint, token=hub.token).list_repo_refs(REPO).tags
    assert [tag.name for tag in tags] == ["v1"]


def test_a_failed_exchange_ends_the_command(
    hub: EmbeddedHub, issuer: Issuer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = issuer.token(hub.endpoint, repository="evil/fork")
    monkeypatch.setenv("HF_OIDC_ID_TOKEN", token)
    ended = publish(tmp_path / "project")
    assert ended.returncode == 1
    assert "error[remote.exchange]" in ended.stderr
    assert "no trusted publisher matches" in ended.stderr
    assert token not in ended.stderr
    assert len(commits(hub)) == 1


@pytest.mark.parametrize(
    ("id_token", "message"), [("garbage", "is not a JWT"), (None, "no OIDC id token is available"), ("", "no OIDC")]
)
def test_every_request_fails_with_the_reason(
    hub: EmbeddedHub, monkeypatch: pytest.MonkeyPatch, id_token: str | None, message: str
) -> None:
    if id_token is not None:
        monkeypatch.setenv("HF_OIDC_ID_TOKEN", id_token)
    client = Hub(hub.endpoint)
    for _ in range(3):
        with pytest.raises(ExchangeError, match=message):
            client.tags(Target(REPO))
    with pytest.raises(ExchangeError):
        account(client)
    with pytest.raises(ExchangeError):
        assert client.has_token


def test_an_unreachable_hub_is_asked_once(hub: EmbeddedHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_OIDC_ID_TOKEN", "x")
    hub.stop()
    client = Hub(hub.endpoint)
    for _ in range(3):
        with pytest.raises(ExchangeError, match="exchanging the ID token"):
            client.tags(Target(REPO))


@pytest.mark.parametrize("other", ["http://localhost:9", "https://example.com", "http://127.0.0.1:9/x"])
def test_another_hub_gets_neither_token(
    hub: EmbeddedHub, issuer: Issuer, monkeypatch: pytest.MonkeyPatch, other: str
) -> None:
    monkeypatch.setenv("HF_OIDC_ID_TOKEN", issuer.token(hub.endpoint))
    with pytest.raises(ExchangeError, match="gives a token of"):
        Hub(other).tags(Target(REPO))


def test_a_given_token_and_none_need_no_exchange(hub: EmbeddedHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_OIDC_ID_TOKEN", "garbage")
    assert account(Hub(hub.endpoint, token=hub.token)).name == "me"
    assert Hub(hub.endpoint, token=False).tags(Target(REPO)) == {}
    assert not Hub(hub.endpoint, token=False).has_token
    monkeypatch.delenv("HF_OIDC_RESOURCE")
    assert account(Hub(hub.endpoint)).name == "me"
