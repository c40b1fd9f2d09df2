"""The files of an artifact: which files a source names, their paths in the repo, and the files they become."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hublish.base.errors import SourceError
from hublish.base.values import Candidate, Project
from hublish.pipeline.collect.collect import Collect, survey
from hublish.pipeline.collect.sources import find_files, outputs
from hublish.pipeline.serialize.serialize import Serialize
from hublish.schemas.documents.manifest import Artifact, Manifest

TREE = ["model.pt", "runs/best/a.json", "runs/best/b.json", "runs/best/deep/c.json", "runs/x.txt", "[odd].bin"]

MEANINGS = {
    "a file goes to its own name": ("runs/best/a.json", None, {"runs/best/a.json": "a.json"}),
    "a file goes to the path that is given": ("model.pt", "weights/m.pt", {"model.pt": "weights/m.pt"}),
    "a trailing slash names a folder": ("model.pt", "weights/", {"model.pt": "weights/model.pt"}),
    "a leading ./ is ignored": ("./model.pt", None, {"model.pt": "model.pt"}),
    "a folder keeps its structure": (
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
    "an existing name is not read as a glob": ("[odd].bin", None, {"[odd].bin": "[odd].bin"}),
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
    found = find_files(tree, Artifact(source=source, path_in_repo=path_in_repo))
    assert {item.entry.relative: item.path_in_repo for item in found} == expected


def test_the_whole_folder_is_a_source_and_leaves_out_git_and_our_own_state(tree: Path) -> None:
    for folder in (".git", ".hublish", ".cache/huggingface"):
        (tree / folder).mkdir(parents=True)
        (tree / folder / "x").touch()
    assert sorted(item.path_in_repo for item in find_files(tree, Artifact(source="."))) == sorted(TREE)


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
def test_a_source_that_cannot_be_collected_is_reported_with_a_suggestion(
    source: str, message: str, hint: str, tree: Path
) -> None:
    with pytest.raises(SourceError, match=re.escape(message)) as caught:
        find_files(tree, Artifact.model_construct(source=source))  # a manifest with it is not even valid
    assert hint in caught.value.hint


def test_limits_of_names_in_a_repo_do_not_apply_to_sources(tree: Path) -> None:
    source = f".cache/mine/{'/'.join(['deep' * 40] * 8)}/x.bin"
    (tree / source).parent.mkdir(parents=True)
    (tree / source).touch()
    assert len(source) > 1024
    assert [item.path_in_repo for item in find_files(tree, Artifact(source=source))] == ["x.bin"]


def test_an_empty_folder_is_refused(tree: Path) -> None:
    (tree / "empty").mkdir()
    with pytest.raises(SourceError, match="contains no files"):
        find_files(tree, Artifact(source="empty"))


SAFETENSORS = {"source": "m.npz", "serializer": "safetensors"}


def project(folder: Path, artifact: dict[str, Any]) -> Project:
    np.savez(folder / "m.npz", a=np.zeros(600), b=np.zeros(600))
    manifest = Manifest.model_validate({"repo": {"repo_id": "acme/x"}, "artifacts": [artifact]})
    return Project(manifest, b"", folder)


def converted(made: Project) -> Candidate:
    return next(item.candidate for item in survey(made).examined if item.candidate.artifact == 0)


@pytest.mark.parametrize(
    ("artifact", "paths", "sure"),
    [
        ({"source": "m.npz"}, ("m.npz",), True),
        ({"source": "m.npz", "path_in_repo": "x/"}, ("x/m.npz",), True),
        (SAFETENSORS, ("m.safetensors",), True),
        ({**SAFETENSORS, "path_in_repo": "w/model.npz"}, ("w/model.safetensors",), True),
        ({**SAFETENSORS, "options": {"max_shard_size": "5KB"}}, ("m.safetensors",), False),
        ({"source": "m.npz", "serializer": "numpy"}, ("m.npz",), True),
    ],
)
def test_the_files_known_beforehand_are_those_that_conversion_writes(
    tmp_path: Path, artifact: dict[str, Any], paths: tuple[str, ...], sure: bool
) -> None:
    made = project(tmp_path, artifact)
    found = outputs(made, converted(made))
    assert (found.paths, not found.more) == (paths, sure)
    (tmp_path / "work").mkdir()
    staged = Serialize(tmp_path / "work").run(Collect().run(made))
    written = {file.path_in_repo for file in staged.files} - {"hub.yaml"}
    assert (written == set(paths)) is sure
    assert sure or written == {
        "m-00001-of-00002.safetensors",
        "m-00002-of-00002.safetensors",
        "m.safetensors.index.json",
    }


def test_an_invalid_option_does_not_change_the_name(tmp_path: Path) -> None:
    made = project(tmp_path, {**SAFETENSORS, "options": {"max_shard": "5KB"}})
    assert outputs(made, converted(made)).paths == ("m.safetensors",)
