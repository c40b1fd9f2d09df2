"""A large release goes to a draft pull request in parts, and reaches the branch in one step, whatever fails."""

import json
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from hublish.base.errors import HublishError, RemoteError, SourceChangedError, VerificationError
from hublish.base.values.commit_parts import CommitLimits
from hublish.pipeline.lock.records import plan_document
from hublish.pipeline.upload.in_parts import Mark
from tests.faults.projects import COMMIT, Release, noise
from tests.faults.proxy import (
    Answer,
    Behavior,
    Call,
    Forward,
    HangupError,
    afterwards,
    doing,
    instead,
    lost_after,
    lost_before,
)
from tests.pipeline.upload.releases import MERGE, OPEN, STATUS, check_merged_once, declare, discussions, killed_after


class Watching:
    """Records each tree of main that a reader sees during a run."""

    def __init__(self, release: Release) -> None:
        self.seen: list[Any] = []
        release.proxy.watch = lambda call, moment: self.look(release, call, moment)

    def look(self, release: Release, call: Call, moment: str) -> None:
        if moment == "after" and call.method == "POST" and (tree := release.tree()) not in self.seen:
            self.seen.append(tree)


def test_readers_of_main_see_the_old_and_the_new_tree_and_nothing_between(parts: Release) -> None:
    declare(parts, tag="v1")
    old, watching = parts.tree(), Watching(parts)
    receipt = parts.publish()
    assert watching.seen == [old, parts.planned_tree()]
    assert (receipt.created, receipt.verified, receipt.tag, receipt.pull_request) == (True, True, "v1", None)
    assert receipt.commit == parts.head() == parts.head("v1")
    assert receipt.parts_in == 1
    assert parts.titles()[:3] == ["Release v1 (13-15 of 15)", "Release v1 (7-12 of 15)", "Release v1 (1-6 of 15)"]
    check_merged_once(parts)
    assert parts.lock.exists()
    assert not parts.publish().created


def test_a_smaller_release_is_one_commit(parts: Release) -> None:
    declare(parts, files_per_commit=15)
    parts.publish()
    assert parts.proxy.count(COMMIT) == 1
    assert discussions(parts) == []


def test_a_release_for_another_branch_is_one_commit(parts: Release) -> None:
    declare(parts, revision="next")
    parts.publish()
    assert parts.tree("next") == parts.planned_tree()
    assert parts.proxy.count(COMMIT) == 1


def test_a_new_repo_receives_its_parts_and_is_deleted_after_a_refusal(parts: Release) -> None:
    parts.api.delete_repo(parts.repo_id)
    parts.proxy.on(COMMIT, instead(400, b'{"error": "no"}', Content_Type="application/json"), skip=1)
    with pytest.raises(RemoteError):
        parts.publish()
    assert not parts.api.repo_exists(parts.repo_id)
    parts.proxy.clear()
    assert parts.publish().created
    check_merged_once(parts)


def test_large_files_come_first_and_deletions_before_them(parts: Release) -> None:
    parts.publish()
    (first, *others) = [call.body for call in parts.proxy.calls if "/commit/" in call.path]
    assert b"old.txt" in first
    assert b"lfsFile" in first
    assert not any(b"lfsFile" in body for body in others)


