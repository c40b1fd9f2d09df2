from collections.abc import Callable
from typing import Any

import pytest
from huggingface_hub import CommitOperationAdd, HfApi
from huggingface_hub.errors import BadRequestError, HfHubHTTPError, RevisionNotFoundError


def test_tags_are_revisions_that_do_not_move(api: HfApi, repo: str) -> None:
    first = api.model_info(repo).sha
    api.create_tag(repo, tag="v1", tag_message="annotated")
    api.create_tag(repo, tag="plain/v1", revision=first)
    api.upload_file(repo_id=repo, path_in_repo="a", path_or_fileobj=b"a")
    refs = api.list_repo_refs(repo)
    assert {tag.name: tag.target_commit for tag in refs.tags} == {"v1": first, "plain/v1": first}
    for revision in ("v1", "plain/v1", "refs/tags/v1"):
        assert api.model_info(repo, revision=revision).sha == first
        assert api.list_repo_files(repo, revision=revision) == [".gitattributes"]


def test_an_existing_tag_is_a_conflict_unless_exist_ok_is_set(api: HfApi, repo: str) -> None:
    api.create_tag(repo, tag="v1")
    with pytest.raises(HfHubHTTPError) as caught:
        api.create_tag(repo, tag="v1")
    assert caught.value.response.status_code == 409
    assert "Reference refs/tags/v1 already exists" in str(caught.value)
    api.create_tag(repo, tag="v1", exist_ok=True)
    with pytest.raises(HfHubHTTPError) as caught:
        api.create_tag(repo, tag="v1/below")
    assert caught.value.response.status_code == 409


def test_a_tag_can_be_deleted_once(api: HfApi, repo: str) -> None:
    api.create_tag(repo, tag="v1")
    api.delete_tag(repo, tag="v1")
    assert api.list_repo_refs(repo).tags == []
    with pytest.raises(RevisionNotFoundError):
        api.delete_tag(repo, tag="v1")


def test_branches_are_independent(api: HfApi, repo: str) -> None:
    api.create_branch(repo, branch="dev")
    api.upload_file(repo_id=repo, path_in_repo="dev.txt", path_or_fileobj=b"d", revision="dev")
    api.create_branch(repo, branch="dev-2", revision="dev")
    assert "dev.txt" not in api.list_repo_files(repo)
    assert "dev.txt" in api.list_repo_files(repo, revision="dev-2")
    with pytest.raises(HfHubHTTPError):
        api.create_branch(repo, branch="dev")
    api.create_branch(repo, branch="dev", exist_ok=True)
    api.delete_branch(repo, branch="dev")
    assert [branch.name for branch in api.list_repo_refs(repo).branches] == ["dev-2", "main"]


def test_the_default_branch_cannot_be_deleted(api: HfApi, repo: str) -> None:
    with pytest.raises(HfHubHTTPError, match="Cannot delete refs/heads/main"):
        api.delete_branch(repo, branch="main")


@pytest.mark.parametrize("branch", ["main", "dev"])
def test_an_existing_branch_is_a_conflict_unless_exist_ok_is_set(api: HfApi, repo: str, branch: str) -> None:
    api.create_branch(repo, branch="dev")
    with pytest.raises(HfHubHTTPError, match=f"Reference refs/heads/{branch} already exists"):
        api.create_branch(repo, branch=branch)
    api.create_branch(repo, branch=branch, exist_ok=True)


@pytest.mark.parametrize("start", ["none", "v9", "0123456789"])
def test_an_unknown_starting_point_is_not_found(api: HfApi, repo: str, start: str) -> None:
    with pytest.raises(RevisionNotFoundError):
        api.create_branch(repo, branch="x", revision=start)
    with pytest.raises(RevisionNotFoundError):
        api.create_tag(repo, tag="x", revision=start)
    with pytest.raises(RevisionNotFoundError):
        api.create_tag(repo, tag="not a tag", revision=start)


