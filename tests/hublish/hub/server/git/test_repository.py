"""Names of commits, and the cache of trees."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from dulwich.objects import Blob, Tree

from hublish.hub.server.git.git_trees import FILE_MODE, Entry, serialize
from hublish.hub.server.git.object_writer import init_repository
from hublish.hub.server.git.repository import GitRepository, Signature, TreeCache, add_commit, add_tag

AUTHOR = Signature("me", 1_700_000_000)


@dataclass(frozen=True)
class Made:
    """A repository with two commits and an annotated tag of the first."""

    git: GitRepository
    blob: str
    first: str
    second: str
    tag: str


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Made]:
    init_repository(tmp_path, "main")
    with GitRepository(tmp_path) as git:
        with git.writer() as writer:
            blob = writer.add(Blob.type_num, b"content")
            tree = writer.add(Tree.type_num, serialize({"file": Entry(FILE_MODE, blob)}))
            first = add_commit(writer, tree, (), AUTHOR, "first")
            second = add_commit(writer, tree, (first,), AUTHOR, "second")
            tag = add_tag(writer, "v1", first, AUTHOR, "tagged")
            writer.finish()
        git.refs.set("refs/heads/main", second, expected=None)
        git.refs.set("refs/tags/v1", tag, expected=None)
        yield Made(git, blob, first, second, tag)


def test_a_revision_is_a_branch_a_tag_an_id_or_a_short_id(made: Made) -> None:
    assert made.git.resolve("main") == made.second
    assert made.git.resolve("refs/heads/main") == made.second
    assert made.git.resolve("v1") == made.first
    assert made.git.resolve(made.first) == made.first
    assert made.git.resolve(made.first[:12]) == made.first
    assert made.git.resolve(made.first.upper()) == made.first


def test_an_id_that_is_not_a_commit_does_not_resolve(made: Made) -> None:
    assert made.git.resolve(made.blob) is None
    assert made.git.resolve("0" * 40) is None
    assert made.git.resolve("v2") is None


def test_a_full_commit_id_takes_precedence_over_a_branch_of_that_name(made: Made) -> None:
    made.git.refs.set(f"refs/heads/{made.first}", made.second, expected=None)
    assert made.git.resolve(made.first) == made.first
    assert made.git.resolve(f"refs/heads/{made.first}") == made.second


class Counting(GitRepository):
    """Counts the trees that are read from disk."""

    reads = 0

    def load_tree(self, sha: str) -> dict[str, Entry]:
        self.reads += 1
        return super().load_tree(sha)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    init_repository(tmp_path / "r.git", "main")
    return tmp_path / "r.git"


def test_the_most_recently_used_trees_are_cached_up_to_the_limit(path: Path) -> None:
    cache = TreeCache(max_entries=20)
    with Counting(path) as git, git.writer() as writer:
        trees = [{f"{name}{n}": Entry(FILE_MODE, "0" * 40) for n in range(8)} for name in "abc"]
        ids = [writer.add(Tree.type_num, serialize(tree)) for tree in trees]
        writer.finish()
        for sha, tree in [*zip(ids, trees, strict=True), (ids[2], trees[2]), (ids[1], trees[1])]:
            assert cache.load(git, sha) == tree
        assert git.reads == 3
        cache.load(git, ids[0])
        assert git.reads == 4, "the oldest had to go"
