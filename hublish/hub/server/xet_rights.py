"""The rights behind xet tokens and signed addresses, checked again on every call."""

from hublish.hub.server.access import (
    bucket_has,
    identify,
    repo_to_read,
    repo_to_upload,
    repo_to_write,
    require_readable,
)
from hublish.hub.server.http import Request
from hublish.hub.server.refusals import unauthenticated
from hublish.hub.server.repo_ids import BUCKET, RepoId
from hublish.hub.server.stores import Hub
from hublish.hub.server.xet.tokens import Access, Scope


class XetRights:
    """The rights of users in repositories: a token outlives a change of either."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def of(self, request: Request, scope: Scope) -> Access:
        """Return the rights of `scope` in the repository in a request's path; raise HubError unless they are given."""
        reads = scope == "read"
        # Buckets have no revisions.
        to_write = repo_to_upload if "revision" in request.params else _repo_to_write
        repo = repo_to_read(self._hub, request, content=True) if reads else to_write(self._hub, request)
        account = identify(self._hub, request)
        return Access(scope, repo.key, account.user if account else "")

    def check(self, access: Access) -> None:
        """Raise HubError unless the user still has these rights."""
        account = self._hub.accounts.named(access.user)
        repo = self._hub.repositories.current(RepoId.from_key(access.repo))  # it may have been moved
        require_readable(self._hub, account, repo, content=access.scope == "read")
        if account is None and access.scope == "write":
            raise unauthenticated()

    def permits(self, access: Access, sha256: str) -> bool:
        """Return whether the user may read a file: the repository contains it, or the user sent it."""
        if access.user and self._hub.senders.has(access.user, sha256):
            return True
        repo = self._hub.repositories.current(RepoId.from_key(access.repo))
        if repo.kind == BUCKET:
            return bucket_has(self._hub, repo, sha256)
        with self._hub.repositories.open(repo) as git:
            return bool(self._hub.references.files(git, [sha256]))

    def add(self, access: Access, sha256s: list[str]) -> bool:
        """Record files that the user has sent; return whether any of them is new."""
        return self._hub.senders.add(access.user, sha256s)

    def sender(self, access: Access) -> str | None:
        """Return the user whose xorbs new files may consist of; None for a user who may read everything."""
        account = self._hub.accounts.named(access.user)
        return None if account and account.admin else access.user


def _repo_to_write(hub: Hub, request: Request) -> RepoId:
    return repo_to_write(hub, request)[0]
