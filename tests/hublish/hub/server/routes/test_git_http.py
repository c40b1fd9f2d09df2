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


@pytest.mark.parametrize("kind", ["dataset", "space"])
def test_other_types_clone_from_their_own_path(
    api: HfApi, hub: EmbeddedHub, call: Callable[..., Any], tmp_path: Path, kind: str
) -> None:
    api.create_repo(f"acme/clone-{kind}", repo_type=kind, space_sdk="static" if kind == "space" else None)
    assert git("clone", f"{hub.endpoint}/{kind}s/acme/clone-{kind}.git", "copy", cwd=tmp_path).returncode == 0
    assert (tmp_path / "copy" / ".gitattributes").exists()


@pytest.fixture
def grown(api: HfApi, repo: str) -> str:
    """Return a repository whose files have changed; `main`, `dev` and a tag lead to different versions."""
    for step in ("1", "2", "3"):
        adds = [CommitOperationAdd(f"d/{n}.txt", f"{step} {n}".encode() * n * 40) for n in range(1, 9)]
        api.create_commit(repo, [*adds, CommitOperationAdd("w.bin", step.encode() * 5000)], commit_message=step)
        if step == "1":
            api.create_branch(repo, branch="dev")
            api.create_tag(repo, tag="v1", tag_message="annotated")
    return repo


def missing(folder: Path) -> int:
    """Return how many objects a clone has left out, without fetching them."""
    listed = git("rev-list", "--objects", "--all", "--missing=print", cwd=folder).stdout
    return sum(line.startswith("?") for line in listed.splitlines())


@pytest.mark.parametrize(
    "options",
    [
        ["--filter=blob:none"],
        ["--filter=blob:limit=100"],
        ["--filter=blob:limit=700"],
        ["--filter=tree:0"],
        ["--filter=combine:blob:none+tree:0"],
        ["--filter=blob:none", "--depth=1", "--no-single-branch"],
        ["--filter=blob:none", "--sparse"],
        ["--depth=1", "--no-single-branch"],
        ["--depth=2", "--no-single-branch", "--filter=blob:limit=200"],
    ],
)
def test_a_partial_clone_fetches_the_rest_when_it_is_needed(
    api: HfApi, hub: EmbeddedHub, grown: str, tmp_path: Path, options: list[str]
) -> None:
    cloned = git("clone", *options, f"{hub.endpoint}/{grown}", "copy", cwd=tmp_path)
    assert cloned.returncode == 0, cloned.stderr
    copy = tmp_path / "copy"
    assert bool(missing(copy)) == any(option.startswith("--filter") for option in options)
    git("sparse-checkout", "disable", cwd=copy)
    assert (copy / "d" / "7.txt").read_text() == "3 7" * 280
    assert git("checkout", "-q", "dev", cwd=copy).returncode == 0
    assert (copy / "d" / "7.txt").read_text() == "1 7" * 280
    api.upload_file(repo_id=grown, path_in_repo="new.txt", path_or_fileobj=b"new")
    assert git("checkout", "-q", "main", cwd=copy).returncode == 0
    assert git("pull", "-q", cwd=copy).returncode == 0
    assert (copy / "new.txt").read_text() == "new"
    assert git("fsck", "--connectivity-only", cwd=copy).returncode == 0


def test_a_shallow_clone_can_be_pulled_and_deepened(api: HfApi, hub: EmbeddedHub, grown: str, tmp_path: Path) -> None:
    assert git("clone", "--depth=1", f"{hub.endpoint}/{grown}", "copy", cwd=tmp_path).returncode == 0
    copy = tmp_path / "copy"
    for command, commits in ((("pull",), 2), (("fetch", "--depth=3"), 3), (("fetch", "--unshallow"), 5)):
        if command == ("pull",):
            api.upload_file(repo_id=grown, path_in_repo="d/9.txt", path_or_fileobj=b"9")
        done = git(*command, cwd=copy)
        assert done.returncode == 0, done.stderr
        assert git("rev-list", "--count", "HEAD", cwd=copy).stdout == f"{commits}\n"
        assert git("fsck", "--full", cwd=copy).returncode == 0


def test_a_whole_clone_can_be_made_of_a_partial_one(hub: EmbeddedHub, grown: str, tmp_path: Path) -> None:
    assert git("clone", "--filter=blob:none", f"{hub.endpoint}/{grown}", "copy", cwd=tmp_path).returncode == 0
    copy = tmp_path / "copy"
    assert git("fetch", "--refetch", "--no-filter", cwd=copy).returncode == 0
    assert missing(copy) == 0


def test_only_objects_that_a_ref_reaches_are_sent_by_their_ids(
    api: HfApi, hub: EmbeddedHub, grown: str, tmp_path: Path
) -> None:
    path = hub.root / "repos" / "models" / f"{grown}.git"
    blob, tree, commit = (
        git("rev-parse", name, cwd=path).stdout.strip() for name in ("main~1:d/3.txt", "main~1:d", "main~1")
    )
    assert git("init", "-q", "copy", cwd=tmp_path).returncode == 0
    fetch = ("fetch", "-q", f"{hub.endpoint}/{grown}")
    for sha in (blob, tree, commit):
        assert git(*fetch, sha, cwd=tmp_path / "copy").returncode == 0
    assert git("cat-file", "blob", blob, cwd=tmp_path / "copy").stdout == "2 3" * 120
    api.super_squash_history(grown, branch="main")
    assert git("init", "-q", "other", cwd=tmp_path).returncode == 0
    for sha in (blob, tree, commit):
        assert git("cat-file", "-e", sha, cwd=path).returncode == 0
        assert git(*fetch, sha, cwd=tmp_path / "other").returncode != 0


@pytest.mark.parametrize("wanted", ["tree:3", "sparse:oid=main", "blob:limit=x", "none", "combine:" * 900 + "tree:0"])
def test_other_filters_are_refused(call: Callable[..., Any], api: HfApi, repo: str, wanted: str) -> None:
    def line(text: str) -> str:
        return f"{len(text) + 5:04x}{text}\n"

    want = line(f"want {api.model_info(repo).sha} side-band-64k thin-pack ofs-delta filter")
    body = f"{want}{line(f'filter {wanted}')}0000{line('done')}".encode()
    answer = call("POST", f"/{repo}.git/git-upload-pack", body)
    assert (answer.status, "filter" in answer.json()["error"]) == (400, True)
