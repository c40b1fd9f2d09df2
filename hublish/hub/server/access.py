"""Authorization: every handler that touches a repository begins with one of the `authorize` functions."""

import base64
import binascii
from collections.abc import Iterable, Iterator, Mapping

from hublish.hub.server.accounts import AccessRequest, AccessRequests, Account
from hublish.hub.server.bucket_files import opened
from hublish.hub.server.git.repository import GitRepository
from hublish.hub.server.http import Request
from hublish.hub.server.refusals import HubError, forbidden, invalid_token, repo_not_found, unauthenticated
from hublish.hub.server.repo_ids import RepoId
from hublish.hub.server.repositories import Settings
from hublish.hub.server.stores import Hub


def token_of(request: Request) -> str | None:
    """Return the token of a request: a bearer token, or the password that git sends."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip() or None
    if scheme.lower() == "basic":  # git asks its user for a name, which is ignored, and a password
        try:
            return base64.b64decode(value, validate=True).decode().partition(":")[2] or None
        except (binascii.Error, UnicodeDecodeError):
            return None
    return None


def identify(hub: Hub, request: Request) -> Account | None:
    """Return the caller's account, or None for an anonymous caller; raise 401 for an unknown token."""
    token = token_of(request)
    account = hub.accounts.of(token) if token else None
    if token and account is None:
        raise invalid_token()
    return account


def require_account(hub: Hub, request: Request) -> Account:
    """Return the caller's account; raise 401 for an anonymous caller and for an unknown token.

    Raise 403 for a token that permits changes of one repository alone.
    """
    account = identify(hub, request)
    if account is None:
        raise unauthenticated()
    if account.repo:
        raise _out_of_scope(account)
    return account


def _out_of_scope(account: Account) -> HubError:
    name = account.repo.replace(":", "/").removeprefix("model/")
    return forbidden(f"Forbidden: this token only permits changes of the files of {name}")


def require_owner(account: Account, repo: RepoId) -> None:
    """Raise 403 unless the account's token may write to a repository."""
    if not account.repo:
        require_namespace(account, repo.namespace, repo.key)
    elif not account.owns(repo):
        raise _out_of_scope(account)


def require_namespace(account: Account, namespace: str, *keys: str) -> None:
    """Raise 403 unless the account's token may write in a namespace, or to the repository of a key in it."""
    if not account.writes:
        raise forbidden("Forbidden: you must use a write token to upload to a repository.")
    if not account.writes_to(namespace, *keys):
        raise forbidden(f'You don\'t have the rights to write under the namespace "{namespace}"')


def repo_of(request: Request) -> RepoId:
    """Return the repository in a request's path; raise 404 for a name that the Hub does not allow."""
    params = request.params
    if "buckets" in params:
        return _bucket_of(params)
    # Paths outside of /api/ omit the type of models.
    kind = params["kind"] if "kind" in params else params["prefix"].rstrip("/") or "models"
    try:
        return RepoId.parse(kind.removesuffix("s"), f"{params['namespace']}/{params['name']}")
    except ValueError:
        raise repo_not_found() from None


def _bucket_of(params: Mapping[str, str]) -> RepoId:
    try:
        return RepoId.parse_bucket(f"{params['namespace']}/{params['name']}")
    except ValueError:
        raise repo_not_found() from None


def is_named(hub: Hub, request: Request) -> bool:
    """Return whether a request's path names a repository as it was created, or none that could exist."""
    try:
        return hub.repositories.exists(repo_of(request))
    except HubError:
        return True


def moved_repo(hub: Hub, request: Request) -> RepoId | None:
    """Return the repository that a request's path names in another case or by a former name, or None.

    It must be readable for the caller: otherwise, the old name of a private repository looks like any missing one.
    """
    try:
        if found := hub.repositories.find(repo_of(request)):
            token = token_of(request)
            require_readable(hub, hub.accounts.of(token) if token else None, found)
    except HubError:
        return None
    return found


def authorize(hub: Hub, request: Request, repo: RepoId, *, content: bool = False) -> Account | None:
    """Check that the caller may read a repository, with `content` the bytes of its files too.

    Return the caller's account, or None for an anonymous caller.

    Raises:
        HubError: 404 RepoNotFound, the repository does not exist for this caller; 401, the token is unknown;
            GatedRepo, the caller was not approved for the content.
    """
    token = token_of(request)
    account = hub.accounts.of(token) if token else None
    # First of all: a private repository must look the same as a missing one, even to an unknown token.
    require_readable(hub, account, repo)
    if token and account is None:
        raise invalid_token()
    if content:
        require_readable(hub, account, repo, content=True)
    return account


def require_readable(hub: Hub, account: Account | None, repo: RepoId, *, content: bool = False) -> None:
    """Raise 404 or GatedRepo unless an account (None: anybody) may read a repository; see `authorize`."""
    member = account is not None and account.owns(repo)
    settings = hub.repositories.settings(repo)
    if not _may_know(account, repo, settings):
        raise repo_not_found()
    # Gating protects the bytes only: info and listings stay readable.
    if content and settings.gated and not member:
        known = AccessRequests(hub.repositories.path(repo)).of(account.user) if account else None
        if known is None or known.status != "accepted":
            raise _gated(repo, account, known)


