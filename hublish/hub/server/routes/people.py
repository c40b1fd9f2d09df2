"""Users and organizations: overviews, followers, members, and the repositories that they like."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from hublish.hub.server.access import identify, repo_to_contribute, repo_to_read, require_account, require_readable
from hublish.hub.server.accounts import Account
from hublish.hub.server.http import Request, Response, json_response, page_of
from hublish.hub.server.people import Follows, Likes, organization, people, person
from hublish.hub.server.refusals import HubError, forbidden
from hublish.hub.server.repo_ids import RepoId
from hublish.hub.server.repositories import timestamp
from hublish.hub.server.stores import Hub
from hublish.schemas.documents.hub_names import REPO_TYPES

# People or likes in one page.
PAGE = 500


def user_overview(hub: Hub, request: Request) -> Response:
    """`GET /api/users/U/overview`."""
    caller = identify(hub, request)
    user = _user(hub, request)
    likes = list(_likes(hub, caller, user.user))
    follows = Follows(hub.root)
    shown = {
        **person(user.user, user.full_name),
        **_counts(hub, caller, user.user),
        "numPapers": 0,
        "numUpvotes": 0,
        "numLikes": len(likes),
        "numFollowing": len(follows.of(user.user)),
        "numFollowers": len(follows.followers(user.user)),
        "orgs": [organization(hub, name) for name in user.orgs],
        "isFollowing": caller is not None and user.user in follows.of(caller.user),
    }
    return json_response(shown)


def organization_overview(hub: Hub, request: Request) -> Response:
    """`GET /api/organizations/O/overview`."""
    caller = identify(hub, request)
    name = _organization(hub, request)
    follows = Follows(hub.root)
    shown = {
        **organization(hub, name),
        **_counts(hub, caller, name),
        "numPapers": 0,
        "numUsers": len(_members(hub, name)),
        "numFollowers": len(follows.followers(name)),
        "isVerified": False,
        "isFollowing": caller is not None and name in follows.of(caller.user),
    }
    return json_response(shown)


def list_members(hub: Hub, request: Request) -> Response:
    """`GET /api/organizations/O/members`."""
    identify(hub, request)
    return _page_of_people(hub, request, _members(hub, _organization(hub, request)))


def list_followers(hub: Hub, request: Request) -> Response:
    """`GET /api/users/U/followers`, and the same of an organization."""
    identify(hub, request)
    return _page_of_people(hub, request, Follows(hub.root).followers(_followed(hub, request)))


def list_following(hub: Hub, request: Request) -> Response:
    """`GET /api/users/U/following`: users and organizations."""
    identify(hub, request)
    page, headers = page_of(request, Follows(hub.root).of(_user(hub, request).user), PAGE)
    users = {account.user for account in hub.accounts.all()}
    shown = {person["user"]: person for person in people(hub, filter(users.__contains__, page))}
    # The client reads both as users.
    orgs = {name: {**organization(hub, name), "user": name} for name in page if name not in users}
    return json_response([{**shown, **orgs}[name] for name in page], headers=headers)


def follow(hub: Hub, request: Request) -> Response:
    """`POST /api/users/U/follow`, and the same of an organization."""
    return _follow(hub, request, timestamp())


def unfollow(hub: Hub, request: Request) -> Response:
    """`DELETE /api/users/U/follow`, and the same of an organization."""
    return _follow(hub, request, None)


def like(hub: Hub, request: Request) -> Response:
    """`POST /api/P/R/like`."""
    repo, account = repo_to_contribute(hub, request)
    with hub.repositories.changing(repo) as git:
        Likes(git.path).add(account.user, timestamp())
    return json_response({})


def unlike(hub: Hub, request: Request) -> Response:
    """`DELETE /api/P/R/like`."""
    repo, account = repo_to_contribute(hub, request)
    with hub.repositories.changing(repo) as git:
        Likes(git.path).remove(account.user)
    return json_response({})


def list_likers(hub: Hub, request: Request) -> Response:
    """`GET /api/P/R/likers`."""
    repo = repo_to_read(hub, request)
    return _page_of_people(hub, request, list(Likes(hub.repositories.path(repo)).list()))


def list_likes(hub: Hub, request: Request) -> Response:
    """`GET /api/users/U/likes`: the repositories that the caller may know about, the latest like first."""
    caller = identify(hub, request)
    likes = sorted(_likes(hub, caller, _user(hub, request).user), key=lambda like: like["createdAt"], reverse=True)
    page, headers = page_of(request, likes, PAGE)
    return json_response(list(page), headers=headers)


def _likes(hub: Hub, caller: Account | None, user: str) -> Iterator[dict[str, Any]]:
    for kind in REPO_TYPES:
        for repo in hub.repositories.list(kind):
            time = Likes(hub.repositories.path(repo)).list().get(user)
            if time and _is_readable(hub, caller, repo):
                yield {"createdAt": time, "repo": {"name": repo.full_name, "type": kind}}


def _counts(hub: Hub, caller: Account | None, namespace: str) -> dict[str, int]:
    """Count the repositories in a namespace that the caller may know about: others must look like missing ones."""
    found = [repo for kind in REPO_TYPES for repo in hub.repositories.list(kind) if repo.namespace == namespace]
    kinds = [repo.kind for repo in found if _is_readable(hub, caller, repo)]
    return {f"num{kind.capitalize()}s": kinds.count(kind) for kind in REPO_TYPES}


def _is_readable(hub: Hub, caller: Account | None, repo: RepoId) -> bool:
    with suppress(HubError):  # private, or deleted meanwhile
        require_readable(hub, caller, repo)
        return True
    return False


def _follow(hub: Hub, request: Request, time: str | None) -> Response:
    account = require_account(hub, request)
    name = _followed(hub, request)
    if not account.writes:
        raise forbidden("Forbidden: you must use a write token to follow.")
    if name == account.user:
        raise forbidden("You cannot follow yourself")
    Follows(hub.root).set(account.user, name, time)
    return json_response({})


def _page_of_people(hub: Hub, request: Request, names: list[str]) -> Response:
    page, headers = page_of(request, names, PAGE)
    return json_response(people(hub, page), headers=headers)


def _members(hub: Hub, name: str) -> list[str]:
    return [account.user for account in hub.accounts.all() if name in account.orgs]


def _user(hub: Hub, request: Request) -> Account:
    # Names are compared case-insensitively, as those of repositories.
    wanted = request.params["user"].lower()
    found = next((account for account in hub.accounts.all() if account.user.lower() == wanted), None)
    if found is None:
        raise HubError(404, None, "This user does not exist")
    return found


def _organization(hub: Hub, request: Request) -> str:
    known = hub.accounts.organization(request.params["organization"])
    if known is None:
        raise HubError(404, None, "This organization does not exist")
    return known.name


def _followed(hub: Hub, request: Request) -> str:
    return _user(hub, request).user if "user" in request.params else _organization(hub, request)
