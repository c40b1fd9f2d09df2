"""Lists of the large files of a repository, and their removal from its history."""

import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
from huggingface_hub.errors import BadRequestError, EntryNotFoundError, HfHubHTTPError, RevisionNotFoundError

from hublish.hub.server import EmbeddedHub
from hublish.hub.server.git.refs import Refs

Call = Callable[..., Any]


@pytest.fixture
def filled(api: HfApi, repo: str) -> str:
    """Fill a repository: two large files on main, one on a branch, one in a pull request, one in the past alone."""
    commit(api, repo, {"a/one.bin": b"one", "text.txt": b"text"})
    commit(api, repo, {"two.bin": b"two", "again.bin": b"one"})
    commit(api, repo, {"past.bin": b"past"})
    operations = [CommitOperationDelete("past.bin")]
    api.create_commit(repo, operations, commit_message="Without the past")
    api.create_tag(repo, tag="v1", tag_message="First")
    api.create_tag(repo, tag="light")
    api.create_branch(repo, branch="side")
    commit(api, repo, {"branch.bin": b"branch"}, revision="side")
    commit(api, repo, {"proposed.bin": b"proposed"}, create_pr=True)
    return repo


def commit(api: HfApi, repo: str, files: dict[str, bytes], **more: Any) -> None:
    api.create_commit(
        repo, [CommitOperationAdd(*file) for file in files.items()], commit_message=f"Add {', '.join(files)}", **more
    )


def folder(hub: EmbeddedHub, repo: str) -> Any:
    return hub.root / "repos" / "models" / f"{repo}.git"


def fsck(hub: EmbeddedHub, repo: str) -> None:
    subprocess.run(["git", "fsck", "--strict", "--no-dangling"], cwd=folder(hub, repo), check=True, capture_output=True)


def test_every_large_file_of_the_history_is_listed_once(api: HfApi, filled: str) -> None:
    found = {file.filename: file for file in api.list_lfs_files(filled)}
    assert {name: (file.size, file.ref) for name, file in found.items()} == {
        "a/one.bin": (3, "refs/heads/main"),
        "two.bin": (3, "refs/heads/main"),
        "past.bin": (4, "refs/heads/main"),
        "branch.bin": (6, "refs/heads/side"),
        "proposed.bin": (8, "refs/pr/1"),
    }
    sha256 = api.get_paths_info(filled, ["two.bin"])[0].lfs.sha256  # type: ignore[union-attr]
    assert (found["two.bin"].file_oid, found["two.bin"].oid) == (sha256, sha256)
    assert found["two.bin"].pushed_at is not None


def test_removed_files_are_gone_from_every_ref_and_the_rest_stays(
    api: HfApi, hub: EmbeddedHub, filled: str, call: Call
) -> None:
    old = {commit.title: commit.commit_id for commit in api.list_repo_commits(filled)}
    wanted = [file for file in api.list_lfs_files(filled) if file.filename in ("a/one.bin", "past.bin")]
    api.permanently_delete_lfs_files(filled, wanted)
    assert {file.filename for file in api.list_lfs_files(filled)} == {"two.bin", "branch.bin", "proposed.bin"}
    for revision, more in (
        (None, []),
        ("v1", []),
        ("light", []),
        ("side", ["branch.bin"]),
        ("refs/pr/1", ["proposed.bin"]),
    ):
        expected = sorted([".gitattributes", "text.txt", "two.bin", *more])
        assert sorted(api.list_repo_files(filled, revision=revision)) == expected
    assert {commit.title for commit in api.list_repo_commits(filled)} == set(old)
    with pytest.raises(EntryNotFoundError):
        api.hf_hub_download(filled, "a/one.bin")
    assert api.hf_hub_download(filled, "two.bin")
    with pytest.raises(RevisionNotFoundError):
        api.model_info(filled, revision=old["Add a/one.bin, text.txt"])
    batch = {"operation": "download", "objects": [{"oid": wanted[0].file_oid, "size": wanted[0].size}]}
    [answer] = call("POST", f"/{filled}.git/info/lfs/objects/batch", batch).json()["objects"]
    assert "error" in answer
    fsck(hub, filled)
    details = api.get_discussion_details(filled, 1)
    assert details.diff is not None
    assert "past" not in details.diff
    api.merge_pull_request(filled, 1)
    assert "proposed.bin" in api.list_repo_files(filled)


