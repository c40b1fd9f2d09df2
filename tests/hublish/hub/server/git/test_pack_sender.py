"""Fetches with the real git: each pack is complete, and it holds little more than the client lacks."""

import random
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from dulwich.objects import Blob

from hublish.hub.server import EmbeddedHub
from hublish.hub.server.git.git_trees import FILE_MODE, Entry, TreeEditor
from hublish.hub.server.git.repository import GitRepository, Signature, add_commit, add_tag, write_tree
from hublish.hub.server.repo_ids import RepoId
from hublish.hub.server.repositories import MAIN_REF, Repositories


def git(*arguments: str, cwd: Path) -> str:
    done = subprocess.run(["git", *arguments], cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, (arguments, done.stderr)
    return done.stdout


def grow(git: GitRepository, chance: random.Random, steps: int) -> None:
    """Add commits to random branches: changes, deletions, contents that return, merges and tags."""
    branches = ["main", "dev", "old"]
    for step in range(steps):
        name = f"refs/heads/{chance.choice(branches)}"
        head = git.refs.get(name) or git.refs.get(MAIN_REF)
        assert head is not None
        editor = TreeEditor(git.load_tree, git.commit(head).tree)
        parents = [head]
        with git.writer() as writer:
            for _ in range(chance.randint(1, 4)):
                path = [chance.choice("abc") + "d" for _ in range(chance.randint(0, 2))] + [chance.choice("xyz")]
                if chance.random() < 0.2:
                    editor.remove(path, folder=False)
                else:
                    blob = writer.add(Blob.type_num, b"%d" % chance.randint(1, 12) * 20)
                    editor.put(path, Entry(FILE_MODE, blob))
            other = git.refs.get(f"refs/heads/{chance.choice(branches)}")
            if other and other != head and chance.random() < 0.3:
                parents.append(other)
            # Clocks differ: some commits are older than their parents.
            author = Signature("me", 1_700_000_000 + step * 10 - chance.choice([0, 0, 0, 500]))
            commit = add_commit(writer, write_tree(writer, editor), tuple(parents), author, f"{step} {name}")
            tag = add_tag(writer, f"v{commit[:8]}", commit, author, "tag") if chance.random() < 0.2 else None
            writer.finish()
        git.refs.set(name, commit, expected=git.refs.get(name))
        if tag:
            git.refs.set(f"refs/tags/v{commit[:8]}", tag, expected=None)


@pytest.fixture
def changing(hub: EmbeddedHub, repo: str) -> Iterator[GitRepository]:
    with Repositories(hub.root).changing(RepoId.parse("model", repo)) as git:
        yield git


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("options", [[], ["--depth=3", "--no-single-branch"], ["--filter=blob:none"]])
def test_every_fetch_of_a_growing_repository_is_complete(
    hub: EmbeddedHub, repo: str, changing: GitRepository, tmp_path: Path, seed: int, options: list[str]
) -> None:
    chance = random.Random(seed)
    grow(changing, chance, 15)
    git("clone", "-q", "--bare", *options, f"{hub.endpoint}/{repo}", "copy", cwd=tmp_path)
    copy = tmp_path / "copy"
    for step in range(3):
        grow(changing, chance, 8)
        deepen = ["--depth=9"] if options and step == 1 and "depth" in options[0] else []
        git("fetch", "-q", *deepen, "origin", "+refs/heads/*:refs/heads/*", cwd=copy)
        git("fsck", "--full", cwd=copy)
        for branch in ("main", "dev", "old"):
            if head := changing.refs.get(f"refs/heads/{branch}"):
                assert git("rev-parse", branch, cwd=copy).strip() == head
    assert git("tag", cwd=copy).split() == [name[10:] for name in changing.refs.list("refs/tags/")] or options
    if not options:
        listed = git("rev-list", "--objects", "--all", cwd=copy).splitlines()
        there = git("rev-list", "--objects", "--branches", "--tags", cwd=changing.path).splitlines()
        assert {line[:40] for line in listed} == {line[:40] for line in there}


def received(copy: Path, *arguments: str) -> int:
    """Return the number of objects that a fetch receives."""
    before = int(re.findall(r"count: (\d+)", git("count-objects", "-v", cwd=copy))[0])
    git("-c", "fetch.unpackLimit=100000", "fetch", "-q", *arguments, cwd=copy)
    return int(re.findall(r"count: (\d+)", git("count-objects", "-v", cwd=copy))[0]) - before


@pytest.mark.parametrize("options", [[], ["--depth=1"], ["--depth=1", "--filter=blob:none"]])
def test_a_fetch_of_one_commit_receives_this_commit(
    hub: EmbeddedHub, repo: str, changing: GitRepository, tmp_path: Path, options: list[str]
) -> None:
    grow(changing, random.Random(1), 40)
    git("clone", "-q", "--bare", "--single-branch", *options, f"{hub.endpoint}/{repo}", "copy", cwd=tmp_path)
    head = changing.refs.get(MAIN_REF)
    assert head is not None
    with changing.writer() as writer:
        editor = TreeEditor(changing.load_tree, changing.commit(head).tree)
        editor.put(["new", "file"], Entry(FILE_MODE, writer.add(Blob.type_num, b"new")))
        tree = write_tree(writer, editor)
        commit = add_commit(writer, tree, (head,), Signature("me", 1_800_000_000), "one more")
        writer.finish()
    changing.refs.set(MAIN_REF, commit, expected=head)
    assert received(tmp_path / "copy", "origin", "main") <= 4, "a commit, two folders and a file"
