from pathlib import Path

import pytest

from hublish.hub.server.git.cache import TreeCache
from hublish.hub.server.git.repository import GitRepository, add_tree
from hublish.hub.server.git.tree import FILE_MODE, Entry, serialize
from hublish.hub.server.git.writing import init_repository


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


def test_trees_used_last_are_remembered_up_to_the_limit(path: Path) -> None:
    cache = TreeCache(max_entries=20)
    with Counting(path) as git, git.writer() as writer:
        trees = [{f"{name}{n}": Entry(FILE_MODE, "0" * 40) for n in range(8)} for name in "abc"]
        ids = [add_tree(writer, serialize(tree)) for tree in trees]
        writer.finish()
        for sha, tree in [*zip(ids, trees, strict=True), (ids[2], trees[2]), (ids[1], trees[1])]:
            assert cache.load(git, sha) == tree
        assert git.reads == 3
        cache.load(git, ids[0])
        assert git.reads == 4, "the oldest had to go"
