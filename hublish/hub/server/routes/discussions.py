"""Discussions and pull requests."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hublish.hub.server.access import authorize, authorize_contribution, repo_of, require_namespace
from hublish.hub.server.accounts import Account
from hublish.hub.server.discussions import Discussion, Discussions, comment_data
from hublish.hub.server.git.repository import GitRepository
from hublish.hub.server.http import HubError, Request, Response, bad_request, json_response
from hublish.hub.server.hub import Hub
from hublish.hub.server.names import RepoId
from hublish.hub.server.pull_requests import conflicting_files, merge, open_discussion
from hublish.hub.server.repositories import MAIN_REF

PAGE = 50
"""Discussions of a listing in one answer."""


def list_discussions(hub: Hub, request: Request) -> Response:
    """`GET /api/P/R/discussions?p=0&author=..&type=..&status=..`, newest first."""
    repo = repo_of(request)
    authorize(hub, request, repo)
    found = [item for item in Discussions(hub.repositories.path(repo)).list() if _is_wanted(request, item)]
    page = request.first("p", "0")
    if not (page.isascii() and page.isdigit() and len(page) < 10):
        raise bad_request('"p" must be a number')
    start = int(page) * PAGE
    shown = [_summary(repo, item) for item in found[start : start + PAGE]]
    return json_response({"count": len(found), "start": start, "discussions": shown})


def _is_wanted(request: Request, item: Discussion) -> bool:
    author, kind, status = (request.first(name) for name in ("author", "type", "status"))
    return (
        (not author or author == item.author)
        and (kind in ("", "all") or (kind == "pull_request") == item.pull_request)
        and (status in ("", "all") or (status == "open") == item.is_active)
    )


def create(hub: Hub, request: Request) -> Response:
    """`POST /api/P/R/discussions`; a pull request starts as a draft."""
    repo = repo_of(request)
    account = authorize_contribution(hub, request, repo)
    body = request.json_object()
    title = _title(body.get("title"))
    description = str(body.get("description") or "")
    with hub.repositories.changing(repo) as git:
        made = open_discussion(git, account.user, title, description, pull_request=bool(body.get("pullRequest")))
    url = f"{request.base_url}{repo.url_path}/discussions/{made.num}"
    return json_response({"num": made.num, "pullRequest": made.pull_request, "url": url})


def details(hub: Hub, request: Request) -> Response:
    """`GET /api/P/R/discussions/N[?diff=1]`."""
    repo = repo_of(request)
    authorize(hub, request, repo)
    with hub.repositories.open(repo) as git:
        item = _get(git, request)
        shown = {**_summary(repo, item), "events": item.events}
        if item.pull_request:
            shown["changes"] = {"base": MAIN_REF, "mergeCommitId": item.merge_commit}
            shown["filesWithConflicts"] = conflicting_files(git, item)
            if request.flag("diff"):
                shown["diff"] = _diff(git, item)
    return json_response(shown)


def comment(hub: Hub, request: Request) -> Response:
    """`POST /api/P/R/discussions/N/comment`."""

    def change(_git: GitRepository, item: Discussion, account: Account) -> Discussion:
        return item.with_event("comment", account.user, comment_data(text, account.user))

    text = _text(request.json_object(), "comment")
    return json_response({"newMessage": _change(hub, request, change).events[-1]})


def rename(hub: Hub, request: Request) -> Response:
    """`POST /api/P/R/discussions/N/title`."""

    def change(_git: GitRepository, item: Discussion, account: Account) -> Discussion:
        _require_owner(request, item, account)
        return replace(item, title=title).with_event("title-change", account.user, {"from": item.title, "to": title})

    title = _title(request.json_object().get("title"))
    return json_response({"newTitle": _change(hub, request, change).events[-1]})


def set_status(hub: Hub, request: Request) -> Response:
    """`POST /api/P/R/discussions/N/status`: `open` (which also publishes a draft) or `closed`."""
    body = request.json_object()
    status, text = body.get("status"), str(body.get("comment") or "")
    if status not in ("open", "closed"):
        raise bad_request('"status" must be one of [open, closed]')

    def change(_git: GitRepository, item: Discussion, account: Account) -> Discussion:
        _require_owner(request, item, account)
        if item.status in (status, "merged"):
            raise bad_request(f"It is {item.status} already")
        if text:
            item = item.with_event("comment", account.user, comment_data(text, account.user))
        return replace(item, status=str(status)).with_event("status-change", account.user, {"status": status})

    return json_response({"newStatus": _change(hub, request, change).events[-1]})


def merge_pull_request(hub: Hub, request: Request) -> Response:
    """`POST /api/P/R/discussions/N/merge`."""
    text = str(request.json_object().get("comment") or "")

    def change(git: GitRepository, item: Discussion, account: Account) -> Discussion:
        require_namespace(account, request.params["namespace"])
        if not item.pull_request:
            raise bad_request("It is no pull request")
        return merge(git, item, account.user, text)

    return json_response({"mergeCommitId": _change(hub, request, change).merge_commit})


def edit_comment(hub: Hub, request: Request) -> Response:
    """`POST /api/P/R/discussions/N/comment/ID/edit`."""
    text = _text(request.json_object(), "content")
    return json_response({"updatedComment": _update_comment(hub, request, raw=text, edited=True)})


def hide_comment(hub: Hub, request: Request) -> Response:
    """`POST /api/P/R/discussions/N/comment/ID/hide`."""
    return json_response({"updatedComment": _update_comment(hub, request, raw="", hidden=True)})


def _update_comment(hub: Hub, request: Request, *, raw: str, **flags: bool) -> dict[str, Any]:
    wanted = request.params["comment"]

    def change(_git: GitRepository, item: Discussion, account: Account) -> Discussion:
        old = next((event for event in item.events if event["id"] == wanted and event["type"] == "comment"), None)
        if old is None:
            raise HubError(404, None, "There is no such comment")
        if old["author"]["name"] != account.user:
            require_namespace(account, request.params["namespace"])
        new = {**old, "data": _edited(old["data"], raw, account.user) | flags}
        return replace(item, events=tuple(new if event is old else event for event in item.events))

    changed = _change(hub, request, change)
    return next(event for event in changed.events if event["id"] == wanted)


def _edited(data: dict[str, Any], raw: str, user: str) -> dict[str, Any]:
    history = [*data["history"], data["latest"]]
    return {**data, "latest": comment_data(raw, user)["latest"], "history": history, "numEdits": len(history)}


def _change(
    hub: Hub, request: Request, change: Callable[[GitRepository, Discussion, Account], Discussion]
) -> Discussion:
    """Apply a change to the discussion a request names, under the repository's lock, and store it."""
    repo = repo_of(request)
    account = authorize_contribution(hub, request, repo)
    with hub.repositories.changing(repo) as git:
        changed = change(git, _get(git, request), account)
        Discussions(git.path).save(changed)
    return changed