@pytest.mark.parametrize(
    "name",
    ["..", "a..b", "../../config", "a b", "a~1", "x.lock", "/x", "x/", "a\\b", "@{u}", "refs/heads/x", "-x", "é" * 200],
)
def test_names_git_does_not_allow_are_refused(call: Callable[..., Any], repo: str, name: str) -> None:
    answer = call("POST", f"/api/models/{repo}/tag/main", {"tag": name})
    assert answer.status == 400
    assert "tags" not in str(call("GET", f"/api/models/{repo}/refs").json()["tags"])


def test_a_revision_can_be_a_short_commit_id(api: HfApi, repo: str) -> None:
    sha = api.model_info(repo).sha
    assert sha is not None
    assert api.model_info(repo, revision=sha[:8]).sha == sha
    assert api.model_info(repo, revision=sha).sha == sha


def test_commits_are_listed_newest_first_with_title_and_body(api: HfApi, call: Any, repo: str) -> None:
    api.upload_file(
        repo_id=repo, path_in_repo="a", path_or_fileobj=b"a", commit_message="first", commit_description="why\nand how"
    )
    api.upload_file(repo_id=repo, path_in_repo="a", path_or_fileobj=b"b", commit_message="second")
    commits = api.list_repo_commits(repo)
    assert [commit.title for commit in commits] == ["second", "first", "initial commit"]
    assert commits[1].message == "why\nand how"
    assert commits[0].authors == ["me"]
    (author,) = call("GET", f"/api/models/{repo}/commits/main").json()[0]["authors"]
    assert (author["user"], author["avatar"][:9]) == ("me", "/avatars/")


def test_long_histories_are_paged(api: HfApi, repo: str, call: Callable[..., Any]) -> None:
    header = b'{"key": "header", "value": {"summary": "nothing new"}}\n'
    for _ in range(55):
        assert call("POST", f"/api/models/{repo}/commit/main", header).status == 200
    assert len({commit.commit_id for commit in api.list_repo_commits(repo)}) == 56


def test_squashing_keeps_the_files_and_drops_the_history(api: HfApi, repo: str) -> None:
    api.upload_file(repo_id=repo, path_in_repo="a", path_or_fileobj=b"a")
    files = api.list_repo_files(repo)
    api.super_squash_history(repo, commit_message="all of it")
    assert [commit.title for commit in api.list_repo_commits(repo)] == ["all of it"]
    assert api.list_repo_files(repo) == files


def test_a_pull_request_is_squashed_like_a_branch(api: HfApi, repo: str) -> None:
    number = api.create_pull_request(repo, title="More").num
    ref = f"refs/pr/{number}"
    for content in (b"1", b"2"):
        api.upload_file(repo_id=repo, path_in_repo="b", path_or_fileobj=content, revision=ref)
    main = api.list_repo_commits(repo)
    api.super_squash_history(repo, branch=ref, commit_message="One")
    (squashed,) = api.list_repo_commits(repo, revision=ref)
    assert squashed.title == "One"
    assert api.list_repo_files(repo, revision=ref) == [".gitattributes", "b"]
    assert api.list_repo_commits(repo) == main
    events = api.get_discussion_details(repo, number).events
    assert getattr(events[-1], "oid", None) == squashed.commit_id


def test_tags_missing_branches_and_closed_pull_requests_are_not_squashed(api: HfApi, repo: str) -> None:
    api.create_tag(repo, tag="v1")
    for name in ("v1", "refs/tags/v1"):
        with pytest.raises(BadRequestError, match="tag"):
            api.super_squash_history(repo, branch=name)
    for name in ("none", "refs/pr/7", "refs/heads/none"):
        with pytest.raises(RevisionNotFoundError):
            api.super_squash_history(repo, branch=name)
    number = api.create_pull_request(repo, title="Closed").num
    api.change_discussion_status(repo, number, "closed")
    with pytest.raises(HfHubHTTPError, match="closed"):
        api.super_squash_history(repo, branch=f"refs/pr/{number}")


