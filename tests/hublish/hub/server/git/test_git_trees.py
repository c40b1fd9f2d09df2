import hashlib
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.hub.server.git.git_trees import (
    FILE_MODE,
    Entry,
    PathConflictError,
    TreeEditor,
    find,
    list_folder,
    merge_trees,
    parse_tree,
    serialize,
    walk,
)
from hublish.hub.server.git.object_writer import init_repository, object_id
from hublish.hub.server.git.repository import GitRepository, Signature, add_commit

BLOB, TREE = 3, 2


class Memory:
    """Trees in a dictionary; records the loaded ones."""

    def __init__(self) -> None:
        self.trees: dict[str, bytes] = {}
        self.loaded: list[str] = []

    def add(self, data: bytes) -> str:
        sha = object_id(TREE, data)
        self.trees[sha] = data
        return sha

    def load(self, sha: str) -> dict[str, Entry]:
        self.loaded.append(sha)
        return parse_tree(self.trees[sha])

    def write(self, files: dict[str, str]) -> str | None:
        editor = TreeEditor(self.load, None)
        for path, content in files.items():
            editor.put(path.split("/"), blob(content))
        return editor.write(self.add)

    def files(self, sha: str | None) -> dict[str, Entry]:
        return {path: entry for path, entry in walk(self.load, sha) if not entry.is_folder} if sha else {}


def blob(content: str) -> Entry:
    return Entry(FILE_MODE, hashlib.sha1(content.encode()).hexdigest())


names = st.sampled_from(["a", "b", "a.b", "a-b", "é"])
paths = st.lists(names, min_size=1, max_size=4).map("/".join)
operations = st.tuples(st.sampled_from(["put", "remove", "remove folder"]), paths, st.text("xyz", max_size=1))


def apply_to_model(files: dict[str, str], operation: tuple[str, str, str]) -> bool:
    """Apply an edit to a flat dictionary, the model of a tree; return whether it is allowed."""
    kind, path, content = operation
    parents = ["/".join(path.split("/")[:n]) for n in range(1, path.count("/") + 1)]
    below = [other for other in files if other.startswith(f"{path}/")]
    if kind == "put":
        if below or any(parent in files for parent in parents):
            return False
        files[path] = content
        return True
    doomed = below if kind == "remove folder" else [path] if path in files else []
    for other in doomed:
        del files[other]
    return bool(doomed)


@given(st.lists(st.lists(operations, max_size=12), max_size=4))
def test_any_series_of_edits_gives_the_same_files_as_a_dictionary(
    commits: list[list[tuple[str, str, str]]],
) -> None:
    memory = Memory()
    tree: str | None = None
    files: dict[str, str] = {}
    for edits in commits:
        editor = TreeEditor(memory.load, tree)
        for kind, path, content in edits:
            allowed = apply_to_model(files, (kind, path, content))
            try:
                if kind == "put":
                    editor.put(path.split("/"), blob(content))
                    done = True
                else:
                    done = editor.remove(path.split("/"), folder=kind == "remove folder")
            except PathConflictError:
                done = False
            assert done == allowed
        tree = editor.write(memory.add)
        assert memory.files(tree) == {path: blob(content) for path, content in files.items()}
        assert tree == memory.write(files), "the same files give the same tree"


def test_only_changed_folders_are_loaded() -> None:
    memory = Memory()
    tree = memory.write({f"d{n}/sub/f.txt": "x" for n in range(50)})
    memory.loaded.clear()
    editor = TreeEditor(memory.load, tree)
    editor.put(["d7", "new.txt"], blob("y"))
    editor.write(memory.add)
    assert len(memory.loaded) == 2


@given(st.dictionaries(st.text(min_size=1).filter(lambda name: not set(name) & set("/\0")), st.booleans(), max_size=8))
def test_trees_survive_a_round_trip(entries: dict[str, bool]) -> None:
    try:
        tree = {name: Entry(0o040000 if folder else FILE_MODE, "0" * 40) for name, folder in entries.items()}
        data = serialize(tree)
    except UnicodeEncodeError:  # a lone surrogate is not a name
        return
    assert parse_tree(data) == tree


def test_git_accepts_the_order_of_names(tmp_path: Path) -> None:
    path = tmp_path / "r.git"
    init_repository(path, "main")
    with GitRepository(path) as git, git.writer() as writer:
        editor = TreeEditor(git.load_tree, None)
        for name in ("a.b", "a/x", "a-b", "a0", "é", "B"):
            editor.put(name.split("/"), Entry(FILE_MODE, writer.add(BLOB, name.encode())))
        tree = editor.write(lambda data: writer.add(TREE, data))
        assert tree is not None
        commit = add_commit(writer, tree, (), Signature("me", 0), "files")
        writer.finish()
        git.refs.set("refs/heads/main", commit, expected=None)
    checked = subprocess.run(["git", "fsck", "--strict"], cwd=path, capture_output=True, text=True)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("path", "found"), [("d", True), ("d/f", True), ("d/g", False), ("d/f/x", False), ("x", False)]
)
def test_paths_are_found(path: str, found: bool) -> None:
    memory = Memory()
    tree = memory.write({"d/f": "x"})
    assert tree is not None
    assert (find(memory.load, tree, path.split("/")) is not None) == found


PATHS = ["a", "b", "d/a", "d/b", "d/e/f", "g/h"]
Files = dict[str, str]

files = st.dictionaries(st.sampled_from(PATHS), st.sampled_from("xyz"))


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
        assert memory.files(merged) == {path: blob(text) for path, text in expected.items()}
        assert merged == memory.write(expected)


def test_a_file_and_a_folder_at_one_path_conflict() -> None:
    memory = Memory()
    base, ours, theirs = ({"p/q": "x"}, {"p": "y"}, {"p/q": "z"})
    result = merge_trees(memory.load, memory.write(base), memory.write(ours), memory.write(theirs))
    assert result.conflicts == ("p",)


@given(
    st.sets(st.sampled_from(["a", "a-b/x", "a.txt", "b/x", "b-", "b0", "\xe9/x", "\xe9.txt", "\udc80", "z/x"])),
    st.booleans(),
)
def test_a_folder_is_listed_folders_first_from_any_place(paths: set[str], below: bool) -> None:
    prefix = "in/" if below else ""
    trees = Memory()
    sha = trees.write(dict.fromkeys(sorted(paths), "content"))
    entries = trees.load(sha) if sha else {}
    listed = list(list_folder(entries, prefix))
    assert {path.removeprefix(prefix): entry for path, entry in listed} == entries
    kinds = [entry.is_folder for _, entry in listed]
    assert kinds == sorted(kinds, reverse=True)
    for place, (path, entry) in enumerate(listed, 1):
        after = f"{path}/" if entry.is_folder else path
        assert list(list_folder(entries, prefix, after)) == listed[place:]
        # A cursor whose file or folder is gone continues at the same place.
        others = {name: other for name, other in entries.items() if prefix + name != path}
        assert list(list_folder(others, prefix, after)) == listed[place:]
