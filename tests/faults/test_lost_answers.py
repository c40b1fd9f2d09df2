"""A commit whose answer is lost: neither a second commit nor a false failure."""

from typing import Any

import pytest

from hublish.base.errors import OfflineError, RemoteError
from hublish.hub.client.retry import RetryBudget
from tests.faults.projects import COMMIT, Release, is_hex
from tests.faults.proxy import (
    Answer,
    Behavior,
    Call,
    Forward,
    afterwards,
    edited,
    instead,
    lost_after,
    lost_before,
    slow,
    truncated,
)

HAPPENED: dict[str, Behavior] = {
    "reset": lost_after,
    "500": afterwards(500),
    "502": afterwards(502, b"<html>bad gateway</html>", Content_Type="text/html"),
    "503": afterwards(503),
    "504": afterwards(504),
    "408": afterwards(408),
    "a page for people": afterwards(200, b"<html>done</html>", Content_Type="text/html"),
    "JSON without the commit": afterwards(200, b"{}", Content_Type="application/json"),
    "half of the JSON": afterwards(200, b'{"commitOid": "0', Content_Type="application/json"),
    "half of the body": edited(truncated),
    "a stale parent": afterwards(412, b'{"error": "A commit has happened since"}'),
    "a conflict": afterwards(409),
}
CONFLICTS = ("a stale parent", "a conflict")
DID_NOT: dict[str, Behavior] = {
    "reset": lost_before,
    "500": instead(500),
    "503": instead(503),
    "503 for a moment": instead(503, Retry_After="2"),
    "429": instead(429, Retry_After="3"),
    "a page for people": instead(200, b"<html>wait</html>", Content_Type="text/html"),
    "a conflict": instead(409),
    "a stale parent": instead(412),
}


@pytest.mark.parametrize("fault", HAPPENED)
def test_an_applied_commit_is_found_and_not_repeated(
    release: Release, by: str, sleeps: list[float], fault: str
) -> None:
    release.proxy.on(COMMIT, HAPPENED[fault], times=1)
    release.declare(tag="v1")
    receipt = release.publish()
    # To the first request, an honest Hub responds with a conflict only when another publisher came first.
    assert (receipt.created, receipt.verified, receipt.tag) == (fault not in CONFLICTS, True, "v1")
    assert receipt.commit == release.head() == release.head("v1")
    assert release.is_published_once()
    assert release.proxy.count(COMMIT) == 1


@pytest.mark.parametrize("fault", HAPPENED)
def test_an_opened_pull_request_is_found_and_not_repeated(
    release: Release, by_lfs: None, sleeps: list[float], fault: str
) -> None:
    main = release.create()
    release.declare(create_pr=True)
    release.proxy.on(COMMIT, HAPPENED[fault], times=1)
    receipt = release.publish()
    assert receipt.pull_request == 1
    assert receipt.commit == release.head("refs/pr/1")
    assert release.tree("refs%2Fpr%2F1") == release.planned_tree()
    assert release.head() == main
    assert len(list(release.api.get_repo_discussions(release.repo_id))) == 1


@pytest.mark.parametrize("create_pr", [False, True])
@pytest.mark.parametrize("fault", DID_NOT)
def test_a_commit_that_was_not_applied_is_made_once(
    release: Release, by_lfs: None, sleeps: list[float], fault: str, create_pr: bool
) -> None:
    release.create()
    release.declare(create_pr=create_pr)
    release.proxy.on(COMMIT, DID_NOT[fault], times=2)
    receipt = release.publish()
    assert receipt.created
    assert release.proxy.done(COMMIT) == 1
    assert release.tree(receipt.revision.replace("/", "%2F")) == release.planned_tree()


@pytest.mark.parametrize("fault", DID_NOT)
def test_retries_end_with_an_error_and_no_commit(
    release: Release, by_lfs: None, sleeps: list[float], fault: str
) -> None:
    before = release.create()
    release.proxy.on(COMMIT, DID_NOT[fault])
    with pytest.raises(Exception, match=release.repo_id) as failure:
        release.publish()
    assert type(failure.value).__module__ == "hublish.base.errors"
    assert release.head() == before
    assert not release.lock.exists()
    assert release.proxy.count(COMMIT) == 4
    assert sum(sleeps) < 300


def test_an_answer_that_times_out_is_a_lost_answer(
    release: Release, by_lfs: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = RetryBudget._set_timeouts
    limited: list[Any] = []

    def limit_first_commit(self: RetryBudget, request: Any) -> None:
        original(self, request)
        # A busy machine may need longer for any other request.
        if "/commit/" in str(request.url) and not limited:
            limited.append(request)
            request.extensions["timeout"] = {**request.extensions["timeout"], "read": 0.4}

    monkeypatch.setattr(RetryBudget, "_set_timeouts", limit_first_commit)
    release.create()
    release.proxy.on(COMMIT, slow(1.2), times=1)
    assert release.publish().verified
    assert release.is_published_once()


def test_a_lost_commit_is_searched_until_the_hub_can_be_read(
    release: Release, by_lfs: None, sleeps: list[float]
) -> None:
    release.create()
    repo = rf"^GET /api/models/{release.repo_id}$"
    release.proxy.on(COMMIT, lost_after, times=1)
    release.proxy.on(repo, instead(503), skip=2, times=6)  # planning reads it twice
    assert release.publish().created
    assert release.is_published_once()


def test_a_lost_answer_from_an_unreadable_hub_is_reported(release: Release, by_lfs: None, sleeps: list[float]) -> None:
    release.create()

    def dies(call: Call, forward: Forward) -> Answer:
        release.proxy.on("", lost_before)
        return lost_after(call, forward)

    release.proxy.on(COMMIT, dies, times=1)
    with pytest.raises((OfflineError, RemoteError), match="may have been applied") as failure:
        release.publish()
    assert "run the same command again" in failure.value.hint
    release.proxy.clear()
    receipt = release.publish()
    assert not receipt.created
    assert is_hex(receipt.commit)
    assert release.is_published_once()


def test_a_commit_is_found_below_later_commits(release: Release, by_lfs: None, sleeps: list[float]) -> None:
    release.create()

    def built_upon(call: Call, forward: Forward) -> Answer:
        try:
            return lost_after(call, forward)
        finally:
            release.commit_as_other()

    release.proxy.on(COMMIT, built_upon, times=1)
    receipt = release.publish()
    assert receipt.verified
    assert release.titles() == ["another user's work", f"Release {release.repo_id}"]
    assert release.tree(receipt.commit) == release.planned_tree()
