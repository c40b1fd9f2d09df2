from collections.abc import Callable
from typing import Any

import pytest
from huggingface_hub import CommitInfo, CommitOperationAdd, CommitOperationDelete, HfApi
from huggingface_hub.errors import BadRequestError, HfHubHTTPError

from hublish.hub.server import EmbeddedHub


def commit(api: HfApi, repo: str, path: str, content: bytes, **more: Any) -> str:
    operations = [CommitOperationAdd(path, content)]
    made: CommitInfo = api.create_commit(repo, operations, commit_message=f"write {path}", **more)
    return made.oid


def test_a_discussion_can_be_commented_renamed_and_closed(api: HfApi, repo: str) -> None:
    made = api.create_discussion(repo, "A question", description="What is it?")
    assert (made.num, made.status, made.author, made.is_pull_request) == (1, "open", "me", False)
    comment = api.comment_discussion(repo, 1, "It is this.")
    api.edit_discussion_comment(repo, 1, comment.id, "It is that.")
    api.rename_discussion(repo, 1, "A better question")
    api.change_discussion_status(repo, 1, "closed", comment="answered")
    shown = api.get_discussion_details(repo, 1)
    assert (shown.title, shown.status) == ("A better question", "closed")
    kinds = ["comment", "comment", "title-change", "comment", "status-change"]
    assert [event.type for event in shown.events] == kinds
    assert shown.events[1].content == "It is that."  # type: ignore[attr-defined]  # a comment
    with pytest.warns(UserWarning, match="irreversible"):
        api.hide_discussion_comment(repo, 1, comment.id)
    assert api.get_discussion_details(repo, 1).events[1].hidden  # type: ignore[attr-defined]  # a comment


def test_discussions_are_listed_by_type_status_and_author(
    api: HfApi, hub: EmbeddedHub, repo: str, connect: Callable[..., Any]
) -> None:
    eve = hub.add_user("eve")
    for number in range(60):
        client = connect(hub.endpoint, eve if number % 2 else hub.token)
        body = {"title": f"Question {number}", "pullRequest": number < 10}
        assert client("POST", f"/api/models/{repo}/discussions", body).status == 200
    api.change_discussion_status(repo, 1, "closed")
    assert len(list(api.get_repo_discussions(repo))) == 60
    assert len(list(api.get_repo_discussions(repo, discussion_type="pull_request"))) == 10
    assert [item.num for item in api.get_repo_discussions(repo, discussion_status="closed")] == [1]
    assert len(list(api.get_repo_discussions(repo, author="eve"))) == 30


def test_a_pull_request_starts_as_a_draft_and_can_be_merged_once_open(api: HfApi, repo: str) -> None:
    made = api.create_pull_request(repo, "Add a file")
    assert (made.status, made.target_branch, made.git_reference) == ("draft", "refs/heads/main", "refs/pr/1")
    head = commit(api, repo, "a.txt", b"a\n", revision="refs/pr/1")
    with pytest.raises(BadRequestError, match="draft"):
        api.merge_pull_request(repo, 1)
    api.change_discussion_status(repo, 1, "open")
    shown = api.get_discussion_details(repo, 1)
    assert shown.conflicting_files == []
    assert shown.diff is not None
    assert "+++ b/a.txt" in shown.diff
    api.merge_pull_request(repo, 1, comment="fine")
    merged = api.get_discussion_details(repo, 1)
    assert (merged.status, merged.merge_commit_oid) == ("merged", head)
    assert api.model_info(repo).sha == head
    with pytest.raises(BadRequestError, match="merged"):
        api.merge_pull_request(repo, 1)


def test_changes_of_both_sides_are_merged(api: HfApi, repo: str) -> None:
    for path in ("sub/ours.txt", "sub/theirs.txt", "gone/by/them.txt", "same.txt"):
        commit(api, repo, path, b"base")
    commit(api, repo, "sub/theirs.txt", b"theirs", create_pr=True)
    operations: list[Any] = [CommitOperationDelete("gone/by/them.txt"), CommitOperationAdd("same.txt", b"same")]
    api.create_commit(repo, operations, commit_message="more", revision="refs/pr/1")
    commit(api, repo, "sub/ours.txt", b"ours")
    main = commit(api, repo, "same.txt", b"same")
    api.merge_pull_request(repo, 1)
    files = api.list_repo_files(repo)
    assert files == [".gitattributes", "same.txt", "sub/ours.txt", "sub/theirs.txt"]
    log = api.list_repo_commits(repo)
    assert log[0].title == "write sub/theirs.txt (#1)"
    assert main in [entry.commit_id for entry in log]


@pytest.mark.parametrize("ours", [CommitOperationAdd("d/a.txt", b"ours"), CommitOperationDelete("d/")])
def test_conflicts_are_named_and_not_merged(api: HfApi, repo: str, ours: Any) -> None:
    commit(api, repo, "d/a.txt", b"base")
    commit(api, repo, "d/a.txt", b"theirs", create_pr=True)
    head = api.create_commit(repo, [ours], commit_message="ours").oid
    conflicts = api.get_discussion_details(repo, 1).conflicting_files
    assert conflicts in (["d/a.txt"], ["d"])
    with pytest.raises(HfHubHTTPError, match="conflicts") as caught:
        api.merge_pull_request(repo, 1)
    assert caught.value.response.status_code == 409
    assert api.model_info(repo).sha == head
    assert api.get_discussion_details(repo, 1).status == "open"


def test_outsiders_cannot_merge_close_or_rename(api: HfApi, hub: EmbeddedHub, repo: str) -> None:
    commit(api, repo, "a.txt", b"a", create_pr=True)
    other = HfApi(endpoint=hub.endpoint, token=hub.add_user("eve"))
    for change in (
        lambda: other.merge_pull_request(repo, 1),
        lambda: other.change_discussion_status(repo, 1, "closed"),
        lambda: other.rename_discussion(repo, 1, "mine now"),
    ):
        with pytest.raises(HfHubHTTPError) as caught:
            change()
        assert caught.value.response.status_code == 403
    assert api.get_discussion_details(repo, 1).status == "open"


@pytest.mark.parametrize("number", ["7", "0", "x", "../1", "1.json"])
def test_an_unknown_discussion_is_not_found(call: Callable[..., Any], repo: str, number: str) -> None:
    assert call("GET", f"/api/models/{repo}/discussions/{number}").status == 404
