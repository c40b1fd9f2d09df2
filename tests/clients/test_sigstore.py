"""Keyless signing against a private Sigstore: `@sigstore/mock`, the services that sigstore-js is tested with."""

import json
import socket
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hublish.attestation import sigstore_instance
from hublish.attestation.interface import Verified
from hublish.attestation.keyless import KeylessSigner, KeylessVerifier
from hublish.base.errors import SigningError
from tests.clients import sigstore_server
from tests.clients.record_signatures import STATEMENT
from tests.clients.sigstore_server import Sigstore
from tests.hublish.attestation.recorded import IDENTITY, WORKFLOW
from tests.hublish.hub.server import oidc_issuer
from tests.hublish.hub.server.oidc_issuer import Issuer, flipped, with_claims

STATEMENTS = [json.dumps({**STATEMENT, "predicate": {"number": number}}).encode() for number in range(3)]
HUB = "https://hub.example"


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with oidc_issuer.running() as running:
        yield running


@pytest.fixture(scope="module")
def sigstore(tmp_path_factory: pytest.TempPathFactory, issuer: Issuer) -> Iterator[Sigstore]:
    with sigstore_server.running(tmp_path_factory.mktemp("node") / "sigstore", {issuer.url: "sigstore"}) as running:
        yield running


def signer(sigstore: Sigstore, issuer: Issuer, token: str | None = None, **changes: Any) -> KeylessSigner:
    token = token or issuer.token("sigstore", job_workflow_ref=WORKFLOW)
    given = {"identity": IDENTITY, "identity_provider": issuer.url, "trust_config": sigstore.trust_config}
    return KeylessSigner(lambda: token, **{**given, **changes})


def verified(sigstore: Sigstore, issuer: Issuer, bundle: bytes, monkeypatch: pytest.MonkeyPatch) -> Verified:
    trusted = KeylessVerifier(IDENTITY.replace("/v1", "/*"), issuer.url, sigstore.trust_config)
    with monkeypatch.context() as patch:
        patch.setattr(socket, "socket", None)
        return trusted.verify(bundle)


def test_one_certificate_signs_all_statements_of_a_release(
    sigstore: Sigstore, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, tokens = sigstore.made, [issuer.token("sigstore", job_workflow_ref=WORKFLOW)]
    # A second call would fail.
    once = KeylessSigner(tokens.pop, IDENTITY, issuer.url, sigstore.trust_config)
    bundles = [once.sign(statement) for statement in STATEMENTS]
    assert not any(b"\n" in bundle for bundle in bundles)
    after = sigstore.made
    assert (after["certificates"] - before["certificates"], after["entries"] - before["entries"]) == (1, 3)
    found = [verified(sigstore, issuer, bundle, monkeypatch) for bundle in bundles]
    assert [each.statement for each in found] == STATEMENTS
    assert {(each.signed_by.name, each.signed_by.provider) for each in found} == {(IDENTITY, issuer.url)}
    assert all(each.signed_by.log_index is not None for each in found)


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({"job_workflow_ref": WORKFLOW}, IDENTITY),
        (
            {"ci_config_ref_uri": "gitlab.com/acme/digits//.gitlab-ci.yml@refs/tags/v1"},
            "https://gitlab.com/acme/digits//.gitlab-ci.yml@refs/tags/v1",
        ),
        ({"sub": "https://ci.example/jobs/1"}, "https://ci.example/jobs/1"),
    ],
)
def test_the_identity_is_that_of_the_certificate(
    sigstore: Sigstore, issuer: Issuer, claims: dict[str, str], name: str
) -> None:
    bundle = signer(sigstore, issuer, issuer.token("sigstore", **claims), identity=name).sign(STATEMENTS[0])
    found = KeylessVerifier(name, issuer.url, sigstore.trust_config).verify(bundle)
    assert found.signed_by.name == name


