"""Access to gated repositories: users ask for it, owners accept or reject them."""

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from hublish.hub.server.access import authorize, authorize_write, repo_of, repo_to_write
from hublish.hub.server.accounts import STATUSES, AccessRequest, AccessRequests
from hublish.hub.server.http import Request, Response, json_response, page_of
from hublish.hub.server.refusals import HubError, bad_request, forbidden, unauthenticated
from hublish.hub.server.repo_ids import RepoId
from hublish.hub.server.repositories import timestamp
from hublish.hub.server.stores import Hub

# Requests in one page of a list.
PAGE = 1000

# Fields of a form, and characters of each.
MAX_FIELDS = 50
MAX_CHARACTERS = 1000

# Characters of a rejection's reason, as on the Hub.
MAX_REASON = 200


def ask_access(hub: Hub, request: Request) -> Response:
    """`POST R/ask-access`: the form on a gated repository's page."""
    repo = repo_of(request)
    account = authorize(hub, request, repo)
    if account is None:
        raise unauthenticated()
    if account.repo:
        raise forbidden("Only users can ask for access")
    fields = _fields(request)
    with hub.repositories.locked(repo):
        gated = _require_gated(hub, repo)
        requests = AccessRequests(hub.repositories.path(repo))
        known = requests.of(account.user)
        if account.owns(repo) or (known and known.status == "accepted"):
            raise bad_request("You already have access to this repo")
        if known and known.status == "rejected":
            raise forbidden("Your request to access this repo has been rejected by the repo's authors.")
        status = "accepted" if gated == "auto" else "pending"
        known = known or AccessRequest.new(account.user, status, timestamp())
        requests.save(replace(known, status=status, fields=fields or known.fields, granted=False))
    return json_response({"status": status})


def _fields(request: Request) -> dict[str, str]:
    if request.headers.get("content-type", "").startswith("application/json"):
        sent = [(name, str(value)) for name, value in request.json_object().items()]
    else:
        try:
            sent = parse_qsl(request.content.decode("utf-8", "replace"), max_num_fields=MAX_FIELDS)
        except ValueError:
            raise bad_request(f"A form has at most {MAX_FIELDS} fields") from None
    if len(sent) > MAX_FIELDS or any(len(text) > MAX_CHARACTERS for field in sent for text in field):
        raise bad_request(f"A form has at most {MAX_FIELDS} fields of {MAX_CHARACTERS} characters")
    return dict(sent)


def _require_gated(hub: Hub, repo: RepoId) -> str | bool:
    gated = hub.repositories.settings(repo).gated
    if not gated:
        raise bad_request("This repo is not gated")
    return gated


def list_access_requests(hub: Hub, request: Request) -> Response:
    """`GET /api/P/R/user-access-request/{pending,accepted,rejected}`."""
    repo, _ = repo_to_write(hub, request)
    status = request.params["status"]
    if status not in STATUSES:
        raise bad_request(f'"status" must be one of [{", ".join(STATUSES)}]')
    _require_gated(hub, repo)
    found = AccessRequests(hub.repositories.path(repo)).list()
    page, headers = page_of(request, [item for item in found if item.status == status], PAGE)
    return json_response([_shown(item) for item in page], headers=headers)


def _shown(item: AccessRequest) -> dict[str, Any]:
    user = {"user": item.user, "fullname": item.user}
    # Shared by asking, not by being granted access.
    user |= {} if item.granted else {"email": f"{item.user}@users.noreply.invalid"}
    shown: dict[str, Any] = {"requestId": item.id, "user": user, "status": item.status, "timestamp": item.timestamp}
    shown |= {"fields": item.fields} if item.fields else {}
    return shown | ({"rejectionReason": item.rejection_reason} if item.rejection_reason else {})


def handle_access_request(hub: Hub, request: Request) -> Response:
    """`POST /api/P/R/user-access-request/handle`: accept, reject, or return to the pending requests."""
    repo = repo_of(request)
    authorize_write(hub, request, repo)
    body = request.json_object()
    status, reason = body.get("status"), body.get("rejectionReason")
    if status not in STATUSES:
        raise bad_request(f'"status" must be one of [{", ".join(STATUSES)}]')
    if reason is not None and (status != "rejected" or not isinstance(reason, str) or len(reason) > MAX_REASON):
        raise bad_request(f'"rejectionReason" is a text of at most {MAX_REASON} characters, for rejected requests')
    with hub.repositories.locked(repo):
        _require_gated(hub, repo)
        requests = AccessRequests(hub.repositories.path(repo))
        found = _requested(hub, requests, body)
        if found.status == status:
            raise _not_found(f"The request is already in the {status} list")
        requests.save(found.handled(status, reason))
    return json_response({})


def _requested(hub: Hub, requests: AccessRequests, body: dict[str, Any]) -> AccessRequest:
    user, number = body.get("user"), body.get("requestId")
    found = requests.with_id(number) if isinstance(number, str) else requests.of(_existing_user(hub, user))
    if found is None:
        raise _not_found("Access request not found")
    return found


def _existing_user(hub: Hub, user: Any) -> str:
    if not isinstance(user, str) or hub.accounts.named(user) is None:
        raise _not_found("User not found")
    return user


def _not_found(message: str) -> HubError:
    # Without a code: the client would take it for a missing repository.
    return HubError(404, None, message)


def grant_access(hub: Hub, request: Request) -> Response:
    """`POST /api/P/R/user-access-request/grant`: access without a request."""
    repo = repo_of(request)
    authorize_write(hub, request, repo)
    user = _existing_user(hub, request.json_object().get("user"))
    account = hub.accounts.named(user)
    with hub.repositories.locked(repo):
        _require_gated(hub, repo)
        requests = AccessRequests(hub.repositories.path(repo))
        known = requests.of(user)
        if (account and account.owns(repo)) or (known and known.status == "accepted"):
            raise bad_request(f"{user} already has access to this repo")
        granted = known.handled("accepted") if known else None
        requests.save(granted or AccessRequest.new(user, "accepted", timestamp(), granted=True))
    return json_response({})
