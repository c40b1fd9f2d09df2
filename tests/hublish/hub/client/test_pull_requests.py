"""Pull requests of the embedded Hub, and responses of Hubs that have none."""

from typing import Any

import pytest

from hublish.base.errors import RemoteConflictError, RemoteError
from hublish.hub.client import pull_requests
from hublish.hub.client.account import account
from hublish.hub.client.hub import Hub
from tests.faults.projects import Release
from tests.faults.proxy import instead


@pytest.fixture
def hub(release: Release) -> Hub:
    release.create()
    return Hub(release.proxy.endpoint, release.hub.token)


def opened(release: Release, hub: Hub, message: str = "Release v1", description: str = "text") -> int:
    release.declare(commit_message=message)
    number = pull_requests.open_draft(hub, release.plan().target, description)
    assert number is not None
    return number


def title_of(release: Release, number: int) -> str:
    return release.api.get_discussion_details(release.repo_id, number).title


def commits_of(release: Release, number: int) -> int:
    events = release.api.get_discussion_details(release.repo_id, number).events
    return sum(event.type == "commit" for event in events)


def test_a_draft_is_opened_published_and_merged(release: Release, hub: Hub) -> None:
    target = release.plan().target
    number = opened(release, hub, description="text\n\nmore")
    made = pull_requests.read(hub, target, number)
    assert (made.status, made.description) == ("draft", "text\n\nmore")
    assert (title_of(release, number), commits_of(release, number)) == ("Release v1", 0)
    assert made.author == account(hub).name
    release.api.upload_file(
        path_or_fileobj=b"x", path_in_repo="x.txt", repo_id=release.repo_id, revision=f"refs/pr/{number}"
    )
    assert commits_of(release, number) == 1
    with pytest.raises(RemoteError, match="draft"):
        pull_requests.merge(hub, target, number)
    pull_requests.publish(hub, target, number)
    pull_requests.merge(hub, target, number)
    merged = pull_requests.read(hub, target, number)
    assert (merged.status, merged.is_active, merged.merge_commit) == ("merged", False, release.head())


def test_a_conflict_is_an_error_of_its_own(release: Release, hub: Hub) -> None:
    target, number = release.plan().target, opened(release, hub)
    release.api.upload_file(
        path_or_fileobj=b"x", path_in_repo="theirs.txt", repo_id=release.repo_id, revision=f"refs/pr/{number}"
    )
    release.commit_as_other()
    pull_requests.publish(hub, target, number)
    with pytest.raises(RemoteConflictError):
        pull_requests.merge(hub, target, number)


def test_open_ones_are_listed_by_author_and_closed_with_a_comment(release: Release, hub: Hub) -> None:
    target = release.plan().target
    first, second = opened(release, hub), opened(release, hub)
    assert pull_requests.open_numbers(hub, target) == (second, first)
    assert pull_requests.open_numbers(hub, target, author=account(hub).name) == (second, first)
    assert pull_requests.open_numbers(hub, target, author="mallory") == ()
    pull_requests.close(hub, target, first, "not needed")
    assert pull_requests.open_numbers(hub, target) == (second,)
    events: Any = release.api.get_discussion_details(release.repo_id, first).events
    assert events[1].content == "not needed"


@pytest.mark.parametrize(("message", "title"), [("v1", "Release v1"), ("x" * 300, "x" * 200)])
def test_a_title_fits_the_limits_of_the_hub(release: Release, hub: Hub, message: str, title: str) -> None:
    number = opened(release, hub, message)
    assert title_of(release, number) == title


JSON = {"Content_Type": "application/json"}


@pytest.mark.parametrize(
    "response",
    [instead(404), instead(403), instead(400), instead(501), instead(200, b'{"num": 1, "pullRequest": false}', **JSON)],
)
def test_a_hub_without_pull_requests_opens_none(release: Release, hub: Hub, response: Any) -> None:
    release.proxy.on("^POST .*/discussions", response)
    assert pull_requests.open_draft(hub, release.plan().target, "text") is None


@pytest.mark.parametrize(
    "response", [instead(500), instead(429), instead(200, b"{}", **JSON), instead(200, b"[]", **JSON)]
)
def test_a_failure_is_not_a_lack_of_pull_requests(
    release: Release, hub: Hub, response: Any, sleeps: list[float]
) -> None:
    release.proxy.on("^POST .*/discussions", response)
    with pytest.raises(RemoteError):
        pull_requests.open_draft(hub, release.plan().target, "text")
    assert release.proxy.count("^POST .*/discussions") == 1
