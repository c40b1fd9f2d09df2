"""ID tokens of trusted issuers: signed statements of a CI job about itself, which PyJWT checks.

Only the issuer's published keys count, and only with the algorithm that a key is for: nothing in a token selects
another key, another source of keys, or no signature at all.
"""

import http.client
import ipaddress
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import IO, Any
from urllib.parse import urlsplit

from hublish.hub.server.http import parse_json

# The type of key of each accepted algorithm, both with SHA-256.
ALGORITHMS = {"RS256": "RSA", "ES256": "EC"}

# Characters of a token, and bytes of an issuer's document, at most.
MAX_TOKEN = 16 << 10
MAX_DOCUMENT = 1 << 20

# Seconds by which clocks may differ, and that a token may be valid.
LEEWAY = 30
LONGEST = 24 * 3600

# Seconds that keys are kept, and after which an unknown key is looked up again. Anybody may send a token with one.
KEPT = 300
RETRY = 10

TIMEOUT = 10.0

# Bits of an RSA key, at least.
_MIN_BITS = 2048


class InvalidTokenError(ValueError):
    """An ID token that proves nothing; the message does not repeat it."""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Follow none: the keys are those at the issuer's own address."""


def require_library() -> None:
    """Raise RuntimeError unless the library that checks tokens is installed."""
    if not (find_spec("jwt") and find_spec("cryptography")):
        raise RuntimeError("trusted issuers need another package: pip install 'hublish[oidc]'")


def check_issuer(issuer: str) -> None:
    """Raise ValueError unless `issuer` is an https:// URL, or an http:// URL of this machine."""
    parts = urlsplit(issuer)
    if parts.query or parts.fragment or parts.username or not parts.hostname:
        raise ValueError(f"not the URL of an issuer: {issuer[:200]!r}")
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(parts.hostname)):
        raise ValueError(f"an issuer has an https:// URL: {issuer[:200]!r}")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def fetch_document(url: str) -> dict[str, Any]:
    """Return the JSON object at a URL; raise InvalidTokenError for anything else."""
    # A proxy cannot reach this machine's loopback.
    proxies = [urllib.request.ProxyHandler({})] if url.startswith("http://") else []
    try:
        with urllib.request.build_opener(_NoRedirects, *proxies).open(url, timeout=TIMEOUT) as response:
            value = parse_json(_limited(response))
    except (OSError, ValueError, http.client.HTTPException):
        raise InvalidTokenError("The keys of its issuer cannot be read") from None
    if not isinstance(value, dict):
        raise InvalidTokenError("The keys of its issuer cannot be read")
    return value


def _limited(file: IO[bytes]) -> bytes:
    content = file.read(MAX_DOCUMENT + 1)
    if len(content) > MAX_DOCUMENT:
        raise ValueError("too long")
    return content


@dataclass(slots=True)
class _Keys:
    keys: list[dict[str, Any]]
    read_at: float


