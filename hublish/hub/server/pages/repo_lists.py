"""The repositories of all types on the first page, or those of one type: the latest first, by words and tags."""

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from hublish.hub.server.access import identify
from hublish.hub.server.accounts import Account
from hublish.hub.server.http import Request, Response, page_of
from hublish.hub.server.pages.web_page import for_people, render
from hublish.hub.server.refusals import HubError
from hublish.hub.server.repo_ids import RepoId
from hublish.hub.server.repo_properties import Described, used_storage
from hublish.hub.server.repositories import DEFAULT_BRANCH
from hublish.hub.server.routes.repo_info import visible_repos
from hublish.hub.server.snapshots import open_snapshot
from hublish.hub.server.stores import Hub
from hublish.schemas.documents.hub_names import REPO_TYPES

# Repositories of each type on the first page, and of one type on a page of its own.
FEW: Final = 10
PAGE: Final = 50
# Tags of each that a list shows.
_TAGS: Final = 8


@dataclass(frozen=True, slots=True)
class _Group:
    """The repositories of one type, as far as a page shows them."""

    kind: str
    total: int
    rows: list[dict[str, Any]]
    all: str = ""
    """The address of all of them, when there are more."""
    next: str = ""


@for_people
def index(hub: Hub, request: Request) -> Response:
    """`GET /?search=..&tag=..`."""
    caller = identify(hub, request)
    groups = []
    for kind in REPO_TYPES:
        found = _found(hub, request, caller, kind)
        query = urlencode({key: request.first(key) for key in ("search", "tag") if request.first(key)})
        more = f"/{kind}s{query and '?' + query}" if len(found) > FEW else ""
        groups.append(_Group(kind, len(found), _rows(hub, found[:FEW]), all=more))
    return _page(hub, request, [group for group in groups if group.rows])


@for_people
def of_type(hub: Hub, request: Request) -> Response:
    """`GET /models?search=..&tag=..&cursor=..`, and the same of other types."""
    kind = request.params["kind"].removesuffix("s")
    found = _found(hub, request, identify(hub, request), kind)
    page, headers = page_of(request, found, PAGE)
    return _page(
        hub, request, [_Group(kind, len(found), _rows(hub, list(page)), next=next_page(request, headers))], kind
    )


def next_page(request: Request, headers: dict[str, str]) -> str:
    """Return the address in a `Link` header that leads to the next page, or an empty one."""
    return headers.get("link", "")[1:].partition(">")[0].removeprefix(request.base_url)


def _page(hub: Hub, request: Request, groups: list[_Group], kind: str = "") -> Response:
    search, tag = request.first("search"), request.first("tag")
    return render(hub, request, "index", groups=groups, kind=kind, kinds=REPO_TYPES, search=search, tag=tag)


def _found(hub: Hub, request: Request, caller: Account | None, kind: str) -> list[RepoId]:
    """Return the repositories that the caller may know about and asks for, the latest first."""
    words, tag = request.first("search").lower().split(), request.first("tag")

    def is_named(repo: RepoId) -> bool:
        return all(word in repo.full_name.lower() for word in words)

    found = [
        (described.snapshot.commit.time, described.snapshot.repo)
        for described in visible_repos(hub, caller, kind, is_named)
        if not tag or tag in described.tags
    ]
    return [repo for _, repo in sorted(found, key=lambda item: (-item[0], item[1]))]


def shown_tags(described: Described) -> list[str]:
    """Return the tags that say anything about a repository: the Hub gives all of them the same region."""
    return [tag for tag in described.tags if not tag.startswith("region:")]


def _rows(hub: Hub, repos: list[RepoId]) -> list[dict[str, Any]]:
    rows = []
    for repo in repos:
        try:
            with open_snapshot(hub, repo, DEFAULT_BRANCH) as snapshot:
                described = Described(snapshot, hub.repositories.settings(repo))
                rows.append(
                    {
                        "repo": repo,
                        "settings": described.settings,
                        "tags": shown_tags(described)[:_TAGS],
                        "size": used_storage(described),
                        "time": snapshot.commit.time,
                    }
                )
        except HubError:  # deleted meanwhile
            continue
    return rows
