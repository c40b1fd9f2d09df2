"""Requests for access to gated repositories: one JSON file for each user, in the repository's folder.

Callers that change one hold the repository's lock.
"""

import secrets
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from hublish.hub.server.durable_files import read_json, write_json
from hublish.hub.server.repo_ids import is_valid_name

STATUSES = ("pending", "accepted", "rejected")


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """A user's request, or the access that was granted without one."""

    id: str
    user: str
    status: str  # one of STATUSES
    timestamp: str
    granted: bool = False  # by the owner, without a request
    fields: dict[str, str] | None = None  # what the user filled in
    rejection_reason: str | None = None

    @classmethod
    def new(cls, user: str, status: str, timestamp: str, **more: Any) -> "AccessRequest":
        """Return a new request with an id in the Hub's form."""
        return cls(secrets.token_hex(12), user, status, timestamp, **more)

    def handled(self, status: str, reason: str | None = None) -> "AccessRequest":
        """Return the request with another status."""
        return replace(self, status=status, rejection_reason=reason)


class AccessRequests:
    """The requests for one repository."""

    def __init__(self, repository: Path) -> None:
        self._folder = repository / "hub" / "access"
        self._scratch = repository / "hub" / "scratch"

    def of(self, user: str) -> AccessRequest | None:
        """Return the request of a user, or None."""
        # `user` may come from a request: another string could name any file.
        content = read_json(self._folder / f"{user}.json") if is_valid_name(user) else None
        # Some file systems take the names of two users, `ann` and `Ann`, for one.
        return AccessRequest(**content) if content and content["user"] == user else None

    def with_id(self, number: str) -> AccessRequest | None:
        """Return the request with an id, or None."""
        return next((request for request in self.list() if request.id == number), None)

    def list(self) -> list[AccessRequest]:
        """Return all requests, the oldest first."""
        found = filter(None, (self.of(path.stem) for path in self._folder.glob("*.json")))
        return sorted(found, key=lambda request: (request.timestamp, request.user))

    def save(self, request: AccessRequest) -> None:
        """Store a request, atomically."""
        write_json(self._folder / f"{request.user}.json", asdict(request), scratch=self._scratch)
