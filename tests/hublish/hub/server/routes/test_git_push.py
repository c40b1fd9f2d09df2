"""`git push` with the real git, and pushes that it would never send."""

import hashlib
import os
import random
import shutil
import struct
import subprocess
import threading
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import CommitOperationAdd, HfApi

from hublish.hub.server import EmbeddedHub
from hublish.hub.server.git.lfs_pointers import Pointer
from hublish.hub.server.git.object_writer import object_id
from tests.hublish.hub.server.conftest import Answer, Caller
from tests.hublish.hub.server.test_crash import served

Call = Callable[..., Any]
NOTHING = "0" * 40
AUTHOR = b"a <a@b> 1700000000 +0000"


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


# Packs by hand ------------------------------------------------------------------------------------------------------


def entry(kind: int, data: bytes, size: int | None = None, base: bytes = b"") -> bytes:
    size = len(data) if size is None else size
    header = bytearray([kind << 4 | size & 15])
    size >>= 4
    while size:
        header[-1] |= 128
        header.append(size & 127)
        size >>= 7
    return bytes(header) + base + zlib.compress(data)


def pack(*entries: bytes, count: int | None = None) -> bytes:
    body = struct.pack(">4sLL", b"PACK", 2, len(entries) if count is None else count) + b"".join(entries)
    return body + hashlib.sha1(body).digest()


def send(call: Call, repo: str, new: str, content: bytes, old: str = NOTHING, ref: str = "refs/heads/x") -> Answer:
    line = f"{old} {new} {ref}\0report-status\n".encode()
    answer = call("POST", f"/{repo}.git/git-receive-pack", b"%04x" % (len(line) + 4) + line + b"0000" + content)
    assert isinstance(answer, Answer)
    return answer


def tree(*items: tuple[str, bytes, str]) -> bytes:
    return b"".join(f"{mode} ".encode() + name + b"\0" + bytes.fromhex(sha) for mode, name, sha in items)


def written(tree_sha: str, extra: str = "", *, author: bytes = AUTHOR) -> bytes:
    return f"tree {tree_sha}\n{extra}".encode() + b"author " + author + b"\ncommitter " + author + b"\n\nmessage\n"


BLOB = b"content"
B = object_id(3, BLOB)
TREE = tree(("100644", b"a", B))
T = object_id(2, TREE)


def test_a_pack_by_hand_is_accepted(call: Call, api: HfApi, repo: str) -> None:
    """Otherwise, the refusals below would prove nothing."""
    body = written(T)
    answer = send(call, repo, object_id(1, body), pack(entry(3, BLOB), entry(2, TREE), entry(1, body)))
    assert answer.body.startswith(b"000eunpack ok\n"), answer.body
    assert b"ok refs/heads/x" in answer.body
    assert api.list_repo_files(repo, revision="x") == ["a"]


BAD_TREES = {
    "a folder outside": tree(("100644", b"..", B)),
    "git's own folder": tree(("40000", b".GIT", T)),
    "no order": tree(("100644", b"b", B), ("100644", b"a", B)),
    "duplicates": tree(("100644", b"a", B), ("100644", b"a", B)),
    "a file and a folder": tree(("100644", b"a", B), ("40000", b"a", T)),
    "a slash": tree(("100644", b"a/b", B)),
    "an empty name": tree(("100644", b"", B)),
    "padded modes": tree(("0100644", b"a", B)),
    "other modes": tree(("100664", b"a", B)),
    "a link": tree(("120000", b"a", B)),
    "no Unicode": tree(("100644", b"\xff", B)),
    "a missing file": tree(("100644", b"a", "1" * 40)),
    "a missing folder": tree(("40000", b"a", "1" * 40)),
    "a file as a folder": tree(("40000", b"a", B)),
    "a folder as a file": tree(("100644", b"a", T)),
    "half an entry": TREE[:-3],
}


