"""Users and their tokens, and their requests for access to gated repositories."""

import hashlib
import re
import secrets
import string
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from hublish.hub.server.durable_files import locked, read_json, write_json
from hublish.hub.server.repo_ids import RepoId, is_valid_name
from hublish.hub.server.repositories import timestamp

_ALPHABET = string.ascii_letters + string.digits

# The characters of an HTTP header: visible ASCII without spaces.
_TOKEN = re.compile(r"[!-~]{1,500}")


class AccountError(ValueError):
    """A name or a token that an account cannot have."""


@dataclass(frozen=True, slots=True)
class Account:
    """A user, with the rights of the token that was sent."""

    user: str
    orgs: tuple[str, ...] = ()  # organizations the user writes for
    admin: bool = False  # reads and writes in every namespace: the owner of the embedded Hub
    role: str = "write"  # of the token: `read`, `write` or `fineGrained`
    full_name: str = ""  # as shown to people
    repo: str = ""  # the key of the only repository that the token may write to; empty: no such limit
    readers: tuple[str, ...] = ()  # those of `orgs` in which the user may only read
    scopes: tuple[str, ...] = ()  # of a fine-grained token: the namespaces and keys of repositories to write to
    token_created: str = field(default="", compare=False)  # when the token was issued

    def belongs_to(self, namespace: str) -> bool:
        """Return whether the account sees and owns the content of `namespace`."""
        return self.admin or namespace == self.user or namespace in self.orgs

    def owns(self, repo: RepoId) -> bool:
        """Return whether the account sees a repository when it is private."""
        return self.repo == repo.key if self.repo else self.belongs_to(repo.namespace)

    @property
    def writes(self) -> bool:
        """Whether the token may write somewhere."""
        return self.role != "read"

    def writes_to(self, namespace: str, *keys: str) -> bool:
        """Return whether the token may write in a namespace, or to a repository in it, by the repository's key."""
        member = self.writes and self.belongs_to(namespace) and namespace not in self.readers
        return member and (self.role != "fineGrained" or not {namespace, *keys}.isdisjoint(self.scopes))


@dataclass(frozen=True, slots=True)
class Organization:
    """A namespace that users share."""

    name: str
    full_name: str = ""  # as shown to people
    private: bool = False  # new repositories are private unless their creator decides otherwise
    resource_groups: Mapping[str, str] = field(default_factory=dict)  # the name of each group, by its id


