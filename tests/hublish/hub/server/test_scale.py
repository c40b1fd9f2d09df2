"""What a call reads grows with its answer, and not with the repository: counted, since times vary."""

import random
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from dulwich.objects import Blob, Tree
from huggingface_hub import HfApi

from hublish.hub.server import EmbeddedHub
from hublish.hub.server.git import last_changes
from hublish.hub.server.git.commit_graph import CommitGraph
from hublish.hub.server.git.git_trees import FILE_MODE, Entry, Loader, TreeEditor, parse_tree
from hublish.hub.server.git.last_changes import ChangedPaths
from hublish.hub.server.git.object_writer import init_repository
from hublish.hub.server.git.refs import Refs
from hublish.hub.server.git.repository import GitRepository, Signature, add_commit, write_tree
from hublish.hub.server.repo_ids import RepoId
from hublish.hub.server.repositories import MAIN_REF, Repositories
from tests.hublish.hub.server.git.test_pack_sender import grow

Call = Callable[..., Any]
AUTHOR = Signature("me", 1_700_000_000)


@contextmanager
def counted() -> Iterator[list[str]]:
    """Collect the ids of the objects that the hub reads."""
    reads: list[str] = []
    read = GitRepository.raw

    def raw(git: GitRepository, sha: str) -> tuple[int, bytes]:
        reads.append(sha)
        return read(git, sha)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(GitRepository, "raw", raw)
        yield reads


def grown(hub: EmbeddedHub, name: str, files: int = 1, commits: int = 1) -> Path:
    """Add folders of 100 small files in one commit, then commits that change one file each."""
    repo = RepoId.parse("model", name)
    with Repositories(hub.root).changing(repo) as git, git.writer() as writer:
        head = git.refs.get(MAIN_REF)
        assert head is not None
        commit = head
        tree = git.commit(head).tree
        for number in range(commits):

            def load(sha: str) -> dict[str, Entry]:
                found = writer.read(sha)
                return parse_tree(found[1]) if found else git.load_tree(sha)

            editor = TreeEditor(load, tree)
            for file in range(files) if number == 0 else [number * 7 % files]:
                blob = writer.add(Blob.type_num, b"%d of %d" % (file, number))
                editor.put([f"{file // 100:04}", f"{file:06}"], Entry(FILE_MODE, blob))
            tree = write_tree(writer, editor)
            author = Signature("me", AUTHOR.time + number)
            commit = add_commit(writer, tree, (commit,), author, f"change {number}")
        writer.finish()
        git.refs.set(MAIN_REF, commit, expected=head)
        return git.path


@pytest.mark.parametrize("query", ["recursive=true", "recursive=true&limit=20", ""])
def test_a_page_of_a_tree_reads_the_folders_of_this_page(
    hub: EmbeddedHub, api: HfApi, call: Call, repo: str, query: str
) -> None:
    large = api.create_repo(f"{repo}-large").repo_id
    grown(hub, repo, 2_000)
    grown(hub, large, 20_000)
    needed = []
    for name in (repo, large):
        with counted() as reads:
            first = call("GET", f"/api/models/{name}/tree/main?{query}")
            if link := first.headers.get("link"):
                call("GET", link[1:].partition(">")[0])
        needed.append(len(reads))
    assert needed[1] <= needed[0] + 200, "at most the 200 folders of the root"


@pytest.mark.parametrize("recursive", [True, False])
@pytest.mark.parametrize("limit", [1, 7, 1000])
def test_pages_of_a_tree_are_the_whole_tree(
    hub: EmbeddedHub, call: Call, repo: str, recursive: bool, limit: int
) -> None:
    paths = ["a.txt", "a/b/c", "a/b/d", "a/e", "a0", "b", "c/1", "c/2/3", "c/2/4", "é", "z/z/z"]
    with Repositories(hub.root).changing(RepoId.parse("model", repo)) as git, git.writer() as writer:
        head = git.refs.get(MAIN_REF)
        assert head is not None
        editor = TreeEditor(git.load_tree, git.commit(head).tree)
        for path in paths:
            editor.put(path.split("/"), Entry(FILE_MODE, writer.add(Blob.type_num, path.encode())))
        commit = add_commit(writer, write_tree(writer, editor), (head,), AUTHOR, "paths")
        writer.finish()
        git.refs.set(MAIN_REF, commit, expected=head)
    for folder in ("", "/a", "/c"):
        base = f"/api/models/{repo}/tree/main{folder}?recursive={recursive}"
        whole = [item["path"] for item in call("GET", base).json()]
        link, paged = f"{base}&limit={limit}", []
        while link:
            answer = call("GET", link)
            paged += [item["path"] for item in answer.json()]
            link = answer.headers.get("link", "")[1:].partition(">")[0]
        assert paged == whole


