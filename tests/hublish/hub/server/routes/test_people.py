import itertools
from collections.abc import Callable
from typing import Any

import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

from hublish.hub.server import EmbeddedHub
from tests.hublish.hub.server.conftest import Caller

Call = Callable[..., Any]
_numbers = itertools.count(1)


class People:
    """Two users of one organization, and a third one."""

    def __init__(self, hub: EmbeddedHub) -> None:
        number = next(_numbers)
        self.ann, self.bob, self.eve, self.org = (f"{name}-{number}" for name in ("ann", "bob", "eve", "herons"))
        hub.add_organization(self.org, full_name="The Herons")
        tokens = {
            name: hub.add_user(name, orgs=orgs, full_name=full_name)
            for name, orgs, full_name in (
                (self.ann, (self.org,), "Ann Lee"),
                (self.bob, (self.org,), ""),
                (self.eve, (), ""),
            )
        }
        self.apis = {name: HfApi(endpoint=hub.endpoint, token=token) for name, token in tokens.items()}
        self.calls = {name: Caller(hub.endpoint, token) for name, token in tokens.items()}


@pytest.fixture
def people(hub: EmbeddedHub) -> People:
    return People(hub)


def test_whoami_shows_full_names(people: People) -> None:
    shown = people.apis[people.ann].whoami()
    assert (shown["fullname"], [org["fullname"] for org in shown["orgs"]]) == ("Ann Lee", ["The Herons"])
    assert people.apis[people.bob].whoami()["fullname"] == people.bob


def test_likes_are_counted_listed_and_taken_back(people: People) -> None:
    ann, bob = people.apis[people.ann], people.apis[people.bob]
    first, second = (
        ann.create_repo(f"{people.ann}/{name}", repo_type="dataset").repo_id for name in ("first", "second")
    )
    for name, repo in ((people.ann, second), (people.bob, second), (people.bob, second), (people.bob, first)):
        assert people.calls[name]("POST", f"/api/datasets/{repo}/like", {}).status == 200
    assert [(user.username, user.fullname) for user in ann.list_repo_likers(second, repo_type="dataset")] == [
        (people.ann, "Ann Lee"),
        (people.bob, people.bob),
    ]
    liked = ann.list_liked_repos(people.bob)
    assert (liked.user, sorted(liked.datasets), liked.models) == (people.bob, [first, second], [])
    assert [info.id for info in ann.list_datasets(author=people.ann, sort="likes")] == [second, first]
    bob.unlike(second, repo_type="dataset")
    bob.unlike(second, repo_type="dataset")
    assert ann.dataset_info(second).likes == 1
    moved = f"{people.ann}/third"
    ann.move_repo(second, moved, repo_type="dataset")
    assert ann.list_liked_repos().datasets == [moved]


def test_more_than_nine_likes_come_first(people: People, hub: EmbeddedHub) -> None:
    api = people.apis[people.ann]
    few, many = (api.create_repo(f"{people.ann}/{name}").repo_id for name in ("few", "many"))
    for number in range(11):
        token = hub.add_user(f"{people.ann}-fan-{number}")
        for repo in [many] if number > 8 else [few, many]:
            Caller(hub.endpoint, token)("POST", f"/api/models/{repo}/like", {})
    found = list(api.list_models(author=people.ann, sort="likes"))
    assert [(info.id, info.likes) for info in found] == [(many, 11), (few, 9)]
    # All of them are of the last 30 days.
    orders = people.calls[people.eve]("GET", f"/api/models?author={people.ann}&sort=likes30d").json()
    assert [info["id"] for info in orders] == [many, few]


def test_a_private_repository_is_neither_liked_nor_shown_to_others(people: People) -> None:
    ann, eve = people.apis[people.ann], people.apis[people.eve]
    secret = ann.create_repo(f"{people.ann}/secret", private=True).repo_id
    assert people.calls[people.ann]("POST", f"/api/models/{secret}/like", {}).status == 200
    assert ann.list_liked_repos().models == [secret]
    for repo in (secret, f"{people.ann}/missing"):
        for method in ("POST", "DELETE"):
            answer = people.calls[people.eve](method, f"/api/models/{repo}/like", {})
            assert (answer.status, answer.headers["x-error-code"]) == (404, "RepoNotFound")
        with pytest.raises(RepositoryNotFoundError):
            list(eve.list_repo_likers(repo))
    assert eve.list_liked_repos(people.ann).total == 0
    seen = eve.get_user_overview(people.ann)
    assert (seen.num_models, seen.num_likes) == (0, 0)
    own = ann.get_user_overview(people.ann)
    assert (own.num_models, own.num_likes) == (1, 1)