@dataclass(frozen=True, slots=True)
class IdTokens:
    """Checks tokens, and keeps the keys of their issuers."""

    fetch: Callable[[str], dict[str, Any]] = fetch_document
    clock: Callable[[], float] = time.time
    _known: dict[str, _Keys] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def verify(self, token: str, issuers: Collection[str], audiences: Collection[str]) -> dict[str, Any]:
        """Return the claims of a token for one of the audiences; raise InvalidTokenError for any other."""
        import jwt

        if len(token) > MAX_TOKEN:
            raise InvalidTokenError(f"The ID token is longer than {MAX_TOKEN} characters")
        try:
            header = jwt.get_unverified_header(token)
            issuer = jwt.decode(token, options={"verify_signature": False}).get("iss")
        except (*_FAILURES, jwt.PyJWTError):
            raise InvalidTokenError("The ID token is not a JWT") from None
        algorithm, kid = header.get("alg"), header.get("kid")
        if not isinstance(algorithm, str) or algorithm not in ALGORITHMS or header.keys() & {"crit", "b64"}:
            raise InvalidTokenError(f"The ID token must be signed with {' or '.join(ALGORITHMS)}")
        if not isinstance(issuer, str) or issuer not in issuers:
            raise InvalidTokenError("The issuer of the ID token is not trusted here")
        claims = self._decoded(token, self._key(issuer, kid, algorithm), algorithm, issuer)
        _require_audience(claims["aud"], audiences)
        self._require_short(claims)
        return claims

    def _decoded(self, token: str, key: Any, algorithm: str, issuer: str) -> dict[str, Any]:
        import jwt

        required = ["iss", "sub", "aud", "exp", "iat"]
        options: Any = {"require": required, "verify_aud": False}
        try:
            claims: dict[str, Any] = jwt.decode(
                token, key, algorithms=[algorithm], issuer=issuer, leeway=LEEWAY, options=options
            )
        except jwt.ExpiredSignatureError:
            raise InvalidTokenError("The ID token has expired") from None
        except jwt.ImmatureSignatureError:
            raise InvalidTokenError("The ID token is not valid yet") from None
        except jwt.MissingRequiredClaimError as error:
            raise InvalidTokenError(f"The ID token has no claim {error.claim}") from None
        except (*_FAILURES, jwt.PyJWTError):
            raise InvalidTokenError("The ID token has an invalid signature or invalid claims") from None
        return claims

    def _require_short(self, claims: dict[str, Any]) -> None:
        # Each use is remembered until the token expires.
        if int(claims["exp"]) > self.clock() + LONGEST:
            raise InvalidTokenError("The ID token is valid for more than a day")

    def _key(self, issuer: str, kid: object, algorithm: str) -> Any:
        import jwt

        if not isinstance(kid, str):
            raise InvalidTokenError("The ID token does not name its key")
        found = [key for key in self._keys(issuer, kid) if _is_for(key, kid, algorithm)]
        if len(found) != 1:
            raise InvalidTokenError("The key of the ID token is not one of its issuer's")
        try:
            key = jwt.PyJWK(found[0], algorithm=algorithm).key
        except (*_FAILURES, jwt.PyJWTError):
            raise InvalidTokenError("The key of the ID token is not valid") from None
        if algorithm == "RS256" and key.key_size < _MIN_BITS:
            raise InvalidTokenError(f"The key of the ID token has less than {_MIN_BITS} bits")
        return key

    def _keys(self, issuer: str, kid: str) -> list[dict[str, Any]]:
        with self._lock:  # one request to an issuer at a time
            known, now = self._known.get(issuer), self.clock()
            age = now - known.read_at if known else KEPT
            is_known = known is not None and any(key.get("kid") == kid for key in known.keys)
            if known is None or age >= (KEPT if is_known else RETRY):
                known = self._known[issuer] = _Keys(list(self._read(issuer)), now)
            return known.keys

    def _read(self, issuer: str) -> Iterator[dict[str, Any]]:
        described = self.fetch(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        address = described.get("jwks_uri")
        if described.get("issuer") != issuer or not isinstance(address, str):
            raise InvalidTokenError("The keys of its issuer cannot be read")
        # Plain http only where the issuer's own address is: on this machine.
        if urlsplit(address).scheme != "https" and urlsplit(address)[:2] != urlsplit(issuer)[:2]:
            raise InvalidTokenError("The keys of its issuer cannot be read")
        keys = self.fetch(address).get("keys")
        yield from (key for key in (keys if isinstance(keys, list) else []) if isinstance(key, dict))


# The exceptions for malformed tokens and keys, besides the library's own.
_FAILURES = (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError)


def _is_for(key: dict[str, Any], kid: str, algorithm: str) -> bool:
    curve = key.get("crv") == "P-256" if algorithm == "ES256" else True
    kind = key.get("kty") == ALGORITHMS[algorithm] and curve
    return kind and key.get("kid") == kid and key.get("use", "sig") == "sig" and key.get("alg", algorithm) == algorithm


def _require_audience(audience: object, audiences: Collection[str]) -> None:
    # A token for several services could be passed on by any of them.
    wanted = audience[0] if isinstance(audience, list) and len(audience) == 1 else audience
    if not isinstance(wanted, str) or wanted.rstrip("/") not in audiences:
        expected = " or ".join(sorted(audiences))
        raise InvalidTokenError(f"The audience (aud) of the ID token must be {expected}, and nothing else")