def test_titles_and_messages_are_formatted_as_html_on_request(api: HfApi, repo: str, call: Callable[..., Any]) -> None:
    add = CommitOperationAdd("a", b"a")
    api.create_commit(repo, [add], commit_message="<b>1 & 2</b>", commit_description="a\n<i>")
    plain, formatted = (api.list_repo_commits(repo, formatted=formatted)[0] for formatted in (False, True))
    assert (plain.formatted_title, plain.formatted_message) == (None, None)
    assert (formatted.title, formatted.message) == ("<b>1 & 2</b>", "a\n<i>")
    assert formatted.formatted_title == "&lt;b&gt;1 &amp; 2&lt;/b&gt;"
    assert formatted.formatted_message == "a<br>\n&lt;i&gt;"
    assert call("GET", f"/api/models/{repo}/commits/main?formatted=true").json()[0]["formatted"]["title"]
    answer = call("GET", f"/api/models/{repo}/commits/main?expand=patch")
    assert answer.status == 400
    assert 'expected one of "formatted"' in answer.json()["error"]


def test_head_is_the_default_branch_wherever_a_revision_is_accepted(
    api: HfApi, repo: str, call: Callable[..., Any]
) -> None:
    api.create_branch(repo, branch="aside")
    api.upload_file(repo_id=repo, path_in_repo="a", path_or_fileobj=b"a", revision="HEAD")
    head = api.model_info(repo).sha
    assert api.model_info(repo, revision="HEAD").sha == head
    assert api.list_repo_files(repo, revision="HEAD") == [".gitattributes", "a"]
    assert [entry.path for entry in api.get_paths_info(repo, ["a"], revision="HEAD")] == ["a"]
    assert api.list_repo_commits(repo, revision="HEAD")[0].commit_id == head
    api.create_branch(repo, branch="copy", revision="HEAD")
    api.create_tag(repo, tag="v1", revision="HEAD")
    assert api.model_info(repo, revision="copy").sha == api.model_info(repo, revision="v1").sha == head
    answer = call("HEAD", f"/{repo}/resolve/HEAD/a")
    assert (answer.status, answer.headers["x-repo-commit"]) == (200, head)
    for token in ("read", "write"):
        assert call("GET", f"/api/models/{repo}/xet-{token}-token/HEAD").status == 200
    api.super_squash_history(repo, branch="HEAD")
    assert len(api.list_repo_commits(repo)) == 1
    assert [branch.name for branch in api.list_repo_refs(repo).branches] == ["aside", "copy", "main"]


def test_head_cannot_be_created_or_deleted(api: HfApi, repo: str, call: Callable[..., Any]) -> None:
    assert call("POST", f"/api/models/{repo}/branch/HEAD").status == 400
    assert call("POST", f"/api/models/{repo}/tag/main", {"tag": "HEAD"}).status == 400
    assert call("DELETE", f"/api/models/{repo}/branch/HEAD").status == 404
    assert api.model_info(repo, revision="HEAD").sha


def test_a_branch_can_be_empty_and_can_be_overwritten(api: HfApi, repo: str, call: Callable[..., Any]) -> None:
    """As huggingface.js requests it."""
    path = f"/api/models/{repo}/branch"
    assert call("POST", f"{path}/empty", {"emptyBranch": True}).status == 200
    assert api.list_repo_files(repo, revision="empty") == []
    assert call("POST", f"{path}/empty", {"emptyBranch": True}).status == 409
    assert call("POST", f"{path}/empty%2Fbelow", {"overwrite": True}).status == 409
    before = api.model_info(repo, revision="empty").sha
    assert call("POST", f"{path}/empty", {"overwrite": True}).json()["targetCommit"] == before
    assert call("POST", f"{path}/empty", {"overwrite": True, "startingPoint": "main"}).status == 200
    assert api.model_info(repo, revision="empty").sha == api.model_info(repo).sha
    assert call("POST", f"{path}/new", {"overwrite": True}).status == 200
    assert api.model_info(repo, revision="new").sha == api.model_info(repo).sha
