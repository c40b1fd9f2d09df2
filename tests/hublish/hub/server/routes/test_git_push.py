"""`git push` with the real git."""

import hashlib
import os
import random
import shutil
import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import CommitOperationAdd, HfApi

from hublish.hub.server import EmbeddedHub
from hublish.hub.server.git.lfs_pointers import Pointer
from tests.hublish.hub.server.conftest import Caller
from tests.hublish.hub.server.test_crash import served

Call = Callable[..., Any]


def git(*words: str, cwd: Path) -> str:
    names = {f"GIT_{who}_{what}": "a" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    done = subprocess.run(
        ["git", *words], cwd=cwd, capture_output=True, text=True, timeout=120, env={**os.environ, **names}
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return done.stdout.strip()


def address(hub: EmbeddedHub, repo: str, token: str | None = None) -> str:
    return f"http://user:{token or hub.token}@{hub.endpoint[7:]}/{repo}"


def stored(hub: EmbeddedHub, repo: str) -> Path:
    return hub.root / "repos" / "models" / f"{repo}.git"


def assert_sound(path: Path) -> None:
    done = subprocess.run(["git", "fsck", "--full", "--strict"], cwd=path, capture_output=True, text=True, timeout=120)
    problems = [line for line in (done.stdout + done.stderr).splitlines() if not line.startswith("dangling")]
    assert (done.returncode, problems) == (0, [])


@pytest.fixture
def copy(hub: EmbeddedHub, repo: str, tmp_path: Path) -> Path:
    """Return a clone whose remote has the owner's token."""
    git("clone", "-q", address(hub, repo), "copy", cwd=tmp_path)
    return tmp_path / "copy"


def commit(folder: Path, **files: str | bytes) -> str:
    for name, content in files.items():
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    git("add", "-A", cwd=folder)
    git("commit", "-q", "--allow-empty", "-m", "pushed", cwd=folder)
    return git("rev-parse", "HEAD", cwd=folder)


def test_branches_and_tags_are_pushed(api: HfApi, hub: EmbeddedHub, repo: str, copy: Path) -> None:
    head = commit(copy, a_txt="1", d__b_txt="2")
    git("tag", "light", cwd=copy)
    git("tag", "-a", "-m", "annotated", "v1", cwd=copy)
    git("checkout", "-q", "-b", "feature/x", cwd=copy)
    other = commit(copy, c_txt="3")
    git("push", "-q", "--tags", "origin", "main", "feature/x", cwd=copy)
    refs = api.list_repo_refs(repo)
    assert {ref.name: ref.target_commit for ref in refs.branches} == {"main": head, "feature/x": other}
    assert {ref.name: ref.target_commit for ref in refs.tags} == {"light": head, "v1": head}
    assert api.list_repo_files(repo) == [".gitattributes", "a.txt", "d/b.txt"]
    assert Path(api.hf_hub_download(repo, "c.txt", revision="feature/x")).read_text() == "3"
    git("push", "-q", "--delete", "origin", "feature/x", "light", cwd=copy)
    assert [ref.name for ref in api.list_repo_refs(repo).branches + api.list_repo_refs(repo).tags] == ["main", "v1"]
    api.upload_file(repo_id=repo, path_in_repo="api.txt", path_or_fileobj=b"4")
    git("checkout", "-q", "main", cwd=copy)
    git("pull", "-q", cwd=copy)
    assert (copy / "api.txt").read_text() == "4"
    assert_sound(stored(hub, repo))


def test_a_long_history_with_deltas_and_merges_arrives_as_it_is(
    api: HfApi, hub: EmbeddedHub, repo: str, copy: Path, tmp_path: Path
) -> None:
    lines = [f"{number} {random.random()}" for number in range(4_000)]
    for step in range(6):
        lines[step * 100] = f"step {step}"
        commit(copy, big_txt="\n".join(lines), **{f"d{step}__f{number}_txt": f"{step} {number}" for number in range(9)})
    git("checkout", "-q", "-b", "side", "HEAD~3", cwd=copy)
    commit(copy, side_txt="side")
    git("checkout", "-q", "main", cwd=copy)
    git("merge", "-q", "-m", "merged", "side", cwd=copy)
    (copy / "side.txt").chmod(0o755)
    head = commit(copy)
    git("push", "-q", cwd=copy)
    lines[7] = "thin: a delta of a file that the Hub has"
    head = commit(copy, big_txt="\n".join(lines))
    git("push", "-q", cwd=copy)
    assert api.model_info(repo).sha == head
    git("clone", "-q", address(hub, repo), "again", cwd=tmp_path)
    assert git("rev-parse", "HEAD^{tree}", cwd=tmp_path / "again") == git("rev-parse", "HEAD^{tree}", cwd=copy)
    assert_sound(stored(hub, repo))


def test_a_push_from_a_shallow_or_partial_clone(api: HfApi, hub: EmbeddedHub, repo: str, tmp_path: Path) -> None:
    api.upload_file(repo_id=repo, path_in_repo="a.txt", path_or_fileobj=b"1")
    for number, option in enumerate(("--depth=1", "--filter=blob:none")):
        git("clone", "-q", option, address(hub, repo), str(number), cwd=tmp_path)
        head = commit(tmp_path / str(number), **{f"b{number}_txt": "2"})
        git("push", "-q", cwd=tmp_path / str(number))
        assert api.model_info(repo).sha == head
    assert_sound(stored(hub, repo))


@pytest.mark.skipif(not shutil.which("git-lfs"), reason="git-lfs is not installed")
def test_large_files_are_pushed_with_git_lfs(api: HfApi, hub: EmbeddedHub, repo: str, copy: Path) -> None:
    git("lfs", "install", "--local", cwd=copy)
    content = random.randbytes(30_000)
    commit(copy, w_bin=content)
    git("push", "-q", cwd=copy)
    assert Path(api.hf_hub_download(repo, "w.bin")).read_bytes() == content
    [entry] = api.get_paths_info(repo, ["w.bin"])
    assert entry.lfs is not None  # type: ignore[union-attr]


def refused(folder: Path, *words: str) -> str:
    with pytest.raises(RuntimeError) as caught:
        git("push", *words, cwd=folder)
    return str(caught.value)


def test_history_is_not_overwritten(api: HfApi, hub: EmbeddedHub, repo: str, copy: Path) -> None:
    git("tag", "v1", cwd=copy)
    git("push", "-q", "origin", "v1", cwd=copy)
    head = api.upload_file(repo_id=repo, path_in_repo="a", path_or_fileobj=b"a").oid
    commit(copy, b_txt="b")
    assert "fetch first" in refused(copy, "origin", "main")
    assert "non-fast-forward" in refused(copy, "--force", "origin", "main")
    git("tag", "-f", "v1", cwd=copy)
    assert "exists already" in refused(copy, "--force", "origin", "v1")
    assert "default branch" in refused(copy, "--delete", "origin", "main")
    assert "only branches" in refused(copy, "origin", "HEAD:refs/notes/x")
    assert "cannot coexist" in refused(copy, "origin", "HEAD:refs/heads/main/below")
    assert "API" in refused(copy, "origin", "HEAD:refs/pr/7")
    assert api.model_info(repo).sha == head
    assert [ref.name for ref in api.list_repo_refs(repo, include_pull_requests=True).branches] == ["main"]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"README_md": "---\nlicense: none-such\n---\n"}, "Invalid metadata"),
        ({"big_txt": b"x" * ((10 << 20) + 1)}, "'big.txt' has"),
        ({"d__w_txt": Pointer("1" * 64, 5).serialize()}, "'d/w.txt' is an LFS pointer"),
        ({"d__t_txt": "TOKEN"}, "'d/t.txt' contains a valid access token"),
        ({"_gitmodules": "[submodule]"}, "submodules"),
        ({"_gitattributes": "x" * 3000}, "'.gitattributes' has a line"),
    ],
)
def test_files_that_a_commit_may_not_have_are_refused(
    api: HfApi, hub: EmbeddedHub, repo: str, copy: Path, files: dict[str, str | bytes], message: str
) -> None:
    before = api.model_info(repo).sha
    commit(copy, **{name: hub.token if content == "TOKEN" else content for name, content in files.items()})
    assert message in refused(copy)
    assert api.model_info(repo).sha == before
    assert git("rev-list", "--all", cwd=stored(hub, repo)) == before