@pytest.mark.parametrize("token", [None, "read"])
@pytest.mark.parametrize("path", ["models/{repo}/like", "users/{user}/follow"])
def test_nothing_is_liked_or_followed_without_a_write_token(
    hub: EmbeddedHub, people: People, repo: str, token: str | None, path: str
) -> None:
    call = Caller(hub.endpoint, token and hub.add_user(f"reader-{people.ann}", role="read"))
    for method in ("POST", "DELETE"):
        answer = call(method, "/api/" + path.format(repo=repo, user=people.ann), {})
        assert answer.status == (403 if token else 401)


def test_users_are_followed(people: People) -> None:
    eve = people.apis[people.eve]
    for path in (f"users/{people.ann}", f"organizations/{people.org}", f"users/{people.bob}"):
        assert people.calls[people.eve]("POST", f"/api/{path}/follow", {}).status == 200
    assert people.calls[people.eve]("DELETE", f"/api/users/{people.bob}/follow", {}).status == 200
    assert [user.username for user in eve.list_user_followers(people.ann)] == [people.eve]
    assert [user.username for user in eve.list_organization_followers(people.org)] == [people.eve]
    assert list(eve.list_user_followers(people.bob)) == []
    followed = list(eve.list_user_following(people.eve))
    assert [(user.username, user.user_type) for user in followed] == [(people.ann, "user"), (people.org, "org")]
    overview = eve.get_user_overview(people.ann)
    assert (overview.num_followers, overview.is_following, overview.num_following) == (1, True, 0)
    assert people.calls[people.eve]("POST", f"/api/users/{people.eve}/follow", {}).status == 403


def test_users_and_organizations_have_overviews(people: People) -> None:
    bob, eve = people.apis[people.bob], people.apis[people.eve]
    bob.create_repo(f"{people.org}/tool", repo_type="space", space_sdk="static")
    overview = eve.get_user_overview(people.ann.upper())
    assert (overview.username, overview.fullname, overview.user_type) == (people.ann, "Ann Lee", "user")
    assert [(org.name, org.fullname) for org in overview.orgs] == [(people.org, "The Herons")]
    shared = eve.get_organization_overview(people.org)
    assert (shared.name, shared.fullname, shared.num_users) == (people.org, "The Herons", 2)
    assert (shared.num_models, shared.num_spaces, shared.num_followers) == (0, 1, 0)
    assert [user.username for user in eve.list_organization_members(people.org)] == [people.ann, people.bob]


@pytest.mark.parametrize(
    "path",
    [
        *(f"users/{name}/overview" for name in ("nobody", "..", "%2e%2e%2fx", "x" * 500)),
        *(f"users/nobody/{shown}" for shown in ("likes", "followers", "following")),
        *(f"organizations/nobody/{shown}" for shown in ("overview", "members", "followers")),
    ],
)
def test_a_missing_user_or_organization_is_not_found(anonymous: Call, path: str) -> None:
    assert anonymous("GET", f"/api/{path}").status == 404


def test_an_organization_can_make_new_repositories_private(hub: EmbeddedHub, people: People) -> None:
    org = f"quiet-{people.ann}"
    hub.add_organization(org, private=True)
    api = HfApi(endpoint=hub.endpoint, token=hub.add_user(f"member-{people.ann}", orgs=(org,)))
    assert api.model_info(api.create_repo(f"{org}/default").repo_id).private is True
    assert api.model_info(api.create_repo(f"{org}/open", private=False).repo_id).private is False
    with pytest.raises(HfHubHTTPError, match="404"):
        people.apis[people.eve].model_info(f"{org}/default")
