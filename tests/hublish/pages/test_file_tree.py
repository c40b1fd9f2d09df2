"""Files of a plan as folders, with the rule of each file said once."""

from hublish.pages.file_tree import Folder, file_tree
from tests.hublish.pages.evidence import planned


def outline(folder: Folder) -> dict[str, object]:
    """Return the names of files by rule, and the folders below."""
    rows = {group.why: [row.name for block in group.blocks for row in block] for group in folder.groups}
    return {**rows, **{f"{below.name}/": outline(below) for below in folder.folders}}


def test_files_of_a_folder_are_grouped_by_action_and_rule() -> None:
    files = [planned("add", "a/1.txt", reason="x"), planned("add", "a/2.txt", reason="y")]
    tree = file_tree([*files, planned("keep", "a/3.txt", reason="x"), planned("add", "b.txt", reason="x")])
    assert outline(tree) == {
        "x, hub.yaml:12": ["b.txt"],
        "a/": {"x, hub.yaml:12": ["3.txt"], "y, hub.yaml:12": ["2.txt"]} | {"x, hub.yaml:12": ["3.txt"]},
    }
    assert [(group.action, group.number) for group in tree.folders[0].groups] == [("add", 1), ("add", 1), ("keep", 1)]


def test_a_folder_counts_everything_below_it() -> None:
    files = [planned("add", "a/b/1", 10), planned("delete", "a/b/2", 20), planned("keep", "a/c/d", 30)]
    folder = file_tree(files).folders[0]
    assert (folder.name, folder.count, folder.size) == ("a", 3, 60)
    assert folder.actions == {"add": 1, "delete": 1, "keep": 1}


def test_a_folder_that_only_holds_another_is_joined_with_it() -> None:
    assert outline(file_tree([planned("add", "a/b/c/1", reason="x")])) == {"a/b/c/": {"x, hub.yaml:12": ["1"]}}


def test_deep_folders_become_names() -> None:
    path = "/".join(f"{number}" for number in range(2000))
    mixed = [planned("add", "/".join(["a"] * depth) + "/f") for depth in range(1, 600)]
    deep, folders = file_tree([planned("add", path), *mixed]), 0
    while deep.folders:
        deep, folders = deep.folders[-1], folders + 1
    assert folders <= 16


def test_deletions_come_first_and_their_folders_are_open_in_a_large_tree() -> None:
    files = [planned("add", f"many/{number}") for number in range(100)]
    tree = file_tree([*files, planned("keep", "some/a"), planned("delete", "some/b"), planned("add", "other/c")])
    assert {folder.name: folder.opened for folder in tree.folders} == {"many": False, "other": False, "some": True}
    assert [group.action for group in tree.folders[-1].groups] == ["delete", "keep"]


def test_all_folders_of_a_small_tree_are_open() -> None:
    tree = file_tree([planned("add", "a/b"), planned("keep", "c/d/e"), planned("keep", "c/f")])
    assert [folder.opened for folder in (*tree.folders, *tree.folders[1].folders)] == [True, True, True]


def test_only_so_many_folders_are_open_because_of_deletions() -> None:
    tree = file_tree([planned("delete", f"{number}/a") for number in range(500)])
    assert 0 < sum(folder.opened for folder in tree.folders) < 50


def test_a_converted_file_names_its_source() -> None:
    files = [
        planned("add", "a.safetensors", source="a.pt", serializer="safetensors"),
        planned("add", "b", source="c/b"),
    ]
    assert [row.note for group in file_tree(files).groups for row in group.blocks[0]] == ["safetensors from a.pt", ""]