def test_symbolic_links_and_submodules_are_refused(repo: str, copy: Path) -> None:
    (copy / "link").symlink_to("/etc/passwd")
    commit(copy)
    assert "symbolic link" in refused(copy)
    git("reset", "-q", "--hard", "HEAD~1", cwd=copy)
    git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},sub", cwd=copy)
    git("commit", "-q", "-m", "sub", cwd=copy)
    assert "submodule" in refused(copy)


class TestRights:
    def test_strangers_and_readers_may_not_push(self, api: HfApi, hub: EmbeddedHub, repo: str, copy: Path) -> None:
        commit(copy, a_txt="1")
        before = api.model_info(repo).sha
        for token in (hub.add_user("eve"), hub.add_user("acme", role="read"), "hf_" + "x" * 34):
            refused(copy, address(hub, repo, token), "main")
        refused(copy, f"{hub.endpoint}/{repo}", "main")
        assert api.model_info(repo).sha == before

    @pytest.mark.parametrize("path", ["info/refs?service=git-receive-pack", "git-receive-pack"])
    def test_private_repositories_look_like_missing_ones(
        self, api: HfApi, hub: EmbeddedHub, repo: str, path: str
    ) -> None:
        api.update_repo_settings(repo, private=True)
        for token in (hub.add_user("eve"), hub.add_user("eve", role="read"), None, "hf_" + "x" * 34):
            sent = ("GET", None) if "?" in path else ("POST", b"0000")
            ask = Caller(hub.endpoint, token)
            answers = [ask(sent[0], f"/{name}/{path}", sent[1]) for name in (repo, "acme/missing")]
            assert answers[0].status == answers[1].status in (401, 404)
            assert answers[0].body == answers[1].body

    def test_an_author_pushes_to_the_own_pull_request_alone(
        self, api: HfApi, hub: EmbeddedHub, repo: str, copy: Path
    ) -> None:
        eve = HfApi(endpoint=hub.endpoint, token=hub.add_user("eve"))
        own = eve.create_commit(repo, [CommitOperationAdd("a", b"a")], commit_message="Proposal", create_pr=True).pr_num
        other = api.create_commit(repo, [CommitOperationAdd("b", b"b")], commit_message="Other", create_pr=True).pr_num
        git("fetch", "-q", "origin", f"refs/pr/{own}:mine", cwd=copy)
        git("checkout", "-q", "mine", cwd=copy)
        head = commit(copy, c_txt="c")
        remote = address(hub, repo, eve.token if isinstance(eve.token, str) else None)
        for ref in ("refs/heads/main", "refs/heads/new", "refs/tags/v1"):
            assert "rights" in refused(copy, remote, f"mine:{ref}")
        assert "rejected" in refused(copy, "--force", remote, f"mine:refs/pr/{other}")
        git("push", "-q", remote, f"mine:refs/pr/{own}", cwd=copy)
        assert api.list_repo_commits(repo, revision=f"refs/pr/{own}")[0].commit_id == head
        assert own is not None
        events = api.get_discussion_details(repo, own).events
        assert getattr(events[-1], "oid", None) == head
        api.change_discussion_status(repo, own, "closed")
        commit(copy, d_txt="d")
        refused(copy, remote, f"mine:refs/pr/{own}")

    def test_a_pointer_to_a_foreign_object_is_refused(
        self, api: HfApi, hub: EmbeddedHub, repo: str, tmp_path: Path
    ) -> None:
        secret = random.randbytes(5000)
        api.upload_file(repo_id=repo, path_in_repo="w.bin", path_or_fileobj=secret)
        eve = HfApi(endpoint=hub.endpoint, token=hub.add_user("eve"))
        eve.create_repo("eve/pushed", exist_ok=True)
        git("clone", "-q", address(hub, "eve/pushed", str(eve.token)), "eve", cwd=tmp_path)
        digest = hashlib.sha256(secret).hexdigest()
        commit(tmp_path / "eve", w_bin=Pointer(digest, len(secret)).serialize())
        assert "not uploaded" in refused(tmp_path / "eve")
        # Whoever has the content sends it, and may refer to it.
        eve.upload_file(repo_id="eve/pushed", path_in_repo="own.bin", path_or_fileobj=secret, revision="main")
        git("pull", "-q", "--rebase", cwd=tmp_path / "eve")
        git("push", "-q", cwd=tmp_path / "eve")
        assert Path(eve.hf_hub_download("eve/pushed", "w.bin")).read_bytes() == secret


