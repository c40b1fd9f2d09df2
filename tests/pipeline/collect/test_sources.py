"""What a source means, and where its files go."""

import re
from pathlib import Path

import pytest

from hublish.pipeline.collect.sources import SourceProblemError, find
from hublish.schemas.documents.manifest import Artifact

TREE = ["model.pt", "runs/best/a.json", "runs/best/b.json", "runs/best/deep/c.json", "runs/x.txt", "[odd].bin"]

MEANINGS = {
    "a file goes to its own name": ("runs/best/a.json", None, {"runs/best/a.json": "a.json"}),
    "a file goes where it is told": ("model.pt", "weights/m.pt", {"model.pt": "weights/m.pt"}),
    "a trailing slash names a folder": ("model.pt", "weights/", {"model.pt": "weights/model.pt"}),
    "a leading ./ means nothing": ("./model.pt", None, {"model.pt": "model.pt"}),
    "a folder keeps its inner shape": (
        "runs/best",
        None,
        {"runs/best/a.json": "a.json", "runs/best/b.json": "b.json", "runs/best/deep/c.json": "deep/c.json"},
    ),
    "a folder goes below a folder": ("runs/best/deep/", "d", {"runs/best/deep/c.json": "d/c.json"}),
    "a star stays within a segment": (
        "runs/best/*.json",
        None,
        {"runs/best/a.json": "a.json", "runs/best/b.json": "b.json"},
    ),
    "two stars cross segments": (
        "runs/**/*.json",
        None,
        {
            "runs/best/a.json": "best/a.json",
            "runs/best/b.json": "best/b.json",
            "runs/best/deep/c.json": "best/deep/c.json",
        },
    ),
    "a question mark is one character": ("runs/best/?.json", "j", None),
    "a name that exists is that name, whatever it holds": ("[odd].bin", None, {"[odd].bin": "[odd].bin"}),
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in TREE:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path


@pytest.mark.parametrize("case", MEANINGS)
def test_a_source_means(case: str, tree: Path) -> None:
    source, path_in_repo, expected = MEANINGS[case]
    if expected is None:
        expected = {"runs/best/a.json": "j/a.json", "runs/best/b.json": "j/b.json"}
    found = find(tree, Artifact(source=source, path_in_repo=path_in_repo))
    assert {item.entry.relative: item.path_in_repo for item in found} == expected


def test_the_whole_folder_is_a_source_and_leaves_out_git_and_our_own_state(tree: Path) -> None:
    for folder in (".git", ".hublish", ".cache/huggingface"):
        (tree / folder).mkdir(parents=True)
        (tree / folder / "x").touch()
    assert sorted(item.path_in_repo for item in find(tree, Artifact(source="."))) == sorted(TREE)


@pytest.mark.parametrize(
    ("source", "message", "hint"),
    [
        ("model.pth", "does not exist", "model.pt"),
        ("runs/best/*.jsn", "matches nothing", "did you mean 'runs/best/*.json'?"),
        ("../model.pt", "'..' segment", "inside the folder"),
        ("/etc/passwd", "absolute path", "inside the folder"),
        ("runs\\best", "backslash", "inside the folder"),
        (".git/config", "a path under .git", "inside the folder"),
        ("vendored/.GIT./config", "a path under .git", "inside the folder"),
    ],
)
def test_a_source_that_cannot_be_collected_says_why_and_what_was_meant(
    source: str, message: str, hint: str, tree: Path
) -> None:
    with pytest.raises(SourceProblemError, match=re.escape(message)) as caught:
        find(tree, Artifact.model_construct(source=source))  # a manifest with it is not even valid
    assert hint in caught.value.hint


def test_limits_of_names_in_a_repo_do_not_apply_to_sources(tree: Path) -> None:
    source = f".cache/mine/{'/'.join(['deep' * 40] * 8)}/x.bin"
    (tree / source).parent.mkdir(parents=True)
    (tree / source).touch()
    assert len(source) > 1024
    assert [item.path_in_repo for item in find(tree, Artifact(source=source))] == ["x.bin"]


def test_an_empty_folder_is_refused(tree: Path) -> None:
    (tree / "empty").mkdir()
    with pytest.raises(SourceProblemError, match="holds no files"):
        find(tree, Artifact(source="empty"))