@pytest.mark.parametrize("bad", BAD_TREES.values(), ids=BAD_TREES)
def test_trees_that_git_calls_damaged_are_refused(call: Call, hub: EmbeddedHub, repo: str, bad: bytes) -> None:
    body = written(object_id(2, bad))
    sent = pack(entry(3, BLOB), entry(2, TREE), entry(2, bad), entry(1, body))
    answer = send(call, repo, object_id(1, body), sent)
    assert (answer.status, b"ng refs/heads/x" in answer.body) == (200, True)
    assert_sound(stored(hub, repo))


BAD_COMMITS = {
    "no tree": b"author " + AUTHOR + b"\ncommitter " + AUTHOR + b"\n\nx",
    "a missing tree": written("1" * 40),
    "a blob as its tree": written(B),
    "a missing parent": written(T, f"parent {'1' * 40}\n"),
    "a tree as its parent": written(T, f"parent {T}\n"),
    "no email": written(T, author=b"a 1 +0000"),
    "no name": written(T, author=b"<a@b> 1 +0000"),
    "a padded time": written(T, author=b"a <a@b> 01 +0000"),
    "a time without end": written(T, author=b"a <a@b> 999999999999 +0000"),
    "a negative time": written(T, author=b"a <a@b> -1 +0000"),
    "a bad time zone": written(T, author=b"a <a@b> 1 0000"),
    "NUL": written(T) + b"\0",
    "two authors": written(T).replace(b"author", b"author x <x@y> 1 +0000\nauthor", 1),
}


@pytest.mark.parametrize("bad", BAD_COMMITS.values(), ids=BAD_COMMITS)
def test_commits_that_git_calls_damaged_are_refused(call: Call, hub: EmbeddedHub, repo: str, bad: bytes) -> None:
    answer = send(call, repo, object_id(1, bad), pack(entry(3, BLOB), entry(2, TREE), entry(1, bad)))
    assert (answer.status, b"ng refs/heads/x" in answer.body) == (200, True)
    assert_sound(stored(hub, repo))


