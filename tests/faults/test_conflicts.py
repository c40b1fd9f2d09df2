"""Another user's commit comes first: it is never overwritten, and the error names both commits."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hublish.base.errors import RemoteConflictError
from hublish.base.values import Receipt
from tests.faults.projects import COMMIT, LARGE, Release, noise, rounds
from tests.faults.proxy import Answer, Behavior, Call, Forward, doing, instead


@pytest.mark.parametrize("moment", [COMMIT, "^POST /api/models/[^?]*/preupload/"])
@pytest.mark.parametrize("create_pr", [False, True])
def test_a_moved_head_is_reported_with_both_commits(
    release: Release, by_lfs: None, sleeps: list[float], moment: str, create_pr: bool
) -> None:
    planned = release.create()
    release.declare(create_pr=create_pr)
    moved: list[str] = []
    release.proxy.on(moment, doing(lambda: moved.append(release.commit_as_other())), times=1)
    with pytest.raises(RemoteConflictError) as failure:
        release.publish()
    assert planned in failure.value.message
    assert moved[0] in failure.value.message
    assert release.head() == moved[0]
    assert not release.lock.exists()


# Before the second moment, the client itself finds out that all files are there, and sends no commit.
@pytest.mark.parametrize("moment", [COMMIT, "^POST /api/models/[^?]*/preupload/"])
def test_the_same_change_by_another_user_is_not_a_conflict(
    release: Release, by_lfs: None, sleeps: list[float], moment: str
) -> None:
    release.create()
    release.declare(tag="v1")
    made: list[Receipt] = []
    release.proxy.on(moment, doing(lambda: made.append(release.publish())), times=1)
    receipt = release.publish()
    assert (receipt.verified, receipt.created, made[0].created) == (True, False, True)
    assert (receipt.commit, receipt.tag) == (made[0].commit, "v1")
    assert release.is_published_once()


@pytest.mark.parametrize("moment", ["^GET /api/models/[^?]*/tree/", "^GET /api/models/[^?]*/refs"])
def test_a_publisher_of_the_same_release_between_two_requests_of_the_plan_is_not_a_conflict(
    release: Release, by_lfs: None, sleeps: list[float], moment: str
) -> None:
    release.create()
    release.declare(tag="v1")
    made: list[Receipt] = []
    release.proxy.on(moment, doing(lambda: made.append(release.publish())), times=1)
    receipt = release.publish()
    assert (receipt.commit, receipt.created, receipt.tag) == (made[0].commit, False, "v1")
    assert release.is_published_once()


def test_a_commit_on_top_of_the_same_release_is_not_taken_for_it(
    release: Release, by_lfs: None, sleeps: list[float]
) -> None:
    release.create()
    release.declare(tag="v1")
    made: list[Receipt] = []

    def publish() -> None:
        made.append(release.publish())
        release.commit_as_other("later.txt")

    release.proxy.on("^POST /api/models/[^?]*/preupload/", doing(publish), times=1)
    receipt = release.publish()
    assert (receipt.commit, receipt.created, receipt.tag) == (made[0].commit, False, "v1")


def test_a_proposal_of_files_that_another_user_committed_is_a_conflict(
    release: Release, by_lfs: None, sleeps: list[float]
) -> None:
    release.create()
    without_manifest = {"ignore_patterns": ["hub.yaml"]}
    release.declare(create_pr=True, patterns=without_manifest)

    def publish() -> None:
        release.declare(create_pr=False, patterns=without_manifest)
        release.publish()

    release.proxy.on("^POST /api/models/[^?]*/preupload/", doing(publish), times=1)
    with pytest.raises(RemoteConflictError, match="nothing is left to propose"):
        release.publish()


def test_a_repo_that_gets_files_while_it_is_created_is_left_alone(release: Release, by_lfs: None) -> None:
    release.proxy.on("^POST /api/repos/create", doing(release.commit_as_other, first=False), times=1)
    with pytest.raises(RemoteConflictError, match="another commit was made to"):
        release.publish()
    assert release.titles() == ["another user's work"]


def test_an_empty_repo_that_another_user_created_meanwhile_is_used(release: Release, by_lfs: None) -> None:
    release.proxy.on("^POST /api/repos/create", doing(release.create), times=1)
    assert release.publish().verified
    assert release.is_published_once()


def test_a_conflict_without_a_moved_head_is_reported(release: Release, by_lfs: None, sleeps: list[float]) -> None:
    planned = release.create()
    release.proxy.on(COMMIT, instead(409, b'{"error": "busy"}', Content_Type="application/json"))
    with pytest.raises(RemoteConflictError, match=planned):
        release.publish()
    assert release.head() == planned


def test_a_new_branch_starts_at_the_head_of_main_when_it_was_planned(release: Release, by_lfs: None) -> None:
    release.create()
    first = release.commit_as_other()
    release.declare(revision="next")
    release.proxy.on("^POST /api/models/[^?]*/branch/", doing(lambda: release.commit_as_other("b.txt")), times=1)
    receipt = release.publish()
    assert release.titles("next")[1:] == ["another user's work"]
    assert receipt.plan.head.commit == first
    assert "b.txt" not in release.tree("next")


def meeting(count: int) -> Behavior:
    """Forward `count` calls at the same moment."""
    barrier = threading.Barrier(count, timeout=120)

    def behave(call: Call, forward: Forward) -> Answer:
        if barrier.n_waiting < count and not barrier.broken:
            barrier.wait()
        return forward(call)

    return behave


def attempt(release: Release) -> Receipt | RemoteConflictError:
    try:
        return release.publish()
    except RemoteConflictError as error:
        return error


@pytest.mark.parametrize("round_", range(rounds(20)))
def test_one_of_two_publishers_from_the_same_head_wins(
    release: Release, by_lfs: None, sleeps: list[float], tmp_path: Path, round_: int
) -> None:
    planned = release.create()
    rival = Release.make(tmp_path / "rival", release.repo_id, release.proxy, release.hub)
    (rival.folder / LARGE).write_bytes(noise(100_000, rival.folder))
    (rival.folder / "rival.txt").write_text("rival\n")
    rival.declare(sources=(LARGE, "rival.txt"), tag="v-rival")
    release.declare(tag="v-release")
    release.proxy.on(COMMIT, meeting(2), times=2)
    with ThreadPoolExecutor(2) as pool:
        outcomes = dict(zip((release, rival), pool.map(attempt, (release, rival)), strict=True))
    (won,) = [one for one, outcome in outcomes.items() if isinstance(outcome, Receipt)]
    (lost,) = [one for one, outcome in outcomes.items() if isinstance(outcome, RemoteConflictError)]
    assert won.is_published_once()
    assert won.lock.exists()
    assert not lost.lock.exists()
    assert [tag.name for tag in won.api.list_repo_refs(won.repo_id).tags] == [
        won.plan().release.project.manifest.repo.tag
    ]
    refusal = outcomes[lost]
    assert isinstance(refusal, RemoteConflictError)
    assert planned in refusal.message
    assert won.head() in refusal.message
