"""ID tokens: the keys of their issuers, and the publishers that a caller trusts."""

import json
import time
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from hublish.hub.server import EmbeddedHub
from hublish.hub.server.id_tokens import IdTokens, InvalidTokenError, check_issuer
from hublish.hub.server.trusted_publishers import Publisher, read_publishers
from tests.hublish.hub.server import oidc_issuer

OTHER_RSA = rsa.generate_private_key(65537, 2048)

DOCUMENTS: dict[str, tuple[str, Any]] = {
    "another issuer": ("/.well-known/openid-configuration", {"issuer": "http://127.0.0.1:9", "jwks_uri": "J"}),
    "no keys": ("/.well-known/openid-configuration", {"issuer": "I"}),
    "keys elsewhere": ("/.well-known/openid-configuration", {"issuer": "I", "jwks_uri": "http://127.0.0.1:9/jwks"}),
    "keys in a file": ("/.well-known/openid-configuration", {"issuer": "I", "jwks_uri": "file:///etc/passwd"}),
    "a redirect": ("/.well-known/openid-configuration", "/.well-known/jwks"),
    "not JSON": ("/.well-known/openid-configuration", b"<html>"),
    "a list": ("/.well-known/openid-configuration", []),
    "a large document": ("/.well-known/jwks", b" " * (1 << 21)),
    "keys of a wrong type": ("/.well-known/jwks", {"keys": "x"}),
    "a key of a wrong type": ("/.well-known/jwks", {"keys": [1, None, "rsa"]}),
    "a broken key": ("/.well-known/jwks", {"keys": [{"kid": "rsa", "kty": "RSA", "n": "AQAB", "e": 1}]}),
    "a short key": ("/.well-known/jwks", "SHORT"),
    "a shared secret": ("/.well-known/jwks", {"keys": [{"kid": "rsa", "kty": "oct", "k": "AAAA"}]}),
    "a key for encryption": ("/.well-known/jwks", "ENC"),
    "the same name twice": ("/.well-known/jwks", "TWICE"),
    "missing": ("/.well-known/openid-configuration", None),
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_issuers_that_publish_something_else_prove_nothing(name: str) -> None:
    path, document = DOCUMENTS[name]
    with oidc_issuer.running() as issuer:
        token = issuer.token("http://hub")
        if isinstance(document, dict) and "issuer" in document:
            names = {"I": issuer.url, "J": f"{issuer.url}/.well-known/jwks"}
            document = {key: names.get(value, value) for key, value in document.items()}
        own = issuer.public(issuer.rsa_key, "rsa", "RS256")
        if document == "SHORT":
            short = rsa.generate_private_key(65537, 1024)
            document = {"keys": [issuer.public(short, "rsa", "RS256")]}
            with pytest.warns(match="below the minimum"):
                token = jwt.encode(issuer.claims("http://hub"), short, "RS256", {"kid": "rsa"})
        document = {"ENC": {"keys": [{**own, "use": "enc"}]}, "TWICE": {"keys": [own, own]}}.get(
            str(document), document
        )
        issuer.documents[path] = document
        with pytest.raises(InvalidTokenError):
            IdTokens().verify(token, {issuer.url}, {"http://hub"})


def test_keys_are_kept_and_new_ones_found() -> None:
    now = [time.time()]
    with oidc_issuer.running() as issuer:
        tokens = IdTokens(clock=lambda: now[0])
        for _ in range(3):
            tokens.verify(issuer.token("http://hub"), {issuer.url}, {"http://hub"})
        assert len(issuer.requests) == 2
        fresh = jwt.encode(issuer.claims("http://hub"), OTHER_RSA, "RS256", {"kid": "fresh"})
        for _ in range(5):  # anybody may send these: they cost the issuer nothing
            with pytest.raises(InvalidTokenError):
                tokens.verify(fresh, {issuer.url}, {"http://hub"})
        assert len(issuer.requests) == 2
        issuer.publish(issuer.public(OTHER_RSA, "fresh", "RS256"))
        now[0] += 11
        assert tokens.verify(fresh, {issuer.url}, {"http://hub"})["sub"]
        with pytest.raises(InvalidTokenError):  # withdrawn
            tokens.verify(issuer.token("http://hub"), {issuer.url}, {"http://hub"})


@pytest.mark.parametrize(
    ("url", "is_valid"),
    [
        ("https://token.actions.githubusercontent.com", True),
        ("https://gitlab.com/", True),
        ("http://localhost:9", True),
        ("http://[::1]:9/realm", True),
        ("http://example.com", False),
        ("http://127.0.0.1.evil.com", False),
        ("https://user@example.com", False),
        ("https://example.com?x", False),
        ("https://example.com#x", False),
        ("file:///etc", False),
        ("ftp://localhost", False),
        ("", False),
        ("https://", False),
    ],
)
def test_issuers_have_safe_addresses(url: str, is_valid: bool) -> None:
    if is_valid:
        check_issuer(url)
        return
    with pytest.raises(ValueError, match=r"issuer"):
        check_issuer(url)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"x",
        b"{}",
        b"[1]",
        b"[{}]",
        b"[" * 99_999,
        b'[{"resource":"a/b","issuer":"https://x"}]',
        b'[{"resource":"a/b","issuer":"https://x","claims":{}}]',
        b'[{"resource":"a/b","issuer":"https://x","claims":{"r":1}}]',
        b'[{"resource":"a/b","issuer":"https://x","claims":["r"]}]',
        b'[{"resource":1,"issuer":"https://x","claims":{"r":"x"}}]',
        b'[{"resource":"a","issuer":"https://x","claims":{"r":"x"}}]',
        b'[{"resource":"a/b","issuer":"http://x","claims":{"r":"x"}}]',
        b'[{"resource":"a/b","issuer":"https://x","claims":{"r":"x"},"audience":1}]',
        b'[{"resource":"a/b","issuer":"https://x","claims":{"r":"x"},"more":1}]',
    ],
)
def test_files_of_publishers_are_checked(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "publishers.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"."):
        read_publishers(path)


def test_files_of_publishers_are_read(tmp_path: Path) -> None:
    path = tmp_path / "publishers.json"
    wanted = {"resource": "datasets/a/b", "issuer": "https://x", "claims": {"r": "x"}, "audience": "y"}
    path.write_text(json.dumps([wanted]))
    assert read_publishers(path) == (Publisher(**wanted),)  # type: ignore[arg-type]
    with EmbeddedHub(tmp_path / "hub", publishers=read_publishers(path)):
        pass
    with pytest.raises(ValueError, match="claim"):
        EmbeddedHub(tmp_path / "hub", publishers=[Publisher("a/b", "https://x", {})])
