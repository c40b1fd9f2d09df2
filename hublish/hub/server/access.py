"""Who asks, and may they? Every handler that touches a repository begins with `authorize`."""

import base64
import binascii

from hublish.hub.server.accounts import Account
from hublish.hub.server.http import Request
from hublish.hub.server.hub import Hub
from hublish.hub.server.names import RepoId
from hublish.hub.server.refusals import forbidden, gated_repo, invalid_token, repo_not_found, unauthenticated


def token_of(request: Request) -> str | None:
    """Return the token a request carries: as a bearer token, or as the password git sends."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip() or None
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value, validate=True).decode().partition(":")[2] or None
        except (binascii.Error, UnicodeDecodeError):
            return None
    return None


def identify(hub: Hub, request: Request) -> Account | None:
    """Return the caller's account, None for an anonymous caller.

    Raises:
        HubError: 401, the token is unknown.
    """
    token = token_of(request)
    if token is None:
        return None
    account = hub.accounts.of(token)
    if account is None:
        raise invalid_token()
    return account


def require_account(hub: Hub, request: Request) -> Account:
    """Return the caller's account.

    Raises:
        HubError: 401, the caller is anonymous or the token is unknown.
    """
    account = identify(hub, request)
    if account is None:
        raise unauthenticated()
    return account


def require_namespace(account: Account, namespace: str) -> None:
    """Let only those pass who may write in a namespace.

    Raises:
        HubError: 403.
    """
    if account.role != "write":
        raise forbidden("Forbidden: you must use a write token to upload to a repository.")
    if not account.may_write(namespace):
        raise forbidden(f'You don\'t have the rights to write under the namespace "{namespace}"')


def repo_of(request: Request) -> RepoId:
    """Return the repository a request's path names.

    Raises:
        HubError: 404, its name is none the Hub allows.
    """
    params = request.params
    kind = params["kind"] if "kind" in params else params["prefix"].rstrip("/") or "models"
    try:
        return RepoId.parse(kind.removesuffix("s"), f"{params['namespace']}/{params['name']}")
    except ValueError:
        raise repo_not_found() from None


def authorize(
    hub: Hub, request: Request, repo: RepoId, *, write: bool = False, content: bool = False
) -> Account | None:
    """Let only those pass who may read a repository, write to it, or read its files' content.

    Args:
        hub: The stores.
        request: Whose token counts.
        repo: What it is about.
        write: The caller wants to change it.
        content: The caller wants the bytes of its files, which gating protects.

    Returns:
        The caller's account; with `write` never None.

    Raises:
        HubError: 404 RepoNotFound, it does not exist for this caller; 401 or 403, the caller may not do that;
            GatedRepo, its content is for approved callers.
    """
    token = token_of(request)
    account = hub.accounts.of(token) if token else None
    member = account is not None and account.belongs_to(repo.namespace)
    settings = hub.repositories.settings(repo)
    if settings.private and not member:
        raise repo_not_found()
    if token and account is None:
        raise invalid_token()
    if write:
        if account is None:
            raise unauthenticated()
        require_namespace(account, repo.namespace)
    if content and settings.gated and not member:
        raise gated_repo(repo, anonymous=account is None)
    return account


def authorize_write(hub: Hub, request: Request, repo: RepoId) -> Account:
    """Let only those pass who may change a repository; see `authorize`."""
    account = authorize(hub, request, repo, write=True)
    assert account is not None
    return account


def authorize_contribution(hub: Hub, request: Request, repo: RepoId) -> Account:
    """Let those pass who may propose changes: whoever may read the repository and holds a write token.

    Raises:
        HubError: As `authorize`; 401, the caller is anonymous; 403, the token only reads.
    """
    account = authorize(hub, request, repo)
    if account is None:
        raise unauthenticated()
    if account.role != "write":
        raise forbidden("Forbidden: you must use a write token to upload to a repository.")
    return account


def authorize_xet(hub: Hub, request: Request, scope: str) -> str:
    """Check a caller who asks for a xet token of scope `read` or `write`, and return the repository's name.

    Raises:
        HubError: As `authorize`.
    """
    repo = repo_of(request)
    if scope == "read":
        authorize(hub, request, repo, content=True)
    elif request.flag("create_pr") or request.params["revision"].startswith("refs/pr/"):
        authorize_contribution(hub, request, repo)
    else:
        authorize_write(hub, request, repo)
    return repo.full_name