def known_repos(hub: Hub, account: Account | None, repos: Iterable[RepoId]) -> Iterator[tuple[RepoId, Settings]]:
    """Yield those repositories that an account (None: anybody) may know about, with their settings."""
    for repo in repos:
        try:
            settings = hub.repositories.settings(repo)
        except HubError:  # deleted meanwhile
            continue
        if _may_know(account, repo, settings):
            yield repo, settings


def _may_know(account: Account | None, repo: RepoId, settings: Settings) -> bool:
    return not settings.private or (account is not None and account.owns(repo))


def _gated(repo: RepoId, account: Account | None, known: AccessRequest | None) -> HubError:
    name = f"{repo.kind} {repo.full_name}"
    if account is None:
        hint = "You must have access to it and be authenticated to access it. Please log in."
        return HubError(401, "GatedRepo", f"Access to {name} is restricted. {hint}")
    if known and known.status == "rejected":
        message = f"Your request to access {name} has been rejected by the repo's authors."
    elif known:
        message = f"Your request to access {name} is awaiting a review from the repo authors."
    else:
        hint = f"Visit {repo.url_path} to ask for access."
        message = f"Access to {name} is restricted and you are not in the authorized list. {hint}"
    return HubError(403, "GatedRepo", message)


def may_read_content(hub: Hub, account: Account | None, repo: RepoId) -> bool:
    """Return whether an account (None: anybody) may read the files of a repository that exists."""
    try:
        require_readable(hub, account, repo, content=True)
    except HubError:
        return False
    return True


def usable_objects(hub: Hub, account: Account, git: GitRepository, sha256s: Iterable[str]) -> dict[str, int]:
    """Return the sizes of those objects that a user may refer to in a commit to the repository `git`.

    These are the objects that the user has sent, to whatever repository, and those that the repository refers to
    already. Any other object looks as if it were not stored: neither its bytes nor its existence belong to the user.
    """
    stored = {sha256: size for sha256 in sha256s if (size := hub.objects.size(sha256)) is not None}
    if account.admin:  # who may read all repositories
        return stored
    foreign = [sha256 for sha256 in stored if not hub.senders.has(account.user, sha256)]
    hidden = set(foreign) - hub.references.files(git, foreign)
    return {sha256: size for sha256, size in stored.items() if sha256 not in hidden}


def served_objects(hub: Hub, git: GitRepository, sha256s: Iterable[str]) -> dict[str, int]:
    """Return the sizes of those objects that the repository `git` refers to, and so may serve to its readers."""
    found = hub.references.files(git, sha256s)
    return {sha256: size for sha256 in found if (size := hub.objects.size(sha256)) is not None}


def bucket_has(hub: Hub, bucket: RepoId, sha256: str) -> bool:
    """Return whether a bucket has a file with this content."""
    with opened(hub.repositories.path(bucket)) as files:
        return files.has_content(sha256)


def authorize_contribution(hub: Hub, request: Request, repo: RepoId) -> Account:
    """Check that the caller may propose changes: can read the repository and has a write token; raise 401 or 403."""
    account = authorize(hub, request, repo)
    if account is None:
        raise unauthenticated()
    if not account.writes:
        raise forbidden("Forbidden: you must use a write token to upload to a repository.")
    if account.repo and not (account.owns(repo) and _changes_files(request)):
        raise _out_of_scope(account)
    return account


# Calls below /api/P/R, by which a token for one repository may change it: its content, not its settings.
_CONTENT_CALLS = frozenset(
    ("auth-check", "branch", "commit", "discussions", "preupload", "super-squash", "tag", "xet-write-token")
)


def _changes_files(request: Request) -> bool:
    # Large files and pushes have addresses outside of /api/.
    _, top, *rest = request.path.split("/")
    return top != "api" or not _CONTENT_CALLS.isdisjoint(rest[3:4]) or rest[3:] == ["lfs-files", "duplicate"]


def authorize_write(hub: Hub, request: Request, repo: RepoId) -> Account:
    """Check that the caller may change a repository; raise 401 or 403."""
    account = authorize_contribution(hub, request, repo)
    require_owner(account, repo)
    return account


def repo_to_read(hub: Hub, request: Request, *, content: bool = False) -> RepoId:
    """Return the repository in a request's path, which the caller may read; see `authorize`."""
    repo = repo_of(request)
    authorize(hub, request, repo, content=content)
    return repo


def repo_to_write(hub: Hub, request: Request) -> tuple[RepoId, Account]:
    """Return the repository in a request's path, which the caller may change, and the caller's account."""
    repo = repo_of(request)
    return repo, authorize_write(hub, request, repo)


def repo_to_contribute(hub: Hub, request: Request) -> tuple[RepoId, Account]:
    """Return the repository in a request's path, to which the caller may propose changes, and the caller's account."""
    repo = repo_of(request)
    return repo, authorize_contribution(hub, request, repo)


def repo_to_upload(hub: Hub, request: Request) -> RepoId:
    """Return the repository of the revision in a request's path, to which the caller may upload."""
    repo = repo_of(request)
    # Any reader may open a pull request. One that the commit is about to open has no ref yet: the flag announces it.
    is_pull_request = request.flag("create_pr") or request.params["revision"].startswith("refs/pr/")
    (authorize_contribution if is_pull_request else authorize_write)(hub, request, repo)
    return repo
