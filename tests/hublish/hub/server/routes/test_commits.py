import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import (
    CommitOperationAdd,
    CommitOperationCopy,
    CommitOperationDelete,
    HfApi,
    hf_hub_download,
)
from huggingface_hub.errors import BadRequestError, EntryNotFoundError, HfHubHTTPError, RevisionNotFoundError

from hublish.hub.server import EmbeddedHub

Call = Callable[..., Any]
NOWHERE = "0" * 64


def add(path: str, content: bytes = b"x") -> CommitOperationAdd:
    return CommitOperationAdd(path, content)


def body(*lines: dict[str, Any], parent: str | None = None) -> bytes:
    header = {"key": "header", "value": {"summary": "s", "description": "", "parentCommit": parent}}
    return b"".join(json.dumps(line).encode() + b"\n" for line in (header, *lines))


def file(path: str, content: bytes = b"x") -> dict[str, Any]:
    encoded = base64.b64encode(content).decode()
    return {"key": "file", "value": {"path": path, "content": encoded, "encoding": "base64"}}


def read(hub: EmbeddedHub, repo: str, path: str, revision: str = "main") -> bytes:
    return Path(hf_hub_download(repo, path, revision=revision, endpoint=hub.endpoint, token=hub.token)).read_bytes()


def test_one_commit_adds_changes_copies_and_deletes(
    api: HfApi, hub: EmbeddedHub, repo: str, transfer: str, tmp_path: Path
) -> None:
    weights = tmp_path / "w.bin"
    weights.write_bytes(b"\0weights" * 1000)
    first = [add("a.txt", b"one"), add("old/x.txt"), add("old/deep/y.txt"), add("gone.txt")]
    api.create_commit(repo, [*first, CommitOperationAdd("w.bin", weights)], commit_message="first")
    second: list[Any] = [
        add("a.txt", b"two"),
        CommitOperationCopy("w.bin", "copies/w.bin"),
        CommitOperationCopy("a.txt", "copies/a.txt"),
        CommitOperationDelete("gone.txt"),
        CommitOperationDelete("old/"),
        add("old/new.txt"),
    ]
    commit = api.create_commit(repo, second, commit_message="second", commit_description="what and why")
    assert commit.commit_url == f"{hub.endpoint}/{repo}/commit/{commit.oid}"
    files = [".gitattributes", "a.txt", "copies/a.txt", "copies/w.bin", "old/new.txt", "w.bin"]
    assert sorted(api.list_repo_files(repo)) == files
    assert read(hub, repo, "a.txt") == b"two"
    assert read(hub, repo, "copies/a.txt") == b"one"
    assert read(hub, repo, "copies/w.bin") == weights.read_bytes()


def test_an_uploaded_folder_downloads_unchanged(
    api: HfApi, hub: EmbeddedHub, repo: str, transfer: str, tmp_path: Path
) -> None:
    content = {
        "config.json": b"{}",
        "sub/model.safetensors": b"w" * 100_000,
        "empty.txt": b"",
        "sub/ä b.txt": b"\xff\xfe",
    }
    for name, data in content.items():
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_bytes(data)
    api.upload_folder(repo_id=repo, folder_path=tmp_path / "in")
    back = Path(api.snapshot_download(repo, local_dir=tmp_path / "out"))
    assert {name: (back / name).read_bytes() for name in content} == content
    head = api.model_info(repo).sha
    api.upload_folder(repo_id=repo, folder_path=tmp_path / "in")
    assert api.model_info(repo).sha == head, "uploading the same again makes no commit"


def test_five_thousand_files_fit_in_one_commit(api: HfApi, repo: str, call: Call) -> None:
    lines = [file(f"d{n % 50}/e{n % 7}/f{n}.txt", b"content %d" % n) for n in range(5000)]
    head = api.model_info(repo).sha
    answer = call("POST", f"/api/models/{repo}/commit/main", body(*lines, parent=head))
    assert answer.status == 200
    assert len(api.list_repo_files(repo)) == 5001
    assert len(api.list_repo_commits(repo)) == 2


