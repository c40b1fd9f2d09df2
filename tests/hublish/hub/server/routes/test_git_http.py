import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import CommitOperationAdd, HfApi

from hublish.hub.server import EmbeddedHub


def git(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", *arguments], cwd=cwd, capture_output=True, text=True)


def test_a_clone_has_the_files_the_pointers_and_the_history(
    api: HfApi, hub: EmbeddedHub, repo: str, tmp_path: Path
) -> None:
    operations = [CommitOperationAdd(f"d{n % 5}/f{n}.txt", b"%d\n" % n) for n in range(200)]
    api.create_commit(repo, [*operations, CommitOperationAdd("w.bin", b"\0" * 77)], commit_message="many")
    api.create_tag(repo, tag="v1", tag_message="first")
    assert git("clone", f"{hub.endpoint}/{repo}", "copy", cwd=tmp_path).returncode == 0
    copy = tmp_path / "copy"
    assert (copy / "d3" / "f13.txt").read_text() == "13\n"
    assert (copy / "w.bin").read_text().startswith("version https://git-lfs.github.com/spec/v1\noid sha256:")
    assert git("log", "--format=%s %an", cwd=copy).stdout == "many me\ninitial commit me\n"
    assert git("tag", cwd=copy).stdout == "v1\n"
    assert git("fsck", "--full", "--strict", cwd=copy).returncode == 0
    api.upload_file(repo_id=repo, path_in_repo="new.txt", path_or_fileobj=b"new")
    assert git("pull", cwd=copy).returncode == 0
    assert (copy / "new.txt").read_text() == "new"
    assert git("fetch", "origin", "refs/heads/main:refs/heads/again", cwd=copy).returncode == 0


def test_the_repository_on_disk_is_sound(api: HfApi, hub: EmbeddedHub, repo: str) -> None:
    api.create_commit(repo, [CommitOperationAdd(f"f{n}", b"%d" % n) for n in range(40)], commit_message="packed")
    api.create_commit(repo, [CommitOperationAdd("g", b"g")], commit_message="proposal", create_pr=True)
    path = hub.root / "repos" / "models" / f"{repo}.git"
    checked = git("fsck", "--full", "--strict", cwd=path)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")
    assert git("rev-parse", "--is-bare-repository", cwd=path).stdout == "true\n"


def test_everything_still_works_after_git_gc(api: HfApi, hub: EmbeddedHub, repo: str) -> None:
    api.create_branch(repo, branch="dev")
    api.create_tag(repo, tag="v1", tag_message="annotated")
    path = hub.root / "repos" / "models" / f"{repo}.git"
    assert git("gc", "--aggressive", cwd=path).returncode == 0
    assert (path / "packed-refs").exists()
    oid = api.upload_file(repo_id=repo, path_in_repo="a", path_or_fileobj=b"a").oid
    api.delete_branch(repo, branch="dev")
    api.delete_tag(repo, tag="v1")
    refs = api.list_repo_refs(repo)
    assert ([ref.name for ref in refs.branches], refs.tags) == (["main"], [])
    assert api.model_info(repo).sha == oid


def test_private_repositories_ask_for_a_token(api: HfApi, hub: EmbeddedHub, repo: str, tmp_path: Path) -> None:
    api.update_repo_settings(repo, private=True)
    assert git("clone", f"{hub.endpoint}/{repo}", "a", cwd=tmp_path).returncode != 0
    assert git("clone", f"http://user:wrong@{hub.endpoint[7:]}/{repo}", "b", cwd=tmp_path).returncode != 0
    assert git("clone", f"http://user:{hub.token}@{hub.endpoint[7:]}/{repo}", "c", cwd=tmp_path).returncode == 0


def test_pushing_is_refused(api: HfApi, hub: EmbeddedHub, repo: str, tmp_path: Path) -> None:
    url = f"http://user:{hub.token}@{hub.endpoint[7:]}/{repo}"
    assert git("clone", url, "copy", cwd=tmp_path).returncode == 0
    copy = tmp_path / "copy"
    author = ("-c", "user.name=a", "-c", "user.email=a@b")
    assert git(*author, "commit", "--allow-empty", "-m", "mine", cwd=copy).returncode == 0
    assert git("push", cwd=copy).returncode != 0
    assert len(api.list_repo_commits(repo)) == 1


@pytest.mark.parametrize("kind", ["dataset", "space"])
def test_other_types_clone_from_their_own_path(
    api: HfApi, hub: EmbeddedHub, call: Callable[..., Any], tmp_path: Path, kind: str
) -> None:
    api.create_repo(f"acme/clone-{kind}", repo_type=kind, space_sdk="static" if kind == "space" else None)
    assert git("clone", f"{hub.endpoint}/{kind}s/acme/clone-{kind}.git", "copy", cwd=tmp_path).returncode == 0
    assert (tmp_path / "copy" / ".gitattributes").exists()
