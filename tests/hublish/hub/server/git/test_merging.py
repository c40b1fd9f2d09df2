import hashlib

from hypothesis import given
from hypothesis import strategies as st

from hublish.hub.server.git.merging import merge_trees
from hublish.hub.server.git.tree import FILE_MODE, Entry, TreeEditor, parse_tree, walk
from hublish.hub.server.git.writing import object_id

TREE = 2
PATHS = ["a", "b", "d/a", "d/b", "d/e/f", "g/h"]
Files = dict[str, str]

files = st.dictionaries(st.sampled_from(PATHS), st.sampled_from("xyz"))


class Memory:
    """Trees in a dictionary."""

    def __init__(self) -> None:
        self.trees: dict[str, bytes] = {}

    def add(self, data: bytes) -> str:
        sha = object_id(TREE, data)
        self.trees[sha] = data
        return sha

    def load(self, sha: str) -> dict[str, Entry]:
        return parse_tree(self.trees[sha])

    def write(self, content: Files) -> str | None:
        editor = TreeEditor(self.load, None)
        for path, text in content.items():
            editor.put(path.split("/"), blob(text))
        return editor.write(self.add)

    def read(self, sha: str | None) -> dict[str, Entry]:
        return {path: entry for path, entry in walk(self.load, sha) if not entry.is_folder} if sha else {}


def blob(text: str) -> Entry:
    return Entry(FILE_MODE, hashlib.sha1(text.encode()).hexdigest())


@given(files, files, files)
def test_files_are_merged_one_by_one(base: Files, ours: Files, theirs: Files) -> None:
    memory = Memory()
    result = merge_trees(memory.load, memory.write(base), memory.write(ours), memory.write(theirs))
    expected: Files = {}
    conflicts = []
    for path in PATHS:
        old, left, right = (side.get(path) for side in (base, ours, theirs))
        if left != right and old not in (left, right):
            conflicts.append(path)
        elif text := (right if left == old else left):
            expected[path] = text
    assert sorted(result.conflicts) == sorted(conflicts)
    if not conflicts:
        merged = result.write(memory.add)
        assert memory.read(merged) == {path: blob(text) for path, text in expected.items()}
        assert merged == memory.write(expected)


def test_a_file_against_a_folder_is_a_conflict() -> None:
    memory = Memory()
    base, ours, theirs = ({"p/q": "x"}, {"p": "y"}, {"p/q": "z"})
    result = merge_trees(memory.load, memory.write(base), memory.write(ours), memory.write(theirs))
    assert result.conflicts == ("p",)
