"""Histories: branches, tags, refs, commits, discussions and pull requests."""

from typing import Any

from huggingface_hub import CommitOperationAdd
from huggingface_hub.errors import BadRequestError, HfHubHTTPError, RevisionNotFoundError

from tests.clients.versions.harness import Hub, refused, step


@step
def branches_are_created_and_deleted(hub: Hub) -> None:
    repo = hub.new(a_txt="1")
    first = str(hub.owner.model_info(repo).sha)
    hub.commit(repo, {"a.txt": "2"})
    hub.owner.create_branch(repo, branch="dev")
    hub.owner.create_branch(repo, branch="old", revision=first)
    assert (hub.read(repo, "a.txt", revision="dev"), hub.read(repo, "a.txt", revision="old")) == (b"2", b"1")
    with refused(HfHubHTTPError, 409):
        hub.owner.create_branch(repo, branch="dev")
    hub.owner.create_branch(repo, branch="dev", exist_ok=True)
    hub.owner.delete_branch(repo, branch="dev")
    assert not hub.owner.revision_exists(repo, "dev")


@step
def the_default_branch_stays(hub: Hub) -> None:
    repo = hub.new()
    with refused(HfHubHTTPError, 403):
        hub.owner.delete_branch(repo, branch="main")
    with refused(RevisionNotFoundError, 404):
        hub.owner.delete_branch(repo, branch="missing")
    with refused(HfHubHTTPError, 403):
        hub.eve.create_branch(repo, branch="dev")


@step
def a_branch_with_a_slash_is_written_and_read(hub: Hub) -> None:
    repo = hub.new("dataset")
    hub.owner.create_branch(repo, branch="feature/one", repo_type="dataset")
    hub.commit(repo, {"a.txt": "one"}, "dataset", revision="feature/one")
    assert hub.read(repo, "a.txt", revision="feature/one", repo_type="dataset") == b"one"
    assert hub.owner.list_repo_files(repo, repo_type="dataset") == [".gitattributes"]


@step
def tags_are_created_and_deleted(hub: Hub) -> None:
    repo = hub.new(a_txt="1")
    hub.owner.create_tag(repo, tag="v1")
    hub.owner.create_tag(repo, tag="v1.1", tag_message="Second", revision="v1")
    hub.commit(repo, {"a.txt": "2"})
    assert hub.read(repo, "a.txt", revision="v1.1") == b"1"
    with refused(HfHubHTTPError, 409):
        hub.owner.create_tag(repo, tag="v1")
    hub.owner.create_tag(repo, tag="v1", exist_ok=True)
    hub.owner.delete_tag(repo, tag="v1")
    with refused(RevisionNotFoundError, 404):
        hub.owner.delete_tag(repo, tag="v1")


@step
def refs_are_listed(hub: Hub) -> None:
    repo = hub.new()
    hub.owner.create_branch(repo, branch="dev")
    hub.owner.create_tag(repo, tag="v1", tag_message="First")
    hub.owner.create_pull_request(repo, title="Draft")
    refs = hub.owner.list_repo_refs(repo, include_pull_requests=True)
    head = hub.owner.model_info(repo).sha
    assert {(ref.name, ref.ref, ref.target_commit) for ref in refs.branches} == {
        ("main", "refs/heads/main", head),
        ("dev", "refs/heads/dev", head),
    }
    assert [(ref.name, ref.target_commit) for ref in refs.tags] == [("v1", head)]
    assert [ref.ref for ref in refs.pull_requests or []] == ["refs/pr/1"]
    assert hub.owner.list_repo_refs(repo).pull_requests is None


@step
def revision_exists_knows_branches_tags_and_commits(hub: Hub) -> None:
    repo = hub.new("space")
    hub.owner.create_tag(repo, tag="v1", repo_type="space")
    head = str(hub.owner.space_info(repo).sha)
    known = [hub.owner.revision_exists(repo, name, repo_type="space") for name in ("main", "v1", head, "x", "0" * 40)]
    assert known == [True, True, True, False, False]


@step
def commits_are_listed(hub: Hub) -> None:
    repo = hub.new()
    hub.commit(repo, {"a.txt": "1"}, message="One", commit_description="With *more*")
    hub.commit(repo, {"a.txt": "2"}, message="Two")
    commits = hub.owner.list_repo_commits(repo, formatted=True)
    assert [commit.title for commit in commits] == ["Two", "One", "initial commit"]
    assert (commits[1].message, commits[0].authors) == ("With *more*", ["acme"])
    assert commits[0].created_at >= commits[1].created_at
    assert commits[1].formatted_title == "One"
    with refused(RevisionNotFoundError, 404):
        hub.owner.list_repo_commits(repo, revision="missing")


