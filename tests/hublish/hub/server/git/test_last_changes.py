from collections import Counter

from hublish.hub.server.git.commit_graph import Node
from hublish.hub.server.git.git_trees import FILE_MODE, FOLDER_MODE, Entry
from hublish.hub.server.git.last_changes import ChangedPaths, last_commits


def test_many_paths_of_one_folder_load_its_trees_once() -> None:
    """A folder that is too large for the cache of trees would be parsed again for each of its files."""
    names = [f"{number:03}" for number in range(50)]
    trees = {
        "old": {"data": Entry(FOLDER_MODE, "old-data")},
        "new": {"data": Entry(FOLDER_MODE, "new-data")},
        "old-data": {name: Entry(FILE_MODE, "x") for name in names},
        "new-data": {name: Entry(FILE_MODE, "y" if name == "007" else "x") for name in names},
    }
    loads = Counter[str]()

    def load(sha: str) -> dict[str, Entry]:
        loads[sha] += 1
        return trees[sha]

    nodes = {"second": Node(("first",), "new", 2), "first": Node((), "old", 1)}
    found = last_commits(nodes, load, ChangedPaths(), "second", [f"data/{name}" for name in names])
    assert found == {f"data/{name}": "second" if name == "007" else "first" for name in names}
    assert max(loads.values()) == 1
