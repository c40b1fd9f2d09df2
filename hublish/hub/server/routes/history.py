"""The commits of a revision: listing them, squashing them."""

from hublish.hub.server.access import authorize, authorize_write, repo_of
from hublish.hub.server.git.repository import Signature, add_commit, now
from hublish.hub.server.http import Request, Response, json_response
from hublish.hub.server.hub import Hub
from hublish.hub.server.paging import page_of
from hublish.hub.server.refusals import revision_not_found
from hublish.hub.server.repositories import timestamp
from hublish.hub.server.snapshots import open_snapshot

PAGE = 50
"""Commits in one answer."""


def list_commits(hub: Hub, request: Request) -> Response:
    """`GET /api/P/R/commits/V`, newest first."""
    repo = repo_of(request)
    authorize(hub, request, repo)
    with open_snapshot(hub, repo, request.params["revision"]) as snapshot:
        history = list(snapshot.git.history(snapshot.commit.sha))
    page, headers = page_of(request, history, PAGE)
    shown = [
        {
            "id": commit.sha,
            "title": commit.title,
            "message": commit.body,
            "authors": [{"user": commit.author}],
            "date": timestamp(commit.time),
        }
        for commit in page
    ]
    return json_response(shown, headers={**headers, "x-total-count": str(len(history))})


def super_squash(hub: Hub, request: Request) -> Response:
    """`POST /api/P/R/super-squash/B`: the branch becomes one commit with the same files."""
    repo = repo_of(request)
    account = authorize_write(hub, request, repo)
    branch = request.params["revision"]
    ref = f"refs/heads/{branch}"
    message = str(request.json_object().get("message") or f"Super-squash branch '{branch}'")
    with hub.repositories.changing(repo) as git, git.writer() as writer:
        head = git.refs.get(ref)
        if head is None:
            raise revision_not_found(branch)
        squashed = add_commit(writer, git.commit(head).tree, (), Signature(account.user, now()), message)
        writer.finish()
        git.refs.set(ref, squashed, expected=head)
    return json_response({"commitOid": squashed})
