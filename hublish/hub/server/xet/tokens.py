"""Short-lived access tokens and signed download addresses, checked without any state.

The client sends an access token with every call to the content store except for the download of xorbs, which carries
no token: there, the address itself is the permission. Both name the repository and the user that they were issued for.
The signature proves that; the routes then check whether this user may still read that repository.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlencode

Scope = Literal["read", "write"]

# Seconds until a token expires; the client fetches a new token in time.
LIFETIME = 3600

# Seconds until an address expires; the client fetches a new reconstruction when it is too late.
ADDRESS_LIFETIME = 900


@dataclass(frozen=True, slots=True)
class Access:
    """The rights of a token or of an address."""

    scope: Scope  # `write` includes `read`
    repo: str  # the key of the repository it was issued for
    user: str  # the name of the user it was issued to; empty for an anonymous caller


@dataclass(frozen=True, slots=True)
class Address:
    """A range of a xorb that may be downloaded."""

    path: str
    first: int
    last: int  # inclusive, as in a Range header


@dataclass(frozen=True, slots=True)
class Signer:
    """Issues tokens and addresses, and accepts only its own."""

    secret: bytes
    clock: Callable[[], float]

    def issue(self, access: Access) -> tuple[str, int]:
        """Return an access token and the second of its expiry."""
        expires = int(self.clock()) + LIFETIME
        claims = f"xet.{access.scope}.{expires}.{_packed(access)}"
        return f"{claims}.{self._sign('token', claims)}", expires

    def check(self, token: str) -> Access | None:
        """Return the rights of a token; None if it is forged, damaged or expired."""
        claims, _, signature = token.rpartition(".")
        if not self._is_signed("token", claims, signature):
            return None
        _, scope, expires, packed = claims.split(".")  # genuine, so it has these fields
        return _unpacked("write" if scope == "write" else "read", packed) if int(expires) > self.clock() else None

    def sign_address(self, address: Address, access: Access) -> str:
        """Return the path with a query that permits reading the range until `ADDRESS_LIFETIME` from now."""
        # The range is part of it: other chunks of the xorb may belong to files that the caller may not read.
        claims = {"for": _packed(access), "range": f"{address.first}-{address.last}"}
        query = urlencode({**claims, "expires": int(self.clock()) + ADDRESS_LIFETIME})
        return f"{address.path}?{query}&signature={self._sign('address', f'{address.path} {query}')}"

    def permits(self, path: str, packed: str, span: str, expires: str, signature: str) -> tuple[Address, Access] | None:
        """Return the rights that the query of a signed address carries; None if it is forged or expired."""
        query = urlencode({"for": packed, "range": span, "expires": expires})
        if not self._is_signed("address", f"{path} {query}", signature) or int(expires) <= self.clock():
            return None
        first, _, last = span.partition("-")
        return Address(path, int(first), int(last)), _unpacked("read", packed)

    def _sign(self, purpose: str, text: str) -> str:
        # With the purpose in the text, a token's signature is not valid for an address.
        return hmac.new(self.secret, f"{purpose} {text}".encode(errors="replace"), hashlib.sha256).hexdigest()

    def _is_signed(self, purpose: str, text: str, signature: str) -> bool:
        # A comparison in constant time does not reveal how many characters were right.
        return hmac.compare_digest(self._sign(purpose, text).encode(), signature.encode(errors="replace"))


def _packed(access: Access) -> str:
    return base64.urlsafe_b64encode(f"{access.repo} {access.user}".encode()).decode()


def _unpacked(scope: Scope, packed: str) -> Access:
    repo, _, user = base64.urlsafe_b64decode(packed).decode().partition(" ")
    return Access(scope, repo, user)
