"""A large release meets the work of other users, and of other publishers of the same release."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi

from hublish.base.errors import RemoteConflictError, VerificationError
from hublish.base.values import Receipt
from hublish.hub.server import EmbeddedHub
from hublish.pipeline.upload.in_parts import Mark
from tests.faults.projects import COMMIT, Release
from tests.faults.proxy import Answer, Call, Forward, doing, edited, rewritten
from tests.pipeline.upload.releases import MERGE, OPEN, STATUS, check_merged_once, declare, discussions, killed_after


def test_main_that_moves_meanwhile_is_never_overwritten(parts: Release) -> None:
    planned = parts.head()
    parts.proxy.on(COMMIT, doing(lambda: parts.commit_as_other("theirs.txt")), skip=1, times=1)
    with pytest.raises(RemoteConflictError, match=planned):
        parts.publish()
    assert sorted(parts.tree()) == ["old.txt", "theirs.txt"]
    assert discussions(parts) == [(1, "closed")]
    assert parts.publish().created
    assert discussions(parts) == [(1, "closed"), (2, "merged")]


def test_a_conflict_of_the_merge_is_reported_and_leaves_nothing_open(parts: Release) -> None:
    parts.proxy.on(MERGE, doing(lambda: parts.commit_as_other("00.txt", "theirs\n")), times=1)
    with pytest.raises(RemoteConflictError, match="moved from"):
        parts.publish()
    assert parts.tree().keys() == {"00.txt", "old.txt"}
    assert discussions(parts) == [(1, "closed")]


@pytest.mark.parametrize("filtered", [True, False])
def test_a_pull_request_of_another_user_with_the_same_mark_is_not_used(
    parts: Release, own_hub: EmbeddedHub, filtered: bool
) -> None:
    stranger = HfApi(endpoint=own_hub.endpoint, token=own_hub.add_user("mallory"))
    description = str(Mark.of(parts.plan()))
    stranger.create_pull_request(parts.repo_id, f"Release {parts.repo_id}", description=description)
    if not filtered:
        # Some Hubs ignore the parameter.
        parts.proxy.on("author=", rewritten(lambda call: replace(call, path=call.path.replace("author=", "x="))))
    assert parts.publish().parts_in == 2
    assert discussions(parts) == [(1, "draft"), (2, "merged")]


def test_other_content_in_the_pull_request_is_never_merged(parts: Release) -> None:
    killed_after(parts, COMMIT, 1)
    other = [CommitOperationAdd("unplanned.txt", b"x")]
    parts.api.create_commit(parts.repo_id, other, commit_message="other", revision="refs/pr/1")
    with pytest.raises(RemoteConflictError, match="contains other changes"):
        parts.publish()
    assert discussions(parts) == [(1, "closed")]
    assert parts.publish().created
    check_merged_once(parts)


def test_a_pull_request_that_is_closed_meanwhile_stops_the_release(parts: Release) -> None:
    def close() -> None:
        parts.api.change_discussion_status(parts.repo_id, 1, "closed")

    parts.proxy.on(COMMIT, doing(close), skip=1, times=1)
    with pytest.raises(RemoteConflictError, match="was closed"):
        parts.publish()
    assert parts.publish().created


@pytest.mark.parametrize("moment", [OPEN, COMMIT, STATUS, MERGE])
def test_the_same_release_by_another_publisher_at_any_moment_is_not_a_conflict(parts: Release, moment: str) -> None:
    declare(parts, tag="v1")
    made: list[Receipt] = []
    parts.proxy.on(moment, doing(lambda: made.append(parts.publish())), times=1)
    receipt = parts.publish()
    assert made[0].created
    assert (receipt.verified, receipt.commit, receipt.tag) == (True, made[0].commit, "v1")
    check_merged_once(parts)


def test_two_publishers_at_once_make_one_merge(parts: Release) -> None:
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: parts.publish(), range(2))
    assert first.commit == second.commit == parts.head()
    check_merged_once(parts)


def test_a_commit_at_the_moment_of_the_merge_is_kept_and_reported(parts: Release) -> None:
    declare(parts, tag="v1")
    parts.proxy.on(MERGE, doing(lambda: parts.commit_as_other("theirs.txt")), times=1)
    with pytest.raises(VerificationError) as failure:
        parts.publish()
    assert [problem.code for problem in failure.value.problems] == ["verify.extra"]
    assert parts.tree() == {**parts.planned_tree(), "theirs.txt": parts.tree()["theirs.txt"]}
    assert parts.api.list_repo_refs(parts.repo_id).tags == []
    receipt = parts.publish()
    assert (receipt.created, receipt.tag) == (False, "v1")
    assert discussions(parts) == [(1, "merged")]


def test_a_hub_that_squashes_the_parts_of_a_pull_request_is_verified_too(parts: Release) -> None:
    declare(parts, tag="v1")
    squashed: list[str] = []

    def squash(call: Call, forward: Forward) -> Answer:
        files = [*(parts.folder / "files").iterdir(), parts.manifest]
        operations = [CommitOperationAdd(path.name, path) for path in files]
        deleted = [CommitOperationDelete("old.txt")]
        done = parts.api.create_commit(parts.repo_id, [*operations, *deleted], commit_message="Release v1 (#1)")
        squashed.append(done.oid)
        parts.api.change_discussion_status(parts.repo_id, 1, "closed")
        return Answer(200, (("Content-Type", "application/json"),), b"{}")

    def as_merged(answer: Answer) -> Answer:
        body = json.loads(answer.body)
        state = {"status": "merged", "changes": {"mergeCommitId": squashed[0]}} if squashed else {}
        return replace(answer, body=json.dumps({**body, **state}).encode())

    parts.proxy.on(MERGE, squash)
    parts.proxy.on(r"^GET /api/models/[^?]*/discussions/1$", edited(as_merged))
    receipt = parts.publish()
    assert (receipt.commit, receipt.created, receipt.tag) == (squashed[0], True, "v1")
    assert parts.titles() == ["Release v1 (#1)", "another user's work"]
    assert parts.tree() == parts.planned_tree()


def test_two_different_releases_at_once_are_one_release_and_one_conflict(parts: Release, tmp_path: Path) -> None:
    rival = Release(tmp_path / "rival", parts.repo_id, parts.proxy, parts.hub)
    shutil.copytree(parts.folder, rival.folder)
    (rival.folder / "files" / "00.txt").write_text("of the rival\n")
    made: list[Receipt] = []
    parts.proxy.on(COMMIT, doing(lambda: made.append(rival.publish())), skip=1, times=1)
    with pytest.raises(RemoteConflictError, match="moved from"):
        parts.publish()
    assert parts.head() == made[0].commit
    assert parts.tree() == rival.planned_tree()
    assert discussions(parts) == [(1, "closed"), (2, "merged")]


def test_the_draft_of_another_user_with_the_same_files_stays_a_draft(parts: Release) -> None:
    declare(parts, create_pr=True, files_per_commit=5)
    parts.api.create_pull_request(parts.repo_id, "The same files")
    files = [*(parts.folder / "files").iterdir(), parts.manifest]
    operations: list[Any] = [CommitOperationDelete("old.txt"), *(CommitOperationAdd(path.name, path) for path in files)]
    parts.api.create_commit(parts.repo_id, operations, commit_message="by hand", revision="refs/pr/1")
    assert parts.publish().pull_request == 1
    assert discussions(parts) == [(1, "draft")]
