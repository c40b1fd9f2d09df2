"""The account of a token, and whether the token may publish to a repo, as far as the Hub shows it.

Each question costs one request. An answer in a form that is not known here never counts as a refusal.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from hublish.base.errors import AuthenticationError, OfflineError, RemoteError
from hublish.base.values import RepoRef
from hublish.hub.client import listings
from hublish.schemas.diagnose.problems import Problem

if TYPE_CHECKING:
    from hublish.hub.client.hub import Hub

LOGIN: Final = "log in with `hf auth login`, or set HF_TOKEN to a token with write access"
_NO_ACCOUNT: Final = (
    f"{LOGIN}; without an account, --local publishes to a Hub on this machine, and `hublish rehearse` tries the release"
)
_FINE_GRAINED: Final = "fineGrained"
_ASKING: Final = "asking who the token belongs to"
# The entities of fine-grained permissions that own repos.
_OWNERS: Final = ("user", "org")


@dataclass(frozen=True, slots=True)
class Account:
    """The account of a token, and the rights of the token."""

    name: str
    role: str
    """`read`, `write`, `fineGrained`, or empty."""
    orgs: Mapping[str, str] | None = None
    """The user's role in each organization, empty where it is unknown; None when the account has no such limit."""
    writable: frozenset[str] | None = None
    """The namespaces and repos, such as `acme` and `model acme/digits`, that a fine-grained token may write to; None
    when they are unknown or without a limit. In lower case, as the Hub ignores the case of names."""

    @classmethod
    def of(cls, body: Any) -> "Account":
        """Return the account that `whoami-v2` describes."""
        name = listings.field(body, "name", str)
        token = _object(_object(body, "auth"), "accessToken")
        role = token.get("role")
        # The owner of the embedded Hub writes in every namespace, as no account of the public one does.
        orgs = None if body.get("isAdmin") is True else _orgs(body.get("orgs"))
        writable = _writable(token.get(_FINE_GRAINED)) if role == _FINE_GRAINED else None
        return cls(name, role if isinstance(role, str) else "", orgs, writable)

    def against_proposing(self) -> Iterator[Problem]:
        """Yield why the token may not open a pull request, as far as that is known."""
        if self.role == "read":
            yield _refused(f"the token of {self.name} may only read")

    def against_creating(self, repo: RepoRef) -> Iterator[Problem]:
        """Yield why the token may not create a repo, as far as that is known."""
        yield from self.against_proposing()
        namespace, _, name = repo.repo_id.rpartition("/")
        owner = namespace or self.name
        full = f"{owner}/{name}"
        if self.orgs is not None and owner.lower() not in {each.lower() for each in (self.name, *self.orgs)}:
            listed = f" ({', '.join(sorted(self.orgs))})" if self.orgs else ""
            reason = f"{owner} is neither the account of the token, {self.name}, nor one of its organizations{listed}"
            yield _refused(reason, f"name a repo such as {self.name}/{name}, or use the token of a member of {owner}")
        if self._role_in(owner) == "read":
            reason = f"{self.name} may only read in the organization {owner}"
            yield _refused(reason, f"ask an administrator of {owner} for a role that may write")
        if self.writable is not None and not {owner.lower(), f"{repo.repo_type} {full}".lower()} & self.writable:
            reason = f"the fine-grained token of {self.name} has no write access to {full}"
            yield _refused(reason, f"add write access to the repos of {owner} in the settings of the token")

    def _role_in(self, owner: str) -> str:
        return next((role for name, role in (self.orgs or {}).items() if name.lower() == owner.lower()), "")


def account(hub: "Hub", *, once: bool = False) -> Account:
    """Return the account of the token.

    Args:
        hub: the Hub.
        once: do not ask again when the Hub is busy: it limits the rate of this call more than that of others.
    """
    body = hub.request(_ASKING, "GET", "whoami-v2", once=once)
    with hub.translating(_ASKING):
        return Account.of(body)


def objections(
    hub: "Hub", repo: RepoRef, *, exists: bool, proposes: bool = False, known: Account | None = None
) -> tuple[Problem, ...]:
    """Return why the Hub would refuse to publish to a repo, as far as that is known.

    Args:
        hub: the Hub.
        repo: the repo.
        exists: whether the repo exists: the Hub then decides about this very repo, else its namespace counts.
        proposes: whether the release is a pull request, which every reader with a write token may open.
        known: the account, if it has been asked for.

    Raises:
        OfflineError: the Hub cannot be reached.
    """
    # The token of a CI job is of one repo, and has neither a namespace nor organizations of its own.
    if hub.credentials.exchanges(hub.token):
        return ()
    asks_repo = exists and not proposes
    try:
        if asks_repo:
            path = f"{repo.repo_type}s/{repo.repo_id}/auth-check/write"
            hub.request(f"the token may not write to {repo.repo_id}", "GET", path, once=True)
            return ()
        found = known or account(hub, once=True)
    except OfflineError:
        raise
    except AuthenticationError as error:
        if not hub.has_token:
            return (_refused("there is no token, and publishing needs one", _NO_ACCOUNT),)
        return (_refused(error.message if asks_repo else "the Hub does not accept the token"),)
    except RemoteError:  # this Hub describes neither rights nor accounts, or is busy
        return ()
    return tuple(found.against_proposing() if proposes else found.against_creating(repo))


def _refused(reason: str, hint: str = LOGIN) -> Problem:
    return Problem(AuthenticationError.code, reason, hint)


def _object(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = body.get(name)
    return found if isinstance(found, dict) else {}


def _orgs(listed: Any) -> Mapping[str, str] | None:
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        return None
    named = {each.get("name"): each.get("roleInOrg") for each in listed}
    if not all(isinstance(name, str) for name in named):
        return None
    return MappingProxyType({name: role if isinstance(role, str) else "" for name, role in named.items()})


def _writable(described: Any) -> frozenset[str] | None:
    """Return the namespaces and repos of fine-grained permissions; None unless every entry has the known form."""
    try:
        if any(map(_writes, described.get("global", ()))):
            return None
        scoped = [(one["entity"]["type"], one["entity"]["name"], one["permissions"]) for one in described["scoped"]]
        names = ((name if kind in _OWNERS else f"{kind} {name}", granted) for kind, name, granted in scoped)
        return frozenset(name.lower() for name, granted in names if any(map(_writes, granted)))
    except (AttributeError, KeyError, TypeError):
        return None


def _writes(permission: str) -> bool:
    # `repo.write` today; a narrower one may come.
    return permission.startswith("repo.") and permission.endswith("write")
