"""A large release meets the work of other users, and of other publishers of the same release."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from huggingface_hub import CommitOperationAdd, HfApi

from hublish.base.errors import RemoteConflictError
from hublish.base.values import Receipt
from hublish.hub.server import EmbeddedHub
from hublish.pipeline.upload.in_parts import Mark
from tests.faults.projects import COMMIT, Release
from tests.faults.proxy import (
    doing,
)
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


def test_a_pull_request_of_another_user_with_the_same_mark_is_not_used(parts: Release, own_hub: EmbeddedHub) -> None:
    stranger = HfApi(endpoint=own_hub.endpoint, token=own_hub.add_user("mallory"))
    description = str(Mark.of(parts.plan()))
    stranger.create_pull_request(parts.repo_id, f"Release {parts.repo_id}", description=description)
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
