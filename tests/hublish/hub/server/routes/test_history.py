from collections.abc import Callable
from typing import Any

from huggingface_hub import HfApi


def test_commits_are_listed_newest_first_with_title_and_text(api: HfApi, repo: str) -> None:
    api.upload_file(
        repo_id=repo, path_in_repo="a", path_or_fileobj=b"a", commit_message="first", commit_description="why\nand how"
    )
    api.upload_file(repo_id=repo, path_in_repo="a", path_or_fileobj=b"b", commit_message="second")
    commits = api.list_repo_commits(repo)
    assert [commit.title for commit in commits] == ["second", "first", "initial commit"]
    assert commits[1].message == "why\nand how"
    assert commits[0].authors == ["me"]


def test_long_histories_come_in_pages(api: HfApi, repo: str, call: Callable[..., Any]) -> None:
    header = b'{"key": "header", "value": {"summary": "nothing new"}}\n'
    for _ in range(55):
        assert call("POST", f"/api/models/{repo}/commit/main", header).status == 200
    assert len({commit.commit_id for commit in api.list_repo_commits(repo)}) == 56


def test_squashing_keeps_the_files_and_forgets_the_history(api: HfApi, repo: str) -> None:
    api.upload_file(repo_id=repo, path_in_repo="a", path_or_fileobj=b"a")
    files = api.list_repo_files(repo)
    api.super_squash_history(repo, commit_message="all of it")
    assert [commit.title for commit in api.list_repo_commits(repo)] == ["all of it"]
    assert api.list_repo_files(repo) == files