def _get(git: GitRepository, request: Request) -> Discussion:
    number = request.params["num"]
    found = (
        Discussions(git.path).get(int(number)) if number.isascii() and number.isdigit() and len(number) < 10 else None
    )
    if found is None:
        raise HubError(404, None, f"There is no discussion number {number}")
    return found


def _require_owner(request: Request, item: Discussion, account: Account) -> None:
    if item.author != account.user:
        require_namespace(account, request.params["namespace"])


def _title(value: object) -> str:
    title = value.strip() if isinstance(value, str) else ""
    if not 3 <= len(title) <= 200:
        raise bad_request('"title" must have 3 to 200 characters')
    return title


def _text(body: dict[str, Any], name: str) -> str:
    text = body.get(name)
    if not isinstance(text, str) or not text.strip():
        raise bad_request(f'"{name}" must not be empty')
    return text


def _summary(repo: RepoId, item: Discussion) -> dict[str, Any]:
    return {
        "num": item.num,
        "title": item.title,
        "author": {"name": item.author},
        "createdAt": item.created_at,
        "status": item.status,
        "isPullRequest": item.pull_request,
        "numComments": sum(event["type"] == "comment" for event in item.events),
        "repo": {"name": repo.full_name, "type": repo.kind},
    }


def _diff(git: GitRepository, item: Discussion) -> str:
    head = git.refs.get(item.ref)
    return git.diff(item.base_commit, head) if head else ""