def test_a_tree_continues_after_a_path_that_was_deleted(hub: EmbeddedHub, api: HfApi, call: Call, repo: str) -> None:
    grown(hub, repo, 250)
    answer = call("GET", f"/api/models/{repo}/tree/main?recursive=1&limit=5")
    api.delete_folder("0000", repo_id=repo)
    link = answer.headers["link"][1:].partition(">")[0]
    assert [item["path"] for item in call("GET", link).json()][:3] == ["0001", "0001/000100", "0001/000101"]


@pytest.mark.parametrize("cursor", ["x", "W10=", "eyJhZnRlciI6IDF9", "eyJhZnRlciI6ICJcdWQ4MDAifQ==", "MQ==", "é"])
def test_a_cursor_that_no_page_named_is_refused(call: Call, repo: str, cursor: str) -> None:
    assert call("GET", f"/api/models/{repo}/tree/main?cursor={quote(cursor)}").status == 400


def test_used_storage_reads_only_changed_folders_again(hub: EmbeddedHub, api: HfApi, repo: str) -> None:
    grown(hub, repo, 1_000)
    before = api.model_info(repo, expand=["usedStorage"]).used_storage
    api.upload_file(repo_id=repo, path_in_repo="0003/new.txt", path_or_fileobj=b"12345")
    with counted() as reads:
        after = api.model_info(repo, expand=["usedStorage"]).used_storage
    assert before is not None
    assert after == before + 5
    assert len(reads) < 20


@pytest.mark.parametrize(
    "path",
    [
        "api/models/{repo}/commits/main",
        "api/models/{repo}/commits/main?cursor=100",
        "api/models/{repo}/revision/{old}",
        "api/models/{repo}/revision/branch-7",
        "{repo}/resolve/{old}/.gitattributes",
        "{repo}/resolve/v9/.gitattributes",
        "api/models/{repo}/refs?include_prs=1",
        "api/models/{repo}/lfs-files",
    ],
)
def test_a_new_commit_does_not_make_the_hub_read_a_history_again(
    hub: EmbeddedHub, api: HfApi, call: Call, repo: str, path: str
) -> None:
    grown(hub, repo, 100, commits=400)
    with Repositories(hub.root).changing(RepoId.parse("model", repo)) as git:
        head = git.refs.get(MAIN_REF)
        assert head is not None
        old = git.commit(git.commit(head).parents[0]).parents[0]
        for number in range(80):
            git.refs.set(f"refs/heads/branch-{number}", head, expected=None)
            git.refs.set(f"refs/tags/v{number}", head, expected=None)
    path = "/" + path.format(repo=repo, old=old)
    call("GET", path)
    api.upload_file(repo_id=repo, path_in_repo="0000/new.txt", path_or_fileobj=b"new")
    with counted() as reads:
        assert call("GET", path).status == 200
    assert len(reads) < 70, "a page has 50 commits"


def test_commits_are_listed_children_first_whatever_their_times(tmp_path: Path) -> None:
    init_repository(tmp_path, "main")
    with GitRepository(tmp_path) as git, git.writer() as writer:
        tree = writer.add(Tree.type_num, b"")

        def add(time: int, *parents: str) -> str:
            return add_commit(writer, tree, parents, Signature("me", time), f"{time} {parents}")

        root = add(50)
        left = [root]
        right = [root]
        for time in (10, 10, 90, 20):
            left.append(add(time, left[-1]))
            right.append(add(time + 5, right[-1]))
        merge = add(15, left[-1], right[-1])
        top, lone = add(1, merge), add(3)
        writer.finish()
        graph = CommitGraph()
        graph.extend(git, [merge])
        graph.order(merge)
        graph.extend(git, [top])
        assert graph.order(top) == (top, *graph.order(merge))
        order = graph.order(top)
        assert sorted(order) == sorted({top, merge, *left, *right})
        for sha in order:
            assert all(order.index(parent) > order.index(sha) for parent in git.commit(sha).parents)
        assert graph.unread(top, {*left}) == [*right[1:], merge, top]
        for first, second, base in (
            (left[-1], right[-1], root),
            (left[2], left[4], left[2]),
            (top, right[3], right[3]),
        ):
            assert git.merge_base(first, second) == git.merge_base(second, first) == base
        assert git.merge_base(top, top) == top
        assert git.merge_base(lone, top) is None