def test_bytes_of_regular_files_divide_a_release_too(parts: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    declare(parts, files_per_commit=1000)
    monkeypatch.setattr(CommitLimits, "of", lambda plan: CommitLimits(plan.target.files_per_commit, 40))
    assert parts.publish().created
    assert parts.proxy.count(COMMIT) > 2
    check_merged_once(parts)


def test_large_files_are_sent_in_parts_by_lfs_and_by_xet(release: Release, by: str) -> None:
    for number in range(5):
        (release.folder / f"{number}.bin").write_bytes(noise(70_000, (number, release.folder)))
    release.declare(sources=("*.bin",), files_per_commit=2)
    assert release.publish().parts_in == 1
    assert release.proxy.count(COMMIT) == 4
    check_merged_once(release)


@pytest.mark.parametrize(("request_", "status"), [(STATUS, 403), (MERGE, 403), (MERGE, 404)])
def test_a_token_that_may_not_merge_makes_one_commit(parts: Release, request_: str, status: int) -> None:
    parts.proxy.on(request_, instead(status), times=1)
    receipt = parts.publish()
    assert (receipt.created, receipt.parts_in) == (True, None)
    assert parts.tree() == parts.planned_tree()
    assert discussions(parts) == [(1, "closed")]


@pytest.mark.parametrize("status", [400, 403, 404, 405, 501])
def test_a_hub_without_pull_requests_gets_one_commit(parts: Release, status: int) -> None:
    parts.proxy.on(r"/discussions", instead(status, b'{"error": "no such thing"}', Content_Type="application/json"))
    receipt = parts.publish()
    assert (receipt.created, receipt.parts_in) == (True, None)
    assert parts.tree() == parts.planned_tree()
    assert parts.proxy.done(COMMIT) == 1


def test_a_hub_that_opens_a_discussion_in_place_of_a_pull_request_gets_one_commit(parts: Release) -> None:
    def as_discussion(call: Call, forward: Forward) -> Answer:
        body = {**json.loads(call.body), "pullRequest": False}
        answer = forward(replace(call, body=json.dumps(body).encode()))
        return replace(answer, body=b'{"num": 1}')

    parts.proxy.on(OPEN, as_discussion)
    assert parts.publish().parts_in is None
    assert parts.proxy.done(COMMIT) == 1
    assert discussions(parts) == [(1, "closed")]


FAULTS: dict[str, Behavior] = {"lost before": lost_before, "lost after": lost_after, "503": afterwards(503)}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("request_", [OPEN, COMMIT, STATUS, MERGE])
def test_one_failure_of_a_request_is_overcome(parts: Release, request_: str, fault: str) -> None:
    declare(parts, tag="v1")
    parts.proxy.on(request_, FAULTS[fault], times=1)
    receipt = parts.publish()
    assert (receipt.created, receipt.verified, receipt.tag) == (True, True, "v1")
    check_merged_once(parts)
    assert len(discussions(parts)) == 1
    assert parts.proxy.done(COMMIT) == 3


def test_a_publisher_that_dies_at_any_request_is_continued_by_the_next_run(parts: Release) -> None:
    number, died = 0, True
    while died:
        number += 3
        # Every file is new in each round.
        for path in (parts.folder / "files").glob("*.txt"):
            path.write_text(f"{path.name} of {number}\n")
        old, dying = parts.tree(), Dying(number)
        parts.proxy.on("", dying)
        with suppress(HublishError):
            parts.publish()
        died = dying.left < 0
        parts.proxy.clear()
        assert parts.tree() in (old, parts.planned_tree())
        parts.publish()
        assert parts.tree() == parts.planned_tree()
        assert {status for _, status in discussions(parts)} <= {"merged", "closed"}
    assert number > 20


class Dying:
    """Handles a number of calls; each later one fails as if the publisher had been killed."""

    def __init__(self, number: int) -> None:
        self.left = number

    def __call__(self, call: Call, forward: Forward) -> Answer:
        self.left -= 1
        if self.left < 0:
            raise HangupError
        return forward(call)


def test_a_rerun_sends_only_the_parts_that_are_missing(parts: Release) -> None:
    old = parts.tree()
    killed_after(parts, COMMIT, 2)
    assert (parts.tree(), discussions(parts)) == (old, [(1, "draft")])
    assert parts.publish().created
    assert parts.proxy.count(COMMIT) == 1
    assert discussions(parts) == [(1, "merged")]


@pytest.mark.parametrize("status", [503, 429])
def test_a_failure_that_may_pass_leaves_the_parts_for_the_next_run(parts: Release, status: int) -> None:
    parts.proxy.on(COMMIT, instead(status), skip=1)
    with pytest.raises(RemoteError):
        parts.publish()
    assert discussions(parts) == [(1, "draft")]
    parts.proxy.clear()
    assert parts.publish().created
    assert parts.proxy.count(COMMIT) == 2
    assert discussions(parts) == [(1, "merged")]


def test_a_reviewed_plan_is_continued_as_well(parts: Release) -> None:
    plan = plan_document(parts.plan())
    assert plan.commits == 3
    parts.proxy.on(COMMIT, instead(503), skip=2)
    with pytest.raises(RemoteError):
        parts.publish(plan=plan)
    parts.proxy.clear()
    assert parts.publish(plan=plan).created
    assert parts.proxy.count(COMMIT) == 1


def test_a_run_that_ended_before_the_merge_is_merged_without_another_part(parts: Release) -> None:
    killed_after(parts, STATUS, 1)
    assert discussions(parts) == [(1, "open")]
    assert parts.publish().created
    assert parts.proxy.count(COMMIT) == 0
    check_merged_once(parts)


def test_a_run_that_ended_after_the_merge_is_tagged_and_locked(parts: Release) -> None:
    declare(parts, tag="v1")
    killed_after(parts, MERGE, 1)
    receipt = parts.publish()
    assert (receipt.created, receipt.verified, receipt.tag) == (False, True, "v1")
    assert parts.head("v1") == parts.head()
    check_merged_once(parts)


def changed_file(release: Release) -> None:
    (release.folder / "files" / "05.txt").write_text("changed\n")


def moved_main(release: Release) -> None:
    release.commit_as_other()


def smaller_release(release: Release) -> None:
    declare(release, files_per_commit=5, tag="v2")


@pytest.mark.parametrize("change", [changed_file, moved_main, smaller_release])
def test_an_upload_of_another_plan_is_closed_by_the_next_release(
    parts: Release, change: Callable[[Release], None]
) -> None:
    killed_after(parts, COMMIT, 1)
    change(parts)
    assert parts.publish().created
    assert discussions(parts) == [(1, "closed"), (2, "merged")]
    last = parts.api.get_discussion_details(parts.repo_id, 1).events[-2]
    assert "planned against" in last.content  # type: ignore[attr-defined]


def test_a_file_that_is_lost_on_the_way_is_found_before_the_merge(parts: Release) -> None:
    old = parts.tree()

    def without_a_file(call: Call, forward: Forward) -> Answer:
        lines = [line for line in call.body.splitlines() if b'"03.txt"' not in line]
        return forward(Call(call.method, call.path, call.headers, b"\n".join(lines) + b"\n"))

    parts.proxy.on(COMMIT, without_a_file)
    with pytest.raises(VerificationError) as failure:
        parts.publish()
    assert [problem.message for problem in failure.value.problems] == ["'03.txt' is missing"]
    assert parts.tree() == old
    assert discussions(parts) == [(1, "closed")]


def test_a_file_that_changes_between_two_parts_stops_the_release(parts: Release) -> None:
    parts.proxy.on(COMMIT, doing(lambda: changed_file(parts), first=False), times=1)
    with pytest.raises(SourceChangedError, match=r"05\.txt"):
        parts.publish()
    assert discussions(parts) == [(1, "closed")]


def test_a_proposal_in_parts_stays_open_for_its_reviewers(parts: Release) -> None:
    declare(parts, create_pr=True)
    old = parts.tree()
    receipt = parts.publish()
    assert (receipt.created, receipt.pull_request, receipt.parts_in) == (True, 1, 1)
    assert parts.tree() == old
    assert parts.tree("refs%2Fpr%2F1") == parts.planned_tree()
    assert discussions(parts) == [(1, "open")]
    assert not parts.publish().created


@pytest.mark.parametrize(("pattern", "count"), [(OPEN, 1), (COMMIT, 1), (COMMIT, 3)])
def test_an_interrupted_proposal_is_completed(parts: Release, pattern: str, count: int) -> None:
    declare(parts, create_pr=True)
    killed_after(parts, pattern, count)
    assert discussions(parts) == [(1, "draft")]
    assert parts.publish().pull_request == 1
    assert discussions(parts) == [(1, "open")]
    assert parts.tree("refs%2Fpr%2F1") == parts.planned_tree()


@pytest.mark.parametrize("status", [504, 408, 413])
def test_a_commit_that_takes_too_long_or_is_too_large_is_divided(parts: Release, status: int) -> None:
    for number in range(20):
        (parts.folder / "files" / f"more-{number:02}.txt").write_text(f"more {number}\n")
    declare(parts, files_per_commit=1000)

    def times_out(call: Call, forward: Forward) -> Answer:
        return forward(call) if call.body.count(b"\n") <= 12 else Answer(status)

    parts.proxy.on(COMMIT, times_out)
    assert parts.publish().created
    assert parts.proxy.done(COMMIT) > 2
    check_merged_once(parts)


def test_a_part_that_is_too_large_for_the_hub_is_divided(parts: Release) -> None:
    def too_large(call: Call, forward: Forward) -> Answer:
        return forward(call) if call.body.count(b"\n") <= 4 else Answer(413)

    parts.proxy.on(COMMIT, too_large)
    assert parts.publish().created
    check_merged_once(parts)


def test_the_pull_request_tells_people_what_it_is_for(parts: Release) -> None:
    declare(parts, commit_description="Trained twice.")
    mark = Mark.of(parts.plan())
    parts.publish()
    content = parts.api.get_discussion_details(parts.repo_id, 1).events[0].content  # type: ignore[attr-defined]
    assert re.match("Trained twice.\n\nHublish-Plan: [0-9a-f]{64}\n\nhublish sends this release in parts", content)
    assert Mark.find(content) == mark
    assert Mark.find(content + "\n\nquoted by a person") is None
