"""Trusted publishers: CI jobs that may write to a repository without a long-lived token.

The caller of this server names them. A job proves with an ID token that it is one of them, and gets a token for one
repository and an hour. Each ID token is exchanged once.
"""

import hashlib
import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hublish.base.durable import sync_folder
from hublish.hub.server.id_tokens import LEEWAY, IdTokens, check_issuer, require_library
from hublish.hub.server.repo_ids import RepoId
from hublish.schemas.documents.hub_names import URL_KINDS

# Seconds that a token is valid, as on the Hub.
LIFETIME = 3600


@dataclass(frozen=True, slots=True)
class Publisher:
    """The CI jobs that may write to one repository.

    Attributes:
        resource: The repository as HF_OIDC_RESOURCE names it: `namespace/name`, `datasets/namespace/name`, ...
        issuer: The URL of their issuer, equal to the claim `iss`.
        claims: Claims that their ID tokens have, with these values: `{"repository": "acme/training"}`. At least one:
            an issuer serves the jobs of everybody.
        audience: The claim `aud`; by default the endpoint of this Hub.
    """

    resource: str
    issuer: str
    claims: Mapping[str, str]
    audience: str | None = None

    def check(self) -> None:
        """Raise ValueError unless these are a repository, an issuer and claims."""
        check_issuer(self.issuer)
        repo_of(self.resource)
        if not self.claims:
            raise ValueError("a trusted publisher needs a claim besides its issuer, such as repository")
        claims: Mapping[Any, Any] = self.claims  # perhaps from a file
        for name, value in claims.items():
            if not isinstance(value, str) or not value:
                raise ValueError(f"the claim {str(name)[:80]!r} of a trusted publisher must be a text")

    def matches(self, claims: Mapping[str, Any], endpoints: frozenset[str]) -> bool:
        """Return whether an ID token is for this Hub, known by these endpoints, and has all of the claims."""
        audience = claims["aud"][0] if isinstance(claims["aud"], list) else claims["aud"]
        allowed = endpoints if self.audience is None else {self.audience.rstrip("/")}
        is_meant = claims["iss"] == self.issuer and audience.rstrip("/") in allowed
        return is_meant and all(claims.get(name) == value for name, value in self.claims.items())


def repo_of(resource: str) -> RepoId:
    """Return the repository that HF_OIDC_RESOURCE names; raise ValueError for anything else."""
    kind, _, name = resource.partition("/")
    if kind in URL_KINDS and "/" in name:
        return RepoId.parse(URL_KINDS[kind], name)
    return RepoId.parse("model", resource)


def read_publishers(path: Path) -> tuple[Publisher, ...]:
    """Read a JSON file with a list of publishers; raise ValueError for any other content, OSError without a file."""
    try:
        listed = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        raise ValueError("it is not JSON") from None
    if not isinstance(listed, list):
        raise ValueError("it is not a list of publishers")
    return tuple(_publisher(number, value) for number, value in enumerate(listed, 1))


def _publisher(number: int, value: Any) -> Publisher:
    known: dict[str, type] = {"resource": str, "issuer": str, "claims": dict, "audience": str}
    if not isinstance(value, dict) or not {"resource", "issuer", "claims"} <= value.keys() <= known.keys():
        raise ValueError(f"publisher {number} must have a resource, an issuer, claims, and perhaps an audience")
    if wrong := [name for name, content in value.items() if not isinstance(content, known[name])]:
        raise ValueError(f"{wrong[0]} of publisher {number} has the wrong type")
    publisher = Publisher(**value)
    try:
        publisher.check()
    except ValueError as error:
        raise ValueError(f"publisher {number}: {error}") from None
    return publisher


@dataclass(slots=True)
class Publishers:
    """The trusted publishers of one server, and the ID tokens that were exchanged on its root."""

    root: Path
    tokens: IdTokens = field(default_factory=IdTokens)
    clock: Callable[[], float] = time.time
    endpoints: frozenset[str] = frozenset()  # of this server: the audience of ID tokens
    lifetime: float = LIFETIME  # seconds
    _publishers: tuple[Publisher, ...] = ()

    def add(self, publisher: Publisher) -> None:
        """Trust a publisher; raise ValueError for an invalid one, RuntimeError when a package is missing."""
        publisher.check()
        require_library()
        self._publishers = (*self._publishers, publisher)

    def verify(self, token: str) -> dict[str, Any]:
        """Return the claims of an ID token of a trusted issuer; raise InvalidTokenError."""
        own = {known.audience.rstrip("/") for known in self._publishers if known.audience}
        return self.tokens.verify(token, {known.issuer for known in self._publishers}, self.endpoints | own)

    def permit(self, claims: Mapping[str, Any], repo: RepoId) -> bool:
        """Return whether the job with these claims may write to a repository."""
        # Two names on the Hub never differ in case alone.
        wanted = repo.key.lower()
        found = (known for known in self._publishers if repo_of(known.resource).key.lower() == wanted)
        return any(known.matches(claims, self.endpoints) for known in found)

    def use(self, token: str, claims: Mapping[str, Any]) -> bool:
        """Record the exchange of an ID token, durably; return False when it was exchanged before."""
        # Some issuers do not number their tokens.
        number = claims.get("jti")
        name = f"{claims['iss']}\n{number}" if isinstance(number, str) and number else token.rpartition(".")[0]
        folder = self.root / "id-tokens"
        folder.mkdir(parents=True, exist_ok=True)
        self._forget_expired(folder)
        try:
            used = folder / hashlib.sha256(name.encode()).hexdigest()
            descriptor = os.open(used, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except FileExistsError:
            return False
        try:
            until = float(claims["exp"]) + LEEWAY
            os.utime(descriptor, (until, until))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        sync_folder(folder)
        return True

    def _forget_expired(self, folder: Path) -> None:
        for path in folder.iterdir():
            try:
                # Until its time is set, a new file looks recent.
                if path.stat().st_mtime < self.clock() - 60:
                    path.unlink()
            except FileNotFoundError:
                continue
