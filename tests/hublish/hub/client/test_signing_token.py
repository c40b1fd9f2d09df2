"""The ID token of a keyless signature comes from the job or from GitHub, and nothing takes its place."""

import base64
import os
from collections.abc import Iterator

import pytest
from huggingface_hub import close_session

from hublish.base.errors import SigningError
from hublish.hub.client.signing_token import signing_token
from tests.action import github
from tests.action.github import GitHub
from tests.hublish.hub.server import oidc_issuer
from tests.hublish.hub.server.oidc_issuer import Issuer

HUB = "https://huggingface.co"
PERMIT = "token-of-the-job"


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with oidc_issuer.running() as running:
        yield running


@pytest.fixture(scope="module")
def own_forge(issuer: Issuer) -> Iterator[GitHub]:
    with github.running() as running:
        yield running
        close_session()


@pytest.fixture
def forge(own_forge: GitHub, issuer: Issuer) -> GitHub:
    own_forge.id_token, own_forge.token_statuses = issuer.token, []
    own_forge.audiences.clear()
    return own_forge


@pytest.fixture(autouse=True)
def job(monkeypatch: pytest.MonkeyPatch, sleeps: list[float]) -> None:
    for name in [name for name in os.environ if name.startswith(("ACTIONS_", "HF_OIDC_", "SIGSTORE_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HF_TOKEN", "hf_long_lived")


def on_github(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_URL", f"{url}/token?api-version=2")
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", PERMIT)


def test_github_makes_a_token_with_the_audience_of_sigstore(forge: GitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    on_github(monkeypatch, forge.url)
    monkeypatch.setattr(forge, "id_token", lambda audience: f"for {audience}")
    assert signing_token("sigstore") == "for sigstore"
    assert forge.audiences == ["sigstore"]


def test_the_token_of_the_hub_is_used_when_it_is_for_sigstore_as_well(
    forge: GitHub, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_github(monkeypatch, forge.url)
    for audience in ("sigstore", ["sigstore"], [HUB, "sigstore"]):
        token = issuer.token(audience)
        monkeypatch.setenv("HF_OIDC_ID_TOKEN", token)
        assert signing_token("sigstore") == token
    assert forge.audiences == []


@pytest.mark.parametrize("audience", [HUB, [HUB], "Sigstore", "sigstore.dev", 7, None, {"sigstore": 1}])
def test_a_token_that_is_only_for_the_hub_goes_nowhere_else(
    forge: GitHub, issuer: Issuer, monkeypatch: pytest.MonkeyPatch, audience: object
) -> None:
    token = issuer.token(audience)
    monkeypatch.setenv("HF_OIDC_ID_TOKEN", token)
    with pytest.raises(SigningError, match="HF_OIDC_ID_TOKEN has another audience than sigstore") as caught:
        signing_token("sigstore")
    assert token not in f"{caught.value} {caught.value.hint}"
    on_github(monkeypatch, forge.url)
    assert signing_token("sigstore") != token
    assert forge.audiences == ["sigstore"]


def test_a_token_that_is_given_for_sigstore_comes_first(
    forge: GitHub, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_github(monkeypatch, forge.url)
    monkeypatch.setenv("HF_OIDC_ID_TOKEN", issuer.token("sigstore"))
    # A secret store may keep the line feed of a file.
    monkeypatch.setenv("SIGSTORE_ID_TOKEN", "given\n")
    assert signing_token("sigstore") == "given"
    assert forge.audiences == []


NESTED = base64.urlsafe_b64encode(b"[" * 100_000).decode()


@pytest.mark.parametrize(
    "shared", ["", "garbage", "a.b.c", "a.e30.c", "a.W10.c", "a.MQ.c", "é.é.é", f"a.{NESTED}.c", "a.eyJhdWQiOltdfQ.c"]
)
def test_without_a_token_the_error_names_the_way_to_one(monkeypatch: pytest.MonkeyPatch, shared: str) -> None:
    monkeypatch.setenv("HF_OIDC_ID_TOKEN", shared)
    with pytest.raises(SigningError, match="needs an ID token of this job, and there is none") as caught:
        signing_token("sigstore")
    assert "id-token: write" in caught.value.hint
    assert "hf_long_lived" not in f"{caught.value}{caught.value.hint}"


@pytest.mark.parametrize(
    ("statuses", "reason"), [([403], "it responded with 403"), ([500] * 4, "it responded with 500"), ([401], "401")]
)
def test_a_refusal_of_github_is_an_error(
    forge: GitHub, monkeypatch: pytest.MonkeyPatch, statuses: list[int], reason: str
) -> None:
    on_github(monkeypatch, forge.url)
    forge.token_statuses = statuses
    with pytest.raises(SigningError, match="GitHub gave no ID token for the signature") as caught:
        signing_token("sigstore")
    assert reason in str(caught.value)
    assert PERMIT not in str(caught.value)
    assert forge.token_statuses == []


def test_github_is_asked_again_after_a_failure(forge: GitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    on_github(monkeypatch, forge.url)
    forge.token_statuses = [503, 502]
    assert signing_token("sigstore").count(".") == 2


@pytest.mark.parametrize("value", [None, "", 7, [], {}])
def test_a_response_without_a_token_is_an_error(forge: GitHub, monkeypatch: pytest.MonkeyPatch, value: object) -> None:
    on_github(monkeypatch, forge.url)
    monkeypatch.setattr(forge, "id_token", lambda _: value)
    with pytest.raises(SigningError, match="the response has no token"):
        signing_token("sigstore")


def test_a_github_that_cannot_be_reached_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    on_github(monkeypatch, "http://127.0.0.1:9")
    with pytest.raises(SigningError, match="GitHub gave no ID token for the signature: ConnectError"):
        signing_token("sigstore")