class Accounts:
    """The accounts of one root; read from disk on every call, since other processes add to them."""

    def __init__(self, root: Path) -> None:
        self._path = root / "accounts.json"
        self._lock = root / "locks" / "accounts.lock"
        self._scratch = root / "incoming"

    def of(self, token: str) -> Account | None:
        """Return the account of a token, or None."""
        content = self._read()
        if (known := content["tokens"].get(token)) is None:
            return None
        if "repo" in known:
            return _scoped(known)
        user = content["users"][known["user"]]
        rights = {"role": known["role"], "scopes": tuple(known.get("scopes", ()))}
        return replace(_account(known["user"], user), **rights, token_created=known.get("created", ""))

    def named(self, user: str) -> Account | None:
        """Return the account of a user, with the rights of a write token, or None."""
        content = self._read()
        if known := content["users"].get(user):
            return _account(user, known)
        # A job has an account as long as it has a token.
        scoped = (known for known in content["tokens"].values() if known["user"] == user and "repo" in known)
        return next(filter(None, map(_scoped, scoped)), None)

    def all(self) -> list[Account]:
        """Return all users by name, with the rights of a write token."""
        return [_account(name, known) for name, known in sorted(self._read()["users"].items())]

    def organization(self, name: str) -> Organization | None:
        """Return an organization that was added, or of which a user is a member, or None."""
        content = self._read()
        members = {org for known in content["users"].values() for org in known["orgs"]}
        known = content["organizations"].get(name, {})
        return Organization(name, **known) if known or name in members else None

    def full_name(self, organization: str) -> str:
        """Return the name of an organization as shown to people."""
        known = self.organization(organization)
        return (known and known.full_name) or organization

    def add_organization(self, organization: Organization) -> None:
        """Register an organization; raise AccountError for a name that the Hub does not allow or that a user has."""
        name = organization.name
        if not is_valid_name(name):
            raise AccountError(f"invalid name of a user or organization: {name[:80]!r}")
        with locked(self._lock):
            content = self._read()
            if any(user.lower() == name.lower() for user in content["users"]):
                raise AccountError(f"{name} is the name of a user")
            known = asdict(organization)
            content["organizations"][known.pop("name")] = known
            write_json(self._path, content, scratch=self._scratch, mode=0o600)

    def default_visibility(self, namespace: str) -> str:
        """Return the visibility of a new repository in a namespace, unless its creator chooses another one."""
        owner = self.organization(namespace)
        return "private" if owner and owner.private else "public"

    def is_known(self, namespace: str) -> bool:
        """Return whether this is the name of a user or of an organization, in any case."""
        content = self._read()
        members = {org for user in content["users"].values() for org in user["orgs"]}
        names = {*content["users"], *content["organizations"], *members}
        return namespace.lower() in {name.lower() for name in names}

    def add(self, account: Account, token: str | None = None) -> str:
        """Register an account and return its token: by default the existing one for its role, or else a new one.

        Raise AccountError for a name that the Hub does not allow (names become part of commits and folders), for a
        token that a header cannot carry, and for a name or a token that belongs to another user. Messages do not
        repeat a token.
        """
        for name in (account.user, *account.orgs):
            if not is_valid_name(name):
                raise AccountError(f"invalid name of a user or organization: {name[:80]!r}")
        if token is not None:
            check_token(token)
        with locked(self._lock):
            content = self._read()
            _require_free(content, account, token)
            wanted: dict[str, Any] = {"user": account.user, "role": account.role}
            if account.role == "fineGrained":
                wanted["scopes"] = list(account.scopes)
            # In the Hub's form, for which commits are searched.
            new = "hf_" + "".join(secrets.choice(_ALPHABET) for _ in range(34))
            # The same token on every start: a shell keeps its HF_TOKEN.
            same = (token for token, known in content["tokens"].items() if wanted.items() <= known.items())
            token = token or next(same, new)
            content["users"][account.user] = {
                "orgs": account.orgs,
                "admin": account.admin,
                "full_name": account.full_name,
                "readers": account.readers,
            }
            content["tokens"][token] = {"created": timestamp(), **content["tokens"].get(token, {}), **wanted}
            write_json(self._path, content, scratch=self._scratch, mode=0o600)
            return token

    def issue(self, user: str, repo: str, lifetime: float) -> str:
        """Return a new token, valid for `lifetime` seconds, that may write to one repository and nowhere else."""
        token = "hf_jwt_" + "".join(secrets.choice(_ALPHABET) for _ in range(48))
        scoped = {"user": user, "role": "write", "repo": repo, "expires": time.time() + lifetime}
        with locked(self._lock):
            content = self._read()
            live = {name: known for name, known in content["tokens"].items() if "repo" not in known or _scoped(known)}
            content["tokens"] = {**live, token: {"created": timestamp(), **scoped}}
            write_json(self._path, content, scratch=self._scratch, mode=0o600)
        return token

    def _read(self) -> dict[str, dict[str, Any]]:
        return {"users": {}, "tokens": {}, "organizations": {}, **read_json(self._path, {})}


def avatar_of(name: str) -> str:
    """Return the address of a user's picture, relative to the Hub's as for users without one of their own."""
    return f"/avatars/{hashlib.sha256(name.encode()).hexdigest()[:32]}.svg"


def _account(user: str, known: dict[str, Any]) -> Account:
    # Accounts of older versions have no full name, and write in all of their organizations.
    full_name, readers = known.get("full_name", ""), tuple(known.get("readers", ()))
    return Account(user, tuple(known["orgs"]), admin=known["admin"], full_name=full_name, readers=readers)


def _scoped(known: dict[str, Any]) -> Account | None:
    if known["expires"] <= time.time():
        return None
    return Account(known["user"], repo=known["repo"], token_created=known["created"])


def check_token(token: str) -> None:
    """Raise AccountError unless an HTTP header can carry `token`."""
    if not _TOKEN.fullmatch(token):
        raise AccountError("a token is 1 to 500 visible ASCII characters, without spaces")


def _require_free(content: dict[str, dict[str, Any]], account: Account, token: str | None) -> None:
    # Registered again, the owner would lose the rights of one, and a token would change its user.
    if (known := content["users"].get(account.user)) and known["admin"] and not account.admin:
        raise AccountError(f"{account.user} is the owner of this Hub")
    same = next((name for name in content["users"] if name.lower() == account.user.lower()), account.user)
    if same != account.user:
        raise AccountError(f"the name of the user {same} differs in case alone")
    if token and (user := content["tokens"].get(token, {}).get("user", account.user)) != account.user:
        raise AccountError(f"the token of {account.user} already belongs to the user {user}")


STATUSES = ("pending", "accepted", "rejected")


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """A user's request, or the access that was granted without one."""

    id: str
    user: str
    status: str  # one of STATUSES
    timestamp: str
    granted: bool = False  # by the owner, without a request
    fields: dict[str, str] | None = None  # the user's own entries
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
