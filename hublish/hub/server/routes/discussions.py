"""Discussions and pull requests."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hublish.hub.server.access import (
    authorize,
    authorize_contribution,
    may_read_content,
    repo_of,
    repo_to_read,
    require_owner,
)
from hublish.hub.server.accounts import Account
from hublish.hub.server.git.repository import GitRepository
from hublish.hub.server.http import Request, Response, json_response, parse_number
from hublish.hub.server.pull_requests import (
    Discussion,
    Discussions,
    comment_version,
    conflicting_files,
    merge,
    open_discussion,
)
from hublish.hub.server.refusals import HubError, bad_request
from hublish.hub.server.repo_ids import RepoId
from hublish.hub.server.repositories import MAIN_REF
from hublish.hub.server.stores import Hub

# Discussions in one page of a list.
PAGE = 50


def list_discussions(hub: Hub, request: Request) -> Response:
    """`GET /api/P/R/discussions?p=0&author=..&type=..&status=..`, newest first."""
    repo = repo_to_read(hub, request)
    discussions = Discussions(hub.repositories.path(repo))
    found: list[Discussion] | list[int] = discussions.numbers()
    if any(request.first(name) not in ("", "all") for name in ("author", "type", "status")):
        found = [item for item in discussions.list() if _is_wanted(request, item)]
    start = request.number("p", 0) * PAGE
    # Without a filter, only those of the page are read.
    page = (discussions.get(item) if isinstance(item, int) else item for item in found[start : start + PAGE])
    shown = [_summary(repo, item) for item in page if item]
    return json_response({"count": len(found), "start": start, "discussions": shown})


def _is_wanted(request: Request, item: Discussion) -> bool:
    author, kind, status = (request.first(name) for name in ("author", "type", "status"))
    return (
        (not author or author == item.author)
        and (kind in ("", "all") or (kind == "pull_request") == item.pull_request)
        # As on the Hub, drafts are listed with the open ones, merged ones with the closed ones.
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
        base = git.refs.get(MAIN_REF) if body.get("pullRequest") else None
        made = open_discussion(git, account.user, title, description, base=base)
    url = f"{request.base_url}{repo.url_path}/discussions/{made.num}"
    return json_response({"num": made.num, "pullRequest": made.pull_request, "url": url})


def details(hub: Hub, request: Request) -> Response:
    """`GET /api/P/R/discussions/N[?diff=1]`."""
    repo = repo_of(request)
    caller = authorize(hub, request, repo)
    with hub.repositories.open(repo) as git:
        item = _get(git, request)
        shown = {**_summary(repo, item), "events": item.events}
        if item.pull_request:
            shown["changes"] = {"base": MAIN_REF, "mergeCommitId": item.merge_commit}
            shown["filesWithConflicts"] = conflicting_files(git, item)
            # A diff contains lines of files, which gating protects; the rest of a discussion is public.
            if request.flag("diff") and may_read_content(hub, caller, repo):
                head = git.refs.get(item.ref)
                shown["diff"] = git.diff(item.base_commit, head) if head else ""
    return json_response(shown)


def comment(hub: Hub, request: Request) -> Response:
    """`POST /api/P/R/discussions/N/comment`."""
    text = _text(request.json_object(), "comment")
    changed = _change(hub, request, lambda _git, item, account: item.with_comment(account.user, text))
    return json_response({"newMessage": changed.events[-1]})


def rename(hub: Hub, request: Request) -> Response:
    """`POST /api/P/R/discussions/N/title`."""
    title = _title(request.json_object().get("title"))

    def change(_git: GitRepository, item: Discussion, account: Account) -> Discussion:
        _require_author(request, item.author, account)
        return replace(item, title=title).with_event("title-change", account.user, {"from": item.title, "to": title})

    return json_response({"newTitle": _change(hub, request, change).events[-1]})


def set_status(hub: Hub, request: Request) -> Response:
    """`POST /api/P/R/discussions/N/status`: `open` (which also publishes a draft) or `closed`."""
    body = request.json_object()
    status, text = body.get("status"), str(body.get("comment") or "")
    if status not in ("open", "closed"):
        raise bad_request('"status" must be one of [open, closed]')

    def change(_git: GitRepository, item: Discussion, account: Account) -> Discussion:
        _require_author(request, item.author, account)
        if item.status in (status, "merged"):
            raise bad_request(f"It is {item.status} already")
        if text:
            item = item.with_comment(account.user, text)
        return replace(item, status=str(status)).with_event("status-change", account.user, {"status": status})

    return json_response({"newStatus": _change(hub, request, change).events[-1]})


def merge_pull_request(hub: Hub, request: Request) -> Response:
    """`POST /api/P/R/discussions/N/merge`."""
    text = str(request.json_object().get("comment") or "")

    def change(git: GitRepository, item: Discussion, account: Account) -> Discussion:
        # Unlike the other changes, not even the author may merge without write access.
        require_owner(account, repo_of(request))
        if not item.pull_request:
            raise bad_request("It is not a pull request")
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
        _require_author(request, old["author"]["name"], account)
        data = old["data"]
        history = [*data["history"], data["latest"]]
        latest = comment_version(raw, account.user)
        new = {**old, "data": {**data, "latest": latest, "history": history, "numEdits": len(history)} | flags}
        return replace(item, events=tuple(new if event is old else event for event in item.events))

    changed = _change(hub, request, change)
    return next(event for event in changed.events if event["id"] == wanted)


def _change(
    hub: Hub, request: Request, change: Callable[[GitRepository, Discussion, Account], Discussion]
) -> Discussion:
    """Apply a change to the discussion in a request's path, under the repository's lock, and store it."""
    repo = repo_of(request)
    account = authorize_contribution(hub, request, repo)
    with hub.repositories.changing(repo) as git:
        changed = change(git, _get(git, request), account)
        Discussions(git.path).save(changed)
    return changed


def _get(git: GitRepository, request: Request) -> Discussion:
    number = parse_number(request.params["num"])
    found = None if number is None else Discussions(git.path).get(number)
    if found is None:
        raise HubError(404, None, f"There is no discussion number {request.params['num']}")
    return found


def _require_author(request: Request, author: str, account: Account) -> None:
    if author != account.user:
        require_owner(account, repo_of(request))


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
