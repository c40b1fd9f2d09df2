"""Discussions and pull requests."""

from collections.abc import Iterator
from typing import Any, Final

from hublish.hub.server.git.repository import CommitInfo
from hublish.hub.server.http import Request, Response, page_of, parse_number
from hublish.hub.server.pages.commit_pages import compared
from hublish.hub.server.pages.repo_lists import next_page
from hublish.hub.server.pages.repo_visit import MOST_MARKDOWN, Visit, visiting
from hublish.hub.server.pages.web_page import for_people
from hublish.hub.server.pull_requests import Discussion, Discussions, conflicting_files
from hublish.hub.server.refusals import HubError
from hublish.hub.server.repositories import MAIN_REF
from hublish.hub.server.stores import Hub
from hublish.pages.markdown_html import Addresses, markdown_html

# Discussions in one page, and events and commits of one discussion.
PAGE: Final = 50
MOST_EVENTS: Final = 200
_TOO_LONG: Final = "<p>The rest of this discussion is too long to show.</p>"


@for_people
def conversation_list(hub: Hub, request: Request) -> Response:
    """`GET /R/discussions`, the newest first."""
    with visiting(hub, request) as visit:
        discussions = Discussions(visit.snapshot.git.path)
        page, headers = page_of(request, discussions.numbers(), PAGE)
        rows = [item for number in page if (item := discussions.get(number))]
        return visit.render("discussions", "discussions", rows=rows, next=next_page(request, headers))


@for_people
def conversation(hub: Hub, request: Request) -> Response:
    """`GET /R/discussions/N`."""
    with visiting(hub, request) as visit:
        number = parse_number(request.params["num"])
        item = None if number is None else Discussions(visit.snapshot.git.path).get(number)
        if item is None:
            raise HubError(404, None, f"There is no discussion number {request.params['num']}")
        events = list(_events(visit, item))
        more = {"events": events, "left_out": len(item.events) - len(events)}
        return visit.render("discussion", "discussions", item=item, **more, **_proposed(visit, item))


def _events(visit: Visit, item: Discussion) -> Iterator[dict[str, Any]]:
    left = MOST_MARKDOWN
    for event in item.events[:MOST_EVENTS]:
        data, html = event["data"], ""
        if event["type"] == "comment" and not data["hidden"]:
            text = data["latest"]["raw"]
            left -= len(text)
            # Pictures of others are never loaded, and a comment has none of its own.
            html = markdown_html(text, Addresses(_link, lambda _: None)) if left >= 0 else _TOO_LONG
        yield _event(visit, event, html)


def _event(visit: Visit, event: dict[str, Any], html: str) -> dict[str, Any]:
    data = event["data"]
    return {
        "type": event["type"],
        "author": event["author"]["name"],
        "time": event["createdAt"],
        "hidden": bool(data.get("hidden")),
        "edited": bool(data.get("edited")),
        "html": html,
        "data": data,
        "commit": visit.url("commit", revision=str(data.get("oid", ""))),
    }


def _link(target: str) -> str | None:
    # A relative one would depend on the address of the page.
    return target if ":" in target or target.startswith(("/", "#")) else None


def _proposed(visit: Visit, item: Discussion) -> dict[str, Any]:
    """Return the commits and the changes of a pull request."""
    git = visit.snapshot.git
    head = git.refs.get(item.ref) if item.pull_request else None
    if head is None:
        return {"history": [], "conflicts": [], "changes": None}
    main = git.refs.get(MAIN_REF)
    # After a merge, all commits of the pull request are on the default branch.
    base = item.base_commit if item.status == "merged" or main is None else git.merge_base(main, head)
    before = visit.hub.commits.load(git, base).tree if base else None
    after = visit.hub.commits.load(git, head).tree
    found = {"history": _commits(visit, head, base), "conflicts": conflicting_files(git, item)}
    return found | compared(visit, before, after)


def _commits(visit: Visit, head: str, base: str | None) -> list[CommitInfo]:
    """Return the latest commits of a pull request that its base does not contain."""
    references, git = visit.hub.references, visit.snapshot.git
    known = set(references.order(git, base)) if base else set()
    new = [sha for sha in references.order(git, head) if sha not in known]
    return [visit.hub.commits.load(git, sha) for sha in new[:MOST_EVENTS]]
