"""Short-lived access tokens and signed download addresses, checked without any state.

The client sends an access token with every call to the content store except for the download of xorbs,
where it sends nothing: there the address itself is the permission. A token names the repository it was
issued for, but content is shared between repositories: who may read one and knows the hash of a file, which
only its readers are told, can fetch that file.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Scope = Literal["read", "write"]

LIFETIME = 3600
"""Seconds a token or an address is good for; the client fetches a new token in time."""

_PREFIX = "xet"


@dataclass(frozen=True, slots=True)
class Access:
    """What a token permits."""

    scope: Scope
    """`write` includes `read`."""
    repo: str
    """The repository it was issued for, such as `models/acme/digits`."""
    expires: int
    """Seconds since the epoch."""


@dataclass(frozen=True, slots=True)
class Signer:
    """Issues and checks what only this store could have issued."""

    secret: bytes
    clock: Callable[[], float]

    def issue(self, scope: Scope, repo: str) -> tuple[str, int]:
        """Return an access token and the second it expires."""
        expires = int(self.clock()) + LIFETIME
        claims = f"{_PREFIX}.{scope}.{expires}.{base64.urlsafe_b64encode(repo.encode()).decode()}"
        return f"{claims}.{self._sign('token', claims)}", expires

    def check(self, token: str) -> Access | None:
        """Return what a token permits; None if it is forged, damaged or expired."""
        claims, _, signature = token.rpartition(".")
        if not self._is_signed("token", claims, signature):
            return None
        _, scope, expires, repo = claims.split(".")
        access = Access("write" if scope == "write" else "read", base64.urlsafe_b64decode(repo).decode(), int(expires))
        return access if access.expires > self.clock() else None

    def sign_address(self, path: str) -> str:
        """Return `path` with a query that permits to read it for a while."""
        expires = int(self.clock()) + LIFETIME
        return f"{path}?expires={expires}&signature={self._sign('address', f'{path} {expires}')}"

    def permits(self, path: str, expires: str, signature: str) -> bool:
        """Tell whether the query of a signed address is genuine and not expired."""
        genuine = self._is_signed("address", f"{path} {expires}", signature)
        return genuine and int(expires) > self.clock()

    def _sign(self, purpose: str, text: str) -> str:
        return hmac.new(self.secret, f"{purpose} {text}".encode(errors="replace"), hashlib.sha256).hexdigest()

    def _is_signed(self, purpose: str, text: str, signature: str) -> bool:
        return hmac.compare_digest(self._sign(purpose, text).encode(), signature.encode(errors="replace"))