def test_a_stale_parent_is_refused_and_changes_nothing(api: HfApi, repo: str) -> None:
    stale = api.model_info(repo).sha
    head = api.upload_file(repo_id=repo, path_in_repo="a", path_or_fileobj=b"a", parent_commit=stale).oid
    with pytest.raises(HfHubHTTPError) as caught:
        api.upload_file(repo_id=repo, path_in_repo="a", path_or_fileobj=b"b", parent_commit=stale)
    assert caught.value.response.status_code == 412
    assert "The branch was updated since you opened this page. Please refresh and try again." in str(caught.value)
    assert api.model_info(repo).sha == head
    api.upload_file(repo_id=repo, path_in_repo="a", path_or_fileobj=b"b", parent_commit=head[:7])


def test_deleting_a_missing_path_is_refused(api: HfApi, repo: str) -> None:
    head = api.model_info(repo).sha
    for path in ("none.txt", "none/", ".gitattributes/"):
        with pytest.raises(EntryNotFoundError, match="doesn't exist"):
            api.create_commit(repo, [add("a"), CommitOperationDelete(path)], commit_message="m")
    assert api.model_info(repo).sha == head


@pytest.mark.parametrize("revision", ["none", "refs/pr/7", "refs/tags/v1", "refs/../../x"])
def test_commits_go_to_branches_that_exist(api: HfApi, repo: str, call: Call, revision: str) -> None:
    api.create_tag(repo, tag="v1")
    with pytest.raises(RevisionNotFoundError):
        api.create_commit(repo, [add("a")], commit_message="m", revision=revision)


@pytest.mark.parametrize(
    "path",
    [
        "../x",
        "a/../../x",
        "/etc/x",
        "a//b",
        "a/./b",
        ".git/config",
        "a/.GIT/x",
        "GIT~1/x",
        "a\\b",
        "a\nb",
        "a\0b",
        "",
        "x/",
        "x" * 256,
        "a/" * 600 + "x",
        "\u2028",
        "\ud800",
    ],
)
def test_paths_that_could_leave_the_repository_are_refused(call: Call, repo: str, path: str) -> None:
    for line in (file(path), {"key": "lfsFile", "value": {"path": path, "algo": "sha256", "oid": NOWHERE, "size": 1}}):
        answer = call("POST", f"/api/models/{repo}/commit/main", body(line))
        assert answer.status == (422 if "\\" in path else 400)
        assert "Invalid path" in answer.json()["error"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "header"),
        (b"not json\n", "key"),
        (b"[1]\n", "key"),
        (json.dumps(file("a")).encode(), "header"),
        (b'{"key": "header", "value": {"summary": "  "}}\n', "empty"),
        (body({"key": "rename", "value": {"path": "a"}}), "Unknown operation"),
        (body({"key": "file", "value": {"path": 7, "content": ""}}), "path"),
        (body({"key": "file", "value": {"path": "a", "content": "%%%", "encoding": "base64"}}), "base64"),
        (body({"key": "file", "value": {"path": "a"}}), "content"),
        (body({"key": "lfsFile", "value": {"path": "a", "algo": "sha256", "oid": NOWHERE, "size": 1}}), "not uploaded"),
        (body({"key": "lfsFile", "value": {"path": "a", "algo": "sha256", "oid": "../../x", "size": 1}}), "sha256"),
        (body({"key": "lfsFile", "value": {"path": "a", "algo": "md5", "oid": NOWHERE, "size": 1}}), "sha256"),
        (body(file("a"), file("a/b")), "file and a folder"),
        (body(file("a/b"), file("a")), "file and a folder"),
        (body(file(".gitattributes/x")), "file and a folder"),
        (body({"key": "header", "value": {}}), "path"),
        (body() + b"[" * 100_000, "key"),
    ],
)  # fmt: skip
def test_a_malformed_body_is_refused_and_changes_nothing(
    api: HfApi, repo: str, call: Call, content: bytes, message: str
) -> None:
    head = api.model_info(repo).sha
    answer = call("POST", f"/api/models/{repo}/commit/main", content)
    assert answer.status == 400
    assert message in answer.json()["error"]
    assert api.model_info(repo).sha == head