def test_the_base_of_two_long_branches_is_found_near_their_ends(hub: EmbeddedHub, repo: str) -> None:
    path = grown(hub, repo, 10, commits=300)
    with GitRepository(path) as git, git.writer() as writer:
        head = git.refs.get(MAIN_REF)
        assert head is not None
        tree = git.commit(head).tree
        ends = [add_commit(writer, tree, (head,), Signature("me", AUTHOR.time + n), f"end {n}") for n in (1000, 2000)]
        writer.finish()
        with counted() as reads:
            assert git.merge_base(*ends) == head
    assert len(reads) < 20


def test_the_last_change_of_each_path_compares_a_history_once(
    hub: EmbeddedHub, api: HfApi, call: Call, repo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    grown(hub, repo, 1_200, commits=150)
    path = f"/api/models/{repo}/tree/main/0011?expand=1"
    first = call("GET", path).json()
    assert [item["lastCommit"]["title"] for item in first[:3]] == ["change 0"] * 3
    api.upload_file(repo_id=repo, path_in_repo="0011/001101", path_or_fileobj=b"new", commit_message="new")
    with counted() as reads:
        again = call("GET", path).json()
    assert [item["lastCommit"]["title"] for item in again[:3]] == ["change 0", "new", "change 0"]
    assert len(reads) < 80, "50 files, and what one commit changed"
    asked: list[str] = []
    of = ChangedPaths.of

    def counting(self: ChangedPaths, load: Loader, commit: str, *trees: str) -> frozenset[str] | None:
        asked.append(commit)
        return of(self, load, commit, *trees)

    api.upload_file(repo_id=repo, path_in_repo="0011/001102", path_or_fileobj=b"new", commit_message="newer")
    monkeypatch.setattr(ChangedPaths, "of", counting)
    titles = [item["lastCommit"]["title"] for item in call("GET", path).json()]
    assert titles[:3] == ["change 0", "new", "newer"]
    assert len(asked) == 1, "the commit that was added"


@pytest.mark.parametrize("limit", [1000, 2])
def test_the_last_change_is_the_one_that_git_names(
    hub: EmbeddedHub, api: HfApi, call: Call, repo: str, limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(last_changes, "MAX_OF_COMMIT", limit)
    with Repositories(hub.root).changing(RepoId.parse("model", repo)) as git:
        grow(git, random.Random(limit), 60)
        for branch in ("main", "dev", "old"):
            listed = call("GET", f"/api/models/{repo}/tree/{branch}?recursive=1&expand=1").json()
            for path, found in ((item["path"], item["lastCommit"]["id"]) for item in listed):
                command = ["git", "log", "-1", "--first-parent", "-m", "--format=%H", branch, "--", path]
                expected = subprocess.run(command, cwd=git.path, capture_output=True, text=True, check=True).stdout
                assert found == expected.strip(), (branch, path)


@pytest.mark.parametrize("seen", ["commits/dev", "tree/dev?expand=1", "revision/{sha}", "lfs-files"])
def test_a_commit_that_was_listed_is_gone_with_its_branch(api: HfApi, call: Call, repo: str, seen: str) -> None:
    api.create_branch(repo, branch="dev")
    sha = api.upload_file(repo_id=repo, revision="dev", path_in_repo="new.txt", path_or_fileobj=b"new").oid
    assert call("GET", f"/api/models/{repo}/{seen.format(sha=sha)}").status == 200
    api.delete_branch(repo, branch="dev")
    assert call("GET", f"/api/models/{repo}/revision/{sha}").status == 404
    api.create_branch(repo, branch="other")
    assert call("GET", f"/api/models/{repo}/revision/{sha}").status == 404


def test_an_old_commit_is_found_without_a_look_at_other_refs(
    hub: EmbeddedHub, call: Call, repo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = grown(hub, repo, 10, commits=5)
    with GitRepository(path) as git:
        head = git.refs.get(MAIN_REF)
        assert head is not None
        old = git.commit(head).parents[0]
    listed: list[str] = []

    def list_refs(_: Refs, prefix: str) -> dict[str, str]:
        listed.append(prefix)
        return {}

    monkeypatch.setattr(Refs, "list", list_refs)
    for call_of in (f"revision/{old}", "commits/main", "tree/main?expand=1"):
        assert call("GET", f"/api/models/{repo}/{call_of}").status == 200
    assert listed == []
