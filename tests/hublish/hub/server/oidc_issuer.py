"""An issuer of ID tokens on loopback: a real HTTP server with generated keys, as GitHub and GitLab have one."""

import base64
import hashlib
import hmac
import json
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


@dataclass
class Issuer:
    """A running issuer; tests may change what it publishes."""

    url: str
    documents: dict[str, Any] = field(default_factory=dict)  # by path
    requests: list[str] = field(default_factory=list)

    @cached_property
    def rsa_key(self) -> rsa.RSAPrivateKey:
        """The key `rsa`."""
        return rsa.generate_private_key(65537, 2048)

    @cached_property
    def ec_key(self) -> ec.EllipticCurvePrivateKey:
        """The key `ec`."""
        return ec.generate_private_key(ec.SECP256R1())

    def publish(self, *keys: dict[str, Any]) -> None:
        """Publish keys, by default the two of this issuer."""
        own = (self.public(self.rsa_key, "rsa", "RS256"), self.public(self.ec_key, "ec", "ES256"))
        address = f"{self.url}/.well-known/jwks"
        self.documents["/.well-known/openid-configuration"] = {"issuer": self.url, "jwks_uri": address}
        self.documents["/.well-known/jwks"] = {"keys": list(keys or own)}

    @staticmethod
    def public(key: Any, kid: str, algorithm: str) -> dict[str, Any]:
        """Return the public part of a key in the form in which it is published."""
        shown = jwt.get_algorithm_by_name(algorithm).to_jwk(key.public_key(), as_dict=True)
        return {**shown, "kid": kid, "use": "sig", "alg": algorithm}

    def claims(self, audience: Any, **changes: Any) -> dict[str, Any]:
        """Return the claims of a job at acme/training; None removes one."""
        now = int(time.time())
        claims = {"iss": self.url, "aud": audience, "sub": "repo:acme/training:ref:refs/heads/main"}
        claims |= {"iat": now, "nbf": now, "exp": now + 300, "jti": str(uuid.uuid4())}
        claims |= {"repository": "acme/training", "workflow": "release", **changes}
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, audience: Any, *, algorithm: str = "RS256", headers: Any = None, **changes: Any) -> str:
        """Return a signed ID token; `changes` replace claims."""
        key, kid = (self.rsa_key, "rsa") if algorithm == "RS256" else (self.ec_key, "ec")
        head = {"kid": kid, **(headers or {})}
        token: str = jwt.encode(self.claims(audience, **changes), key, algorithm, headers=head)
        return token


@contextmanager
def running() -> Iterator[Issuer]:
    """Serve an issuer during a `with` block."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            issuer.requests.append(self.path)
            found = issuer.documents.get(self.path)
            if isinstance(found, str):  # the target of a redirect
                self.send_response(302)
                self.send_header("location", found)
            else:
                self.send_response(404 if found is None else 200)
            body = found if isinstance(found, bytes) else json.dumps(found).encode()
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        issuer = Issuer(f"http://127.0.0.1:{server.server_address[1]}")
        issuer.publish()
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield issuer
        finally:
            server.shutdown()
            thread.join()


def flipped(token: str) -> str:
    head, claims, signature = token.split(".")
    raw = bytearray(base64.urlsafe_b64decode(signature + "=="))
    raw[5] ^= 1
    return f"{head}.{claims}.{base64.urlsafe_b64encode(raw).decode().rstrip('=')}"


def with_claims(token: str, **changes: Any) -> str:
    head, claims, signature = token.split(".")
    known = json.loads(base64.urlsafe_b64decode(claims + "=="))
    packed = base64.urlsafe_b64encode(json.dumps({**known, **changes}).encode()).decode().rstrip("=")
    return f"{head}.{packed}.{signature}"


def part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def confused(issuer: Issuer, claims: dict[str, Any], algorithm: str) -> str:
    """Sign with the public key as if it were a shared secret."""
    pem = issuer.rsa_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    text = f"{part({'alg': algorithm, 'typ': 'JWT', 'kid': 'rsa'})}.{part(claims)}"
    digest = hmac.digest(pem, text.encode(), hashlib.sha256)
    return f"{text}.{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"


def signed(claims: dict[str, Any], key: Any, algorithm: str, kid: str) -> str:
    token: str = jwt.encode(claims, key, algorithm, {"kid": kid})
    return token