def test_a_line_longer_than_any_regular_file_is_not_read_into_memory(call: Call, repo: str) -> None:
    for content in (body() + b"x" * (15 << 20), body(file("big.txt", b"x" * (11 << 20)))):
        assert call("POST", f"/api/models/{repo}/commit/main", content).status == 413
    assert call("POST", f"/api/models/{repo}/commit/main", body(file("big.txt", b"x" * (10 << 20)))).status == 200


def test_a_pointer_needs_the_size_of_its_object(api: HfApi, repo: str, call: Call) -> None:
    api.upload_file(repo_id=repo, path_in_repo="w.bin", path_or_fileobj=b"\0" * 50)
    (entry,) = api.get_paths_info(repo, "w.bin")
    oid = entry.lfs.sha256  # type: ignore[union-attr]  # it is a large file
    line: dict[str, Any] = {"key": "lfsFile", "value": {"path": "v.bin", "algo": "sha256", "oid": oid, "size": 51}}
    assert call("POST", f"/api/models/{repo}/commit/main", body(line)).status == 400
    line["value"]["size"] = 50
    assert call("POST", f"/api/models/{repo}/commit/main", body(line)).status == 200


def test_a_bad_card_is_refused_by_the_commit_itself(api: HfApi, repo: str, call: Call) -> None:
    card = b"---\nlicense: none-such\n---\n"
    answer = call("POST", f"/api/models/{repo}/commit/main", body(file("README.md", card)))
    assert answer.status == 400
    assert '"license" must be one of' in answer.json()["errors"][0]["message"]
    assert "README.md" not in api.list_repo_files(repo)


def test_a_live_token_is_refused_and_not_repeated(api: HfApi, hub: EmbeddedHub, repo: str) -> None:
    with pytest.raises(BadRequestError, match="access token") as caught:
        api.upload_file(repo_id=repo, path_in_repo="run.py", path_or_fileobj=f"TOKEN = '{hub.token}'".encode())
    assert hub.token not in str(caught.value)
    api.upload_file(repo_id=repo, path_in_repo="run.py", path_or_fileobj=b"TOKEN = 'hf_" + b"x" * 34 + b"'")


def test_a_commit_that_changes_nothing_is_still_a_commit(api: HfApi, repo: str, call: Call) -> None:
    for _ in range(2):
        assert call("POST", f"/api/models/{repo}/commit/main", body(file("a"))).status == 200
    assert len(api.list_repo_commits(repo)) == 3


def test_the_last_file_of_a_repository_can_be_deleted(api: HfApi, repo: str) -> None:
    api.create_commit(repo, [CommitOperationDelete(".gitattributes")], commit_message="empty")
    assert api.list_repo_files(repo) == []
    api.upload_file(repo_id=repo, path_in_repo="a/b", path_or_fileobj=b"x")
    assert api.list_repo_files(repo) == ["a/b"]