def test_commits_before_the_first_removed_file_keep_their_ids(api: HfApi, filled: str) -> None:
    before = {commit.title: commit.commit_id for commit in api.list_repo_commits(filled)}
    api.permanently_delete_lfs_files(filled, [f for f in api.list_lfs_files(filled) if f.filename == "past.bin"])
    after = {commit.title: commit.commit_id for commit in api.list_repo_commits(filled)}
    kept = {title for title, commit in after.items() if before[title] == commit}
    assert kept == {"initial commit", "Add a/one.bin, text.txt", "Add two.bin, again.bin"}


def test_a_removed_file_can_be_committed_again(api: HfApi, filled: str) -> None:
    api.permanently_delete_lfs_files(filled, list(api.list_lfs_files(filled)))
    assert list(api.list_lfs_files(filled)) == []
    commit(api, filled, {"two.bin": b"two"})
    assert [file.filename for file in api.list_lfs_files(filled)] == ["two.bin"]
    assert api.hf_hub_download(filled, "two.bin", force_download=True)


def test_an_interrupted_removal_is_completed_by_another(
    api: HfApi, hub: EmbeddedHub, filled: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = [file for file in api.list_lfs_files(filled) if file.filename == "a/one.bin"]
    calls: list[str] = []
    real = Refs.set

    def fail_at_the_second(self: Refs, name: str, new: str, *, expected: str | None) -> None:
        calls.append(name)
        if len(calls) == 2:
            raise OSError("the disk is full")
        real(self, name, new, expected=expected)

    with monkeypatch.context() as patch:
        patch.setattr(Refs, "set", fail_at_the_second)
        with pytest.raises(HfHubHTTPError):
            api.permanently_delete_lfs_files(filled, wanted)
    assert len(calls) == 2
    fsck(hub, filled)
    assert "a/one.bin" in {file.filename for file in api.list_lfs_files(filled)}
    api.permanently_delete_lfs_files(filled, wanted)
    assert "a/one.bin" not in {file.filename for file in api.list_lfs_files(filled)}
    fsck(hub, filled)


@pytest.mark.parametrize(
    "deletions",
    [None, {}, {"sha": "x"}, {"sha": ["../x"]}, {"sha": ["0" * 63]}, {"sha": ["0" * 64] * 1001}],
)
def test_bad_requests_change_nothing(api: HfApi, filled: str, call: Call, deletions: Any) -> None:
    assert call("POST", f"/api/models/{filled}/lfs-files/batch", {"deletions": deletions}).status == 400
    assert len(list(api.list_lfs_files(filled))) == 5


def test_files_are_not_removed_without_their_pointers(api: HfApi, filled: str) -> None:
    with pytest.raises(BadRequestError, match="rewriteHistory"):
        api.permanently_delete_lfs_files(filled, list(api.list_lfs_files(filled)), rewrite_history=False)


def test_only_owners_list_and_remove_large_files(api: HfApi, hub: EmbeddedHub, filled: str) -> None:
    files = list(api.list_lfs_files(filled))
    eve = HfApi(endpoint=hub.endpoint, token=hub.add_user("eve"))
    for action in (lambda: list(eve.list_lfs_files(filled)), lambda: eve.permanently_delete_lfs_files(filled, files)):
        with pytest.raises(HfHubHTTPError) as caught:
            action()
        assert caught.value.response.status_code == 403
    assert len(list(api.list_lfs_files(filled))) == 5