@pytest.mark.parametrize(
    ("changes", "claims", "reason"),
    [
        ({"identity": IDENTITY.replace("training", "other")}, {}, f"the identity of this job is {IDENTITY} of http"),
        ({"identity": "https://github.com/acme/*"}, {}, "the identity of this job is"),
        ({}, {"job_workflow_ref": "evil/fork/.github/workflows/release.yml@refs/tags/v1"}, "sign.identity is"),
        ({}, {"job_workflow_ref": None}, "the identity of this job is repo:acme/training:ref:refs/heads/main"),
        ({"identity_provider": "https://gitlab.com"}, {}, "and sign.identity_provider is https://gitlab.com"),
        ({}, {"exp": 1}, "the ID token has expired"),
        ({}, {"aud": "https://hub.example"}, 'unexpected "aud" claim value'),
        ({}, {"aud": None}, "is not a JSON Web Token with the claims aud"),
        ({"trust_config": b"{}"}, {}, "Sigstore did not sign"),
        ({"trust_config": None}, {"aud": HUB}, "the audience (aud) of the ID token is not sigstore"),
    ],
)
def test_another_identity_is_refused_before_anything_is_logged(
    sigstore: Sigstore, issuer: Issuer, changes: dict[str, Any], claims: dict[str, Any], reason: str
) -> None:
    before = sigstore.made["entries"]
    given = {"job_workflow_ref": WORKFLOW, "aud": "sigstore", **claims}
    token = issuer.token(given.pop("aud"), **given)
    with pytest.raises(SigningError) as caught:
        signer(sigstore, issuer, token, **changes).sign(STATEMENTS[0])
    assert reason in str(caught.value)
    assert not _echoes(token, caught.value)
    assert sigstore.made["entries"] == before


@pytest.mark.parametrize(
    "damage", [flipped, lambda token: with_claims(token, jti="2"), lambda _: "garbage", lambda _: "bm90.anNvbg.c2ln"]
)
def test_a_token_that_its_issuer_did_not_sign_gets_no_certificate(
    sigstore: Sigstore, issuer: Issuer, damage: Any
) -> None:
    before, token = sigstore.made, damage(issuer.token("sigstore", job_workflow_ref=WORKFLOW))
    with pytest.raises(SigningError) as caught:
        signer(sigstore, issuer, token).sign(STATEMENTS[0])
    assert not _echoes(token, caught.value)
    assert sigstore.made == before


def _echoes(token: str, error: SigningError) -> bool:
    return any(part and part in f"{error} {error.hint}" for part in token.split(".")[1:])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        # The token never goes over the network in clear.
        (lambda config: _serve(config, "caUrls", "http://sigstore.example"), "would go to http://sigstore.example"),
        (lambda config: _serve(config, "caUrls", "http://127.0.0.1:9"), "did not sign: 127.0.0.1 cannot be reached"),
        (lambda config: _serve(config, "rekorTlogUrls", "http://127.0.0.1:9"), "127.0.0.1 cannot be reached"),
        (lambda config: config["signingConfig"].update(caUrls=[]), "No valid Fulcio CA"),
        # A log, and a certificate authority, with other keys than the trusted ones.
        (lambda config: config["trustedRoot"].update(tlogs=config["trustedRoot"]["ctlogs"]), "no reader could verify"),
        (lambda config: config["trustedRoot"].update(ctlogs=config["trustedRoot"]["tlogs"]), "Sigstore did not sign"),
    ],
)
def test_services_that_fail_or_have_other_keys_make_no_signature(
    sigstore: Sigstore, issuer: Issuer, change: Any, reason: str
) -> None:
    config = json.loads(sigstore.trust_config)
    change(config)
    token = issuer.token("sigstore", job_workflow_ref=WORKFLOW)
    with pytest.raises(SigningError) as caught:
        signer(sigstore, issuer, token, trust_config=json.dumps(config).encode()).sign(STATEMENTS[0])
    assert reason in str(caught.value)
    assert not _echoes(token, caught.value)


@pytest.mark.parametrize("service", ["caUrls", "rekorTlogUrls"])
def test_a_service_that_does_not_respond_is_given_up(
    sigstore: Sigstore, issuer: Issuer, service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sigstore_instance, "_PATIENCE", 0.2)
    config = json.loads(sigstore.trust_config)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        _serve(config, service, f"http://127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(SigningError, match="does not respond"):
            signer(sigstore, issuer, trust_config=json.dumps(config).encode()).sign(STATEMENTS[0])


def _serve(config: dict[str, Any], service: str, url: str) -> None:
    config["signingConfig"][service][0]["url"] = url


def test_a_private_instance_may_accept_the_audience_of_the_hub(tmp_path: Path, issuer: Issuer) -> None:
    token = issuer.token(HUB, job_workflow_ref=WORKFLOW)
    with sigstore_server.running(tmp_path / "sigstore", {issuer.url: HUB}) as instance:
        bundle = signer(instance, issuer, token).sign(STATEMENTS[0])
        trusted = KeylessVerifier(IDENTITY, issuer.url, instance.trust_config)
    # The instance is gone.
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(instance.url)
    assert trusted.verify(bundle).statement == STATEMENTS[0]
