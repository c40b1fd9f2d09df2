"""The exchange of an ID token of a CI job for a token that may write to one repository (RFC 8693)."""

from typing import Any
from urllib.parse import parse_qsl

from hublish.hub.server.http import Request, Response, json_response
from hublish.hub.server.id_tokens import InvalidTokenError
from hublish.hub.server.refusals import HubError
from hublish.hub.server.repo_ids import RepoId
from hublish.hub.server.stores import Hub
from hublish.hub.server.trusted_publishers import repo_of

# Bytes of a request: an ID token is the largest part of it.
MAX_BODY = 64 << 10

_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
_TYPES = ("urn:ietf:params:oauth:token-type:id_token", "urn:ietf:params:oauth:token-type:jwt")
_ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 - the name of a type

# Tokens in responses and errors about them belong to one caller.
_HEADERS = {"cache-control": "no-store", "pragma": "no-cache"}


def check_size(_: Hub, request: Request) -> None:
    """Refuse a body that is larger than any exchange."""
    if request.declares_more_than(MAX_BODY):
        raise _refusal("invalid_request", f"The request is larger than {MAX_BODY} bytes", 413)


def exchange(hub: Hub, request: Request) -> Response:
    """`POST /oauth/token`, as JSON from huggingface_hub, or as a form."""
    fields = _fields(request)
    if fields.get("grant_type") != _EXCHANGE:
        raise _refusal("unsupported_grant_type", f"The grant_type must be {_EXCHANGE}")
    if fields.get("subject_token_type") not in _TYPES:
        raise _refusal("invalid_request", f"The subject_token_type must be {' or '.join(_TYPES)}")
    if fields.get("requested_token_type", _ACCESS_TOKEN) != _ACCESS_TOKEN:
        raise _refusal("invalid_request", f"The requested_token_type must be {_ACCESS_TOKEN}")
    token, resource = (fields.get(name) for name in ("subject_token", "resource"))
    if not isinstance(token, str) or not isinstance(resource, str):
        raise _refusal("invalid_request", "The subject_token and the resource must be texts")
    try:
        claims = hub.publishers.verify(token)
    except InvalidTokenError as error:
        raise _refusal("invalid_request", str(error)) from None
    repo = _found(hub, resource)
    # A missing repository looks like one that does not trust the job: it may be a private one.
    if repo is None or not hub.publishers.permit(claims, repo):
        raise _refusal("invalid_target", f"{resource[:200]} does not trust this job: no trusted publisher matches")
    if not hub.publishers.use(token, claims):
        raise _refusal("invalid_request", "The ID token was exchanged before; request a new one")
    user = f"oidc-{hub.repositories.identity(repo)}"
    issued = hub.accounts.issue(user, repo.key, hub.publishers.lifetime)
    answer = {
        "access_token": issued,
        "issued_token_type": _ACCESS_TOKEN,
        "token_type": "bearer",
        "scope": "write-repos",
    }
    return json_response({**answer, "expires_in": int(hub.publishers.lifetime)}, headers=_HEADERS)


def _fields(request: Request) -> dict[str, Any]:
    if len(request.content) > MAX_BODY:
        raise _refusal("invalid_request", f"The request is larger than {MAX_BODY} bytes", 413)
    is_form = request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
    try:
        pairs = parse_qsl(request.content.decode(), max_num_fields=50) if is_form else []
        fields = dict(pairs) if is_form else request.json_object()
    except (ValueError, HubError):
        raise _refusal("invalid_request", "The request is neither a JSON object nor a form") from None
    if is_form and len(fields) < len(pairs):  # RFC 6749, section 3.2
        raise _refusal("invalid_request", "A parameter is repeated")
    return fields


def _found(hub: Hub, resource: str) -> RepoId | None:
    try:
        return hub.repositories.spelled(repo_of(resource))
    except ValueError:
        return None


def _refusal(code: str, description: str, status: int = 400) -> HubError:
    """Return an error in the form of RFC 6749; huggingface_hub shows its description."""
    body = {"error": code, "error_description": description}
    return HubError(status, None, description, **body).with_headers(_HEADERS)