def copying(size: int, result: int) -> bytes:
    """Return a delta that repeats the first bytes of a base of `size` bytes."""

    def number(value: int) -> bytes:
        return (bytes([value & 127 | 128]) + number(value >> 7)) if value > 127 else bytes([value])

    repeat = b"\x80" + b"\xb0\xff\xff" * (result // 0xFFFF) if result > 0xFFFF else bytes([0x90, result])
    return number(size) + number(result) + repeat


C = written(T)
GOOD = (entry(3, BLOB), entry(2, TREE), entry(1, C))
BAD_PACKS = {
    "nothing": b"",
    "no pack": b"x" * 100,
    "another checksum": pack(*GOOD)[:-1] + b"x",
    "another number": pack(*GOOD, count=2),
    "a large number": pack(*GOOD, count=2**32 - 1),
    "more after it": pack(*GOOD, b"more"),
    "an unknown type": pack(*GOOD, entry(5, b"x"), count=4),
    "no type": pack(*GOOD, entry(0, b"x"), count=4),
    "longer than announced": pack(*GOOD, entry(3, b"x" * 99, 9), count=4),
    "shorter than announced": pack(*GOOD, entry(3, b"x" * 99, 999), count=4),
    "a bomb": pack(*GOOD, entry(3, bytes(60 << 20), 9), count=4),
    "a large object": pack(*GOOD, entry(3, bytes(1), 1 << 40), count=4),
    "no compression": pack(*GOOD, b"\x39" + b"x" * 99, count=4),
    "a delta without a base": pack(*GOOD, entry(7, copying(7, 7), base=b"1" * 20), count=4),
    "a delta of itself": pack(*GOOD, entry(6, copying(7, 7), base=b"\0"), count=4),
    "a delta of what was before the pack": pack(*GOOD, entry(6, copying(7, 7), base=b"\xff\xff\x7f"), count=4),
    "a delta of another size": pack(*GOOD, entry(7, copying(8, 7), base=bytes.fromhex(B)), count=4),
    "a delta that copies too much": pack(*GOOD, entry(7, copying(7, 9), base=bytes.fromhex(B)), count=4),
    "a delta that grows": pack(*GOOD, entry(7, copying(7, 1 << 30), base=bytes.fromhex(B)), count=4),
    "an empty delta": pack(*GOOD, entry(7, b"", base=bytes.fromhex(B)), count=4),
}


@pytest.mark.parametrize("content", BAD_PACKS.values(), ids=BAD_PACKS)
def test_damaged_packs_are_refused_and_leave_nothing(call: Call, hub: EmbeddedHub, repo: str, content: bytes) -> None:
    before = sorted(stored(hub, repo).glob("objects/**/*"))
    answer = send(call, repo, object_id(1, C), content)
    assert answer.status == 200
    assert b"ng refs/heads/x" in answer.body
    assert sorted(stored(hub, repo).glob("objects/**/*")) == before
    assert not list(stored(hub, repo).glob("hub/scratch/*"))


def test_a_small_pack_cannot_describe_an_endless_tree(call: Call, repo: str) -> None:
    for names, depth in (([b"a", b"b", b"c", b"d"], 30), ([b"a"], 300), ([b"n" * 200], 20)):
        trees = [TREE]
        for _ in range(depth):
            trees.append(tree(*(("40000", name, object_id(2, trees[-1])) for name in names)))
        body = written(object_id(2, trees[-1]))
        sent = pack(entry(3, BLOB), *(entry(2, one) for one in trees), entry(1, body))
        assert b"unpack a " in send(call, repo, object_id(1, body), sent).body


def test_what_no_ref_reaches_cannot_be_taken_over(api: HfApi, hub: EmbeddedHub, call: Call, repo: str) -> None:
    """Neither as a part of a tree, nor as the base of a delta, nor as the target of a ref."""
    api.upload_file(repo_id=repo, path_in_repo="key.txt", path_or_fileobj=b"s3cret-key")
    old = api.model_info(repo).sha
    hidden = object_id(3, b"s3cret-key")
    api.delete_file("key.txt", repo)
    api.super_squash_history(repo)
    content = tree(("100644", b"a", hidden))
    body = written(object_id(2, content))
    for parts in ((entry(2, content), entry(1, body)), (entry(7, copying(10, 10), base=bytes.fromhex(hidden)), *GOOD)):
        new = object_id(1, body) if len(parts) == 2 else object_id(1, C)
        assert b"ng refs/heads/x" in send(call, repo, new, pack(*parts)).body
    assert old is not None
    assert b"ng refs/heads/x" in send(call, repo, old, pack()).body
    assert [branch.name for branch in api.list_repo_refs(repo).branches] == ["main"]


@pytest.mark.parametrize("seed", range(3))
def test_a_push_with_changed_bytes_never_fails_inside(call: Call, hub: EmbeddedHub, repo: str, seed: int) -> None:
    rng = random.Random(seed)
    whole = pack(*GOOD, entry(7, copying(7, 7), base=bytes.fromhex(B)))
    for _ in range(60):
        changed = bytearray(whole[:-20])
        for _ in range(rng.randint(1, 4)):
            changed[rng.randrange(12, len(changed))] = rng.randrange(256)
        sent = bytes(changed) + hashlib.sha1(changed).digest()
        assert send(call, repo, object_id(1, C), sent, ref=f"refs/heads/{rng.random()}").status == 200
    assert_sound(stored(hub, repo))


@pytest.mark.parametrize(
    "content", [b"", b"zzzz", b"0003", b"0009hello", b"ffff", b"0000" + b"x" * 99, b"00a0" + b"x" * 200]
)
def test_what_is_not_the_protocol_is_refused(call: Call, repo: str, content: bytes) -> None:
    answer = call("POST", f"/{repo}.git/git-receive-pack", content)
    assert (answer.status, answer.body) == (200, b"") if content[:4] == b"0000" else answer.status == 400


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