class TestPullRequests:
    def test_create_pr_leaves_the_branch_alone(self, api: HfApi, hub: EmbeddedHub, repo: str, transfer: str) -> None:
        head = api.model_info(repo).sha
        operations = [add("a.txt", b"proposed"), add("w.bin", b"\0" * 99)]
        commit = api.create_commit(repo, operations, commit_message="propose", create_pr=True)
        assert (commit.pr_num, commit.pr_revision) == (1, "refs/pr/1")
        assert api.model_info(repo).sha == head
        assert api.model_info(repo, revision="refs/pr/1").sha == commit.oid
        assert read(hub, repo, "a.txt", "refs/pr/1") == b"proposed"
        assert api.get_discussion_details(repo, 1).status == "open"

    def test_more_commits_go_to_the_same_pull_request(self, api: HfApi, repo: str) -> None:
        api.create_commit(repo, [add("a")], commit_message="propose", create_pr=True)
        commit = api.create_commit(repo, [add("b")], commit_message="and more", revision="refs/pr/1")
        assert api.model_info(repo, revision="refs/pr/1").sha == commit.oid
        events = api.get_discussion_details(repo, 1).events
        assert [event.summary for event in events if event.type == "commit"] == ["propose", "and more"]  # type: ignore[attr-defined]

    def test_upload_folder_can_open_a_pull_request(self, api: HfApi, repo: str, transfer: str, tmp_path: Path) -> None:
        (tmp_path / "folder").mkdir()
        (tmp_path / "folder" / "w.bin").write_bytes(b"\0" * 1000)
        commit = api.upload_folder(repo_id=repo, folder_path=tmp_path / "folder", create_pr=True)
        assert commit.pr_num == 1
        assert api.list_repo_files(repo) == [".gitattributes"]
        assert "w.bin" in api.list_repo_files(repo, revision="refs/pr/1")

    def test_other_users_may_propose_but_not_push(self, hub: EmbeddedHub, repo: str, transfer: str) -> None:
        stranger = HfApi(endpoint=hub.endpoint, token=hub.add_user("eve"))
        with pytest.raises(HfHubHTTPError) as caught:
            stranger.create_commit(repo, [add("a")], commit_message="push")
        assert caught.value.response.status_code == 403
        commit = stranger.create_commit(repo, [add("a", b"\0" * 9)], commit_message="propose", create_pr=True)
        stranger.create_commit(repo, [add("b")], commit_message="more", revision=commit.pr_revision)
        other = HfApi(endpoint=hub.endpoint, token=hub.add_user("mallory"))
        with pytest.raises(HfHubHTTPError):
            other.create_commit(repo, [add("c")], commit_message="meddle", revision=commit.pr_revision)

    def test_a_closed_pull_request_rejects_commits(self, api: HfApi, repo: str) -> None:
        api.create_commit(repo, [add("a")], commit_message="propose", create_pr=True)
        api.change_discussion_status(repo, 1, "closed")
        with pytest.raises(HfHubHTTPError, match="closed"):
            api.create_commit(repo, [add("b")], commit_message="late", revision="refs/pr/1")


@pytest.mark.parametrize(
    ("operations", "left"),
    [
        ([CommitOperationDelete("1")], ["1.txt", "2/3/x"]),
        ([CommitOperationDelete("2/3")], ["1.txt", "1/a", "1/b/c"]),
        ([CommitOperationDelete("1", is_folder=True)], ["1.txt", "2/3/x"]),
        ([CommitOperationDelete("1/"), CommitOperationDelete("2")], ["1.txt"]),
        ([CommitOperationDelete("1/b", is_folder=False)], ["1.txt", "1/a", "2/3/x"]),
        ([CommitOperationDelete("1"), CommitOperationAdd("1", b"a file now")], ["1", "1.txt", "2/3/x"]),
        ([CommitOperationDelete("1"), CommitOperationAdd("1/d", b"d")], ["1.txt", "1/d", "2/3/x"]),
        ([CommitOperationDelete("1/a"), CommitOperationDelete("1")], ["1.txt", "2/3/x"]),
    ],
)
def test_a_folder_is_deleted_with_or_without_a_slash(
    api: HfApi, repo: str, operations: list[Any], left: list[str]
) -> None:
    paths = ["1.txt", "1/a", "1/b/c", "2/3/x"]
    api.create_commit(repo, [CommitOperationAdd(path, b"x") for path in paths], commit_message="files")
    api.create_commit(repo, operations, commit_message="deleted")
    assert sorted(set(api.list_repo_files(repo)) - {".gitattributes"}) == sorted(left)