def push_until_it_dies(folder: Path) -> None:
    with suppress(RuntimeError):
        for number in range(10_000):
            commit(folder, **{f"f{at}_txt": f"{number} {at}" for at in range(30)})
            git("push", "-q", cwd=folder)


def test_a_killed_server_has_the_old_head_or_the_new_one(tmp_path: Path) -> None:
    root = tmp_path / "hub"
    with served(root) as (server, endpoint, token):
        HfApi(endpoint=endpoint, token=token).create_repo("acme/pushed")
        git("clone", "-q", f"http://x:{token}@{endpoint[7:]}/acme/pushed", "copy", cwd=tmp_path)
        thread = threading.Thread(target=push_until_it_dies, args=(tmp_path / "copy",))
        thread.start()
        thread.join(0.7)
        server.kill()
        server.wait()
        thread.join()
    assert_sound(root / "repos" / "models" / "acme" / "pushed.git")
    with served(root) as (_, endpoint, token):
        git("remote", "set-url", "origin", f"http://x:{token}@{endpoint[7:]}/acme/pushed", cwd=tmp_path / "copy")
        head = commit(tmp_path / "copy", after_txt="after")
        git("push", "-q", cwd=tmp_path / "copy")
        assert HfApi(endpoint=endpoint, token=token).model_info("acme/pushed").sha == head
