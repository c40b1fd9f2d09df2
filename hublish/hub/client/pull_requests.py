"""Pull requests: listed, opened as drafts, read, published, merged and closed.

They are opened against the default branch: the client's own call names no other.
"""

from dataclasses import dataclass
from typing import Any, Final

from hublish.base.errors import RemoteError
from hublish.base.values import RepoRef, Target
from hublish.hub.client import failures, listings
from hublish.hub.client.hub import Hub

_READ: Final = 20
# The Hub's limits for a title.
_SHORTEST_TITLE: Final = 3
_LONGEST_TITLE: Final = 200
NOT_PERMITTED: Final = frozenset([401, 403, 404, 405, 410, 501])
"""Statuses of Hubs without pull requests, and of tokens without the right to open or to merge one."""


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull request as it is now."""

    number: int
    status: str
    """`draft`, `open`, `closed` or `merged`."""
    author: str
    description: str
    merge_commit: str | None
    """The commit on the branch; None before it is merged, and on Hubs that do not name it."""

    @property
    def is_active(self) -> bool:
        """Whether it is neither closed nor merged."""
        return self.status in ("draft", "open")


def ref_of(number: int) -> str:
    """Return the ref of a pull request's commits."""
    return f"refs/pr/{number}"


def open_numbers(hub: Hub, repo: RepoRef, author: str | None = None) -> tuple[int, ...]:
    """Return the numbers of all open pull requests and drafts, of all users or of one, newest first."""
    action = f"listing the pull requests of {repo.repo_id}"
    path = f"{repo.repo_type}s/{repo.repo_id}/discussions"
    of = {} if author is None else {"author": author}

    def page(number: int) -> Any:
        return hub.request(action, "GET", path, params={**of, "type": "pull_request", "p": number})

    with hub.translating(action):
        # A merged or closed pull request is history: a new one is opened.
        return tuple(sorted(listings.open_discussions(page), reverse=True))


def newest_open(hub: Hub, repo: RepoRef, author: str | None = None) -> tuple[int, ...]:
    """Return the numbers of the newest open pull requests and drafts: to read one costs a request."""
    # A proposal of this release, or an interrupted upload, is among them.
    return open_numbers(hub, repo, author)[:_READ]


def read(hub: Hub, repo: RepoRef, number: int) -> PullRequest:
    """Return a pull request."""
    action = f"reading pull request {number} of {repo.repo_id}"
    body = hub.request(action, "GET", _path(repo, number))
    with hub.translating(action):
        return _parsed(body)


def open_draft(hub: Hub, target: Target, description: str) -> int | None:
    """Open a draft without commits and return its number; None when this Hub opens no pull requests.

    Raises:
        RemoteError: the Hub failed; the draft may have been opened.
    """
    action = f"opening a pull request in {target.repo_id}"
    title = target.commit_message.strip()[:_LONGEST_TITLE]
    body = {
        "title": title if len(title) >= _SHORTEST_TITLE else f"Release {title}",
        "description": description,
        "pullRequest": True,
    }
    try:
        made = hub.request(action, "POST", f"{target.repo_type}s/{target.repo_id}/discussions", once=True, json=body)
    except RemoteError as error:
        # Some Hubs reject the request as malformed.
        if failures.status_of(error) in (*NOT_PERMITTED, 400, 422):
            return None
        raise
    with hub.translating(action):
        return listings.field(made, "num", int) if made.get("pullRequest", True) else None


def publish(hub: Hub, repo: RepoRef, number: int) -> None:
    """Turn a draft into an open pull request, which can be merged."""
    action = f"publishing pull request {number} of {repo.repo_id}"
    hub.request(action, "POST", f"{_path(repo, number)}/status", once=True, json={"status": "open"})


def close(hub: Hub, repo: RepoRef, number: int, comment: str) -> None:
    """Close a pull request with a comment."""
    action = f"closing pull request {number} of {repo.repo_id}"
    body = {"status": "closed", "comment": comment}
    hub.request(action, "POST", f"{_path(repo, number)}/status", once=True, json=body)


def merge(hub: Hub, repo: RepoRef, number: int) -> None:
    """Merge an open pull request into its branch.

    Raises:
        RemoteConflictError: it conflicts with a commit on the branch.
        RemoteError: the Hub failed or refused; it may be merged in spite of a failure.
    """
    action = f"merging pull request {number} of {repo.repo_id}"
    hub.request(action, "POST", f"{_path(repo, number)}/merge", once=True, json={})


def _path(repo: RepoRef, number: int) -> str:
    return f"{repo.repo_type}s/{repo.repo_id}/discussions/{number}"


def _parsed(body: Any) -> PullRequest:
    events = listings.field(body, "events", list)
    comments = [event for event in events if event["type"] == "comment"]
    merged = (body.get("changes") or {}).get("mergeCommitId")
    return PullRequest(
        number=listings.field(body, "num", int),
        status=listings.field(body, "status", str),
        author=str((body.get("author") or {}).get("name", "")),
        # The description is the first comment.
        description=str(comments[0]["data"]["latest"]["raw"]) if comments else "",
        merge_commit=None if merged is None else listings.commit_id(merged),
    )
