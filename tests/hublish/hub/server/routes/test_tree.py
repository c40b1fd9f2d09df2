import json
from collections.abc import Callable
from typing import Any

import pytest
from huggingface_hub import CommitOperationAdd, HfApi, RepoFile, RepoFolder
from huggingface_hub.errors import EntryNotFoundError, RevisionNotFoundError

from hublish.hub.server.git.writing import object_id

BLOB = 3


@pytest.fixture
def filled(api: HfApi, repo: str) -> str:
    files = {"a.txt": b"a", "sub/b.txt": b"bb", "sub/deep/c.bin": b"\0" * 2000, "sub-x/d é.txt": b"d"}
    api.create_commit(repo, [CommitOperationAdd(path, data) for path, data in files.items()], commit_message="files")
    return repo


def names(entries: list[RepoFile | RepoFolder]) -> list[str]:
    return [entry.path for entry in entries]


def test_a_folder_lists_its_own_entries_or_all_below(api: HfApi, filled: str) -> None:
    assert names(list(api.list_repo_tree(filled))) == [".gitattributes", "a.txt", "sub-x", "sub"]
    assert names(list(api.list_repo_tree(filled, "sub"))) == ["sub/b.txt", "sub/deep"]
    assert names(list(api.list_repo_tree(filled, "sub", recursive=True))) == ["sub/b.txt", "sub/deep", "sub/deep/c.bin"]


def test_files_show_their_git_id_and_large_ones_what_they_point_at(api: HfApi, filled: str) -> None:
    small, large = api.get_paths_info(filled, ["a.txt", "sub/deep/c.bin"])
    assert isinstance(small, RepoFile)
    assert isinstance(large, RepoFile)
    assert (small.size, small.blob_id, small.lfs) == (1, object_id(BLOB, b"a"), None)
    assert large.lfs is not None
    assert (large.size, large.lfs.size, large.lfs.pointer_size) == (2000, 2000, 129)


@pytest.mark.parametrize("path", ["none", "sub/none", "a.txt", "a.txt/x"])
def test_a_path_that_is_no_folder_is_not_found(api: HfApi, filled: str, path: str) -> None:
    with pytest.raises(EntryNotFoundError):
        list(api.list_repo_tree(filled, path))


def test_an_unknown_revision_is_not_found(api: HfApi, filled: str) -> None:
    for look in (api.list_repo_files, api.list_repo_commits, api.model_info):
        with pytest.raises(RevisionNotFoundError):
            look(filled, revision="none")


def test_paths_info_leaves_out_what_is_missing_and_knows_folders(api: HfApi, filled: str) -> None:
    found = api.get_paths_info(filled, ["sub", "none", "sub-x/d é.txt", "../x", ""])
    assert names(found) == ["sub", "sub-x/d é.txt"]
    assert isinstance(found[0], RepoFolder)


def test_expanded_entries_tell_the_last_commit_that_changed_them(api: HfApi, filled: str) -> None:
    commit = api.upload_file(repo_id=filled, path_in_repo="sub/b.txt", path_or_fileobj=b"new", commit_message="newer")
    shown = {entry.path: entry.last_commit for entry in api.list_repo_tree(filled, recursive=True, expand=True)}
    titles = {path: last.title for path, last in shown.items() if last}
    assert titles == {
        ".gitattributes": "initial commit",
        "a.txt": "files",
        "sub-x": "files",
        "sub-x/d é.txt": "files",
        "sub": "newer",
        "sub/b.txt": "newer",
        "sub/deep": "files",
        "sub/deep/c.bin": "files",
    }
    assert shown["sub/b.txt"] is not None
    assert shown["sub/b.txt"].oid == commit.oid


def test_long_listings_come_in_pages(api: HfApi, repo: str, call: Callable[..., Any]) -> None:
    lines = [
        ("header", {"summary": "many"}),
        *(("file", {"path": f"d{n % 7}/f{n}", "content": ""}) for n in range(1100)),
    ]
    body = b"".join(json.dumps({"key": key, "value": value}).encode() + b"\n" for key, value in lines)
    assert call("POST", f"/api/models/{repo}/commit/main", body).status == 200
    assert len(api.list_repo_files(repo)) == 1101
    first = call("GET", f"/api/models/{repo}/tree/main?recursive=true")
    assert len(first.json()) == 1000
    assert 'rel="next"' in first.headers["link"]


def test_a_revision_may_hold_slashes(api: HfApi, filled: str) -> None:
    api.create_branch(filled, branch="feature/one")
    assert "a.txt" in api.list_repo_files(filled, revision="feature/one")
    assert "a.txt" in api.list_repo_files(filled, revision="refs/heads/feature/one")
