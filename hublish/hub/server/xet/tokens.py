"""Short-lived access tokens and signed download addresses, checked without any state.

The client sends an access token with every call to the content store except for the download of xorbs, which carries
no token: there, the address itself is the permission. A token names its repository, but content is shared between
repositories: anyone who may read one repository and knows the hash of a file, which is shown only to its readers, can
fetch that file.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Scope = Literal["read", "write"]

# Seconds until a token or an address expires; the client fetches a new token in time.
LIFETIME = 3600


@dataclass(frozen=True, slots=True)
class Access:
    """The rights of a token."""

    scope: Scope  # `write` includes `read`
    repo: str  # the repository it was issued for, such as `acme/digits`
    expires: int  # seconds since the epoch


@dataclass(frozen=True, slots=True)
class Signer:
    """Issues tokens and addresses, and accepts only its own."""

    secret: bytes
    clock: Callable[[], float]

    def issue(self, scope: Scope, repo: str) -> tuple[str, int]:
        """Return an access token and the second of its expiry."""
        expires = int(self.clock()) + LIFETIME
        claims = f"xet.{scope}.{expires}.{base64.urlsafe_b64encode(repo.encode()).decode()}"
        return f"{claims}.{self._sign('token', claims)}", expires

    def check(self, token: str) -> Access | None:
        """Return the rights of a token; None if it is forged, damaged or expired."""
        claims, _, signature = token.rpartition(".")
        if not self._is_signed("token", claims, signature):
            return None
        _, scope, expires, repo = claims.split(".")  # genuine, so it has these fields
        access = Access("write" if scope == "write" else "read", base64.urlsafe_b64decode(repo).decode(), int(expires))
        return access if access.expires > self.clock() else None

    def sign_address(self, path: str) -> str:
        """Return `path` with a query that permits reading it until `LIFETIME` from now."""
        expires = int(self.clock()) + LIFETIME
        return f"{path}?expires={expires}&signature={self._sign('address', f'{path} {expires}')}"

    def permits(self, path: str, expires: str, signature: str) -> bool:
        """Return whether the query of a signed address is genuine and not expired."""
        genuine = self._is_signed("address", f"{path} {expires}", signature)
        return genuine and int(expires) > self.clock()

    def _sign(self, purpose: str, text: str) -> str:
        # With the purpose in the text, a token's signature is not valid for an address.
        return hmac.new(self.secret, f"{purpose} {text}".encode(errors="replace"), hashlib.sha256).hexdigest()

    def _is_signed(self, purpose: str, text: str, signature: str) -> bool:
        # A comparison in constant time does not reveal how many characters were right.
        return hmac.compare_digest(self._sign(purpose, text).encode(), signature.encode(errors="replace"))