@step
def a_history_is_squashed(hub: Hub) -> None:
    repo = hub.new(a_txt="1")
    hub.commit(repo, {"b.txt": "2"})
    hub.owner.super_squash_history(repo, commit_message="All of it")
    assert [commit.title for commit in hub.owner.list_repo_commits(repo)] == ["All of it"]
    assert hub.read(repo, "a.txt") == b"1"
    hub.owner.create_tag(repo, tag="v1")
    with refused(BadRequestError, 400):
        hub.owner.super_squash_history(repo, branch="v1")


@step
def a_discussion_is_held(hub: Hub) -> None:
    repo = hub.new("dataset")
    kind: Any = {"repo_type": "dataset"}
    discussion = hub.eve.create_discussion(repo, "A question", description="Why?", **kind)
    assert (discussion.num, discussion.author, discussion.is_pull_request) == (1, "eve", False)
    comment = hub.owner.comment_discussion(repo, 1, "Because", **kind)
    hub.owner.edit_discussion_comment(repo, 1, comment.id, "Because of this", **kind)
    hub.owner.rename_discussion(repo, 1, "An answer", **kind)
    hub.owner.change_discussion_status(repo, 1, "closed", comment="Done", **kind)
    details = hub.anonymous.get_discussion_details(repo, 1, **kind)
    assert (details.title, details.status) == ("An answer", "closed")
    types = sorted(event.type for event in details.events)
    assert types == ["comment", "comment", "comment", "status-change", "title-change"]
    hub.owner.hide_discussion_comment(repo, 1, comment.id, **kind)
    assert getattr(hub.owner.get_discussion_details(repo, 1, **kind).events[1], "hidden", None)


@step
def discussions_are_filtered(hub: Hub) -> None:
    repo = hub.new()
    hub.owner.create_discussion(repo, "One")
    hub.eve.create_discussion(repo, "Two")
    hub.owner.create_pull_request(repo, "Three")
    hub.owner.change_discussion_status(repo, 1, "closed")
    listed = hub.owner.get_repo_discussions
    assert [found.num for found in listed(repo)] == [3, 2, 1]
    assert [found.num for found in listed(repo, author="eve")] == [2]
    assert [found.num for found in listed(repo, discussion_type="pull_request")] == [3]
    assert [found.num for found in listed(repo, discussion_status="closed")] == [1]


@step
def a_pull_request_is_opened_filled_and_merged(hub: Hub) -> None:
    repo = hub.new(a_txt="1")
    request = hub.eve.create_pull_request(repo, title="Change a", description="Please")
    assert (request.num, request.status, request.git_reference) == (1, "draft", "refs/pr/1")
    hub.eve.upload_file(path_or_fileobj=b"2", path_in_repo="a.txt", repo_id=repo, revision="refs/pr/1")
    hub.eve.change_discussion_status(repo, 1, "open")
    assert hub.read(repo, "a.txt") == b"1"
    with refused(HfHubHTTPError, 403):
        hub.eve.merge_pull_request(repo, 1)
    hub.owner.merge_pull_request(repo, 1, comment="Thanks")
    details = hub.owner.get_discussion_details(repo, 1)
    assert (details.status, details.target_branch) == ("merged", "refs/heads/main")
    assert details.merge_commit_oid == hub.owner.model_info(repo).sha
    assert hub.read(repo, "a.txt") == b"2"


@step
def a_commit_opens_a_pull_request(hub: Hub) -> None:
    repo = hub.new("dataset")
    adds = [CommitOperationAdd("a.txt", b"a"), CommitOperationAdd("w.bin", b"\0" * 100)]
    info = hub.eve.create_commit(repo, adds, commit_message="Add a", repo_type="dataset", create_pr=True)
    assert info.pr_url == f"{hub.endpoint}/datasets/{repo}/discussions/1"
    assert (info.pr_num, info.pr_revision) == (1, "refs/pr/1")
    assert hub.read(repo, "w.bin", revision="refs/pr/1", repo_type="dataset") == b"\0" * 100
    details = hub.owner.get_discussion_details(repo, 1, repo_type="dataset")
    assert details.diff is not None
    assert "+a" in details.diff


@step
def upload_folder_opens_a_pull_request(hub: Hub) -> None:
    repo, folder = hub.new(), hub.cache()
    (folder / "a.txt").write_text("a")
    info = hub.owner.upload_folder(repo_id=repo, folder_path=folder, create_pr=True)
    assert info.pr_num == 1
    assert hub.owner.list_repo_files(repo) == [".gitattributes"]
    assert hub.read(repo, "a.txt", revision="refs/pr/1") == b"a"


@step
def uploads_run_in_the_background(hub: Hub) -> None:
    repo = hub.new()
    futures = [
        hub.owner.upload_file(path_or_fileobj=b"x", path_in_repo=f"{n}.txt", repo_id=repo, run_as_future=True)
        for n in range(3)
    ]
    assert len({future.result().oid for future in futures}) == 3
    assert hub.owner.run_as_future(hub.owner.file_exists, repo, "2.txt").result()
