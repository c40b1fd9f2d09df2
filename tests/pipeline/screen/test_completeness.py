"""A release without a part that its readers need gets a warning."""

from pathlib import Path
from typing import Any

import pytest

from hublish.hub.server.routes.repos import default_attributes
from hublish.pipeline.screen.completeness import ScreenParts, holds_weights
from tests.pipeline.staging import project_in, staged

CARD: dict[str, Any] = {"card": {"metadata": {"license": "mit"}}}
SPACE = {"repo_type": "space"}


def codes(folder: Path, files: dict[str, bytes], **fields: Any) -> list[str]:
    found = ScreenParts().run(staged(project_in(folder, **fields), {**files}))
    assert all(problem.severity == "warning" and problem.hint for problem in found.warnings)
    return [problem.code for problem in found.warnings]


@pytest.mark.parametrize(
    "path",
    [
        *("model.safetensors", "unet/a.bin", "x.GGUF", "m.onnx", "w.h5", "best.pt", "xgb_model.json", "lgb.model.txt"),
        *("variables/variables.data-00000-of-00001", "m.mlpackage/Data/weights", "m.pdparams", "model.tar.gz"),
        *("d/" + "0a" * 16, "state/d/" + "b1" * 16, "m.zarr/0.0", "booster.xml", "a/my-Booster.txt"),
    ],
)
def test_weights_of_any_library_count(path: str, tmp_path: Path) -> None:
    assert holds_weights(path)
    assert codes(tmp_path, {path: b"x"}, **CARD) == []


@pytest.mark.parametrize(
    "path", ["metrics.json", "config.json", "tokenizer.model", "model.safetensors.index.json", "README.txt", "model.py"]
)
def test_a_model_without_weights_is_reported(path: str, tmp_path: Path) -> None:
    assert codes(tmp_path, {path: b"x"}, **CARD) == ["release.no_weights"]
    assert codes(tmp_path, {path: b"x"}, repo={"repo_type": "dataset"}, **CARD) == []


def test_a_converted_file_holds_weights_whatever_its_name(tmp_path: Path) -> None:
    artifacts = [{"source": "m.npz", "serializer": "safetensors", "path_in_repo": "out/part"}]
    assert codes(tmp_path, {"out/part": b"x"}, artifacts=artifacts, **CARD) == []


@pytest.mark.parametrize("repo_type", ["model", "dataset", "kernel"])
def test_a_release_has_a_card_or_a_readme(repo_type: str, tmp_path: Path) -> None:
    repo, files = {"repo_type": repo_type}, {"model.bin": b"x"}
    assert codes(tmp_path, files, repo=repo) == ["release.no_card"]
    assert codes(tmp_path, files, repo=repo, **CARD) == []
    assert codes(tmp_path, {**files, "README.md": b"x"}, repo=repo) == []
    assert codes(tmp_path, {**files, "docs/README.md": b"x"}, repo=repo) == ["release.no_card"]


def test_a_space_names_its_sdk(tmp_path: Path) -> None:
    files = {"app.py": b"x"}
    assert codes(tmp_path, files, repo=SPACE) == ["release.no_sdk"]
    assert codes(tmp_path, files, repo={**SPACE, "space_sdk": "gradio"}) == []
    assert codes(tmp_path, files, repo=SPACE, card={"metadata": {"sdk": "gradio"}}) == []
    assert codes(tmp_path, files, repo=SPACE, card={"metadata": {"title": "x"}}) == ["release.no_sdk"]
    assert codes(tmp_path, {**files, "README.md": b"---\nsdk: static\n---\n"}, repo=SPACE) == []
    assert codes(tmp_path, {**files, "README.md": b"---\ntitle: x\n---\n"}, repo=SPACE) == ["release.no_sdk"]
    assert codes(tmp_path, {**files, "README.md": b"# x\n"}, repo=SPACE) == ["release.no_sdk"]


@pytest.mark.parametrize(
    ("attributes", "warned"),
    [
        (b"*.bin filter=lfs diff=lfs merge=lfs -text\n", True),
        (b"", True),
        (b"*.safetensors filter=lfs\n*.safetensors -filter\n", True),
        (b"*.safetensors filter=lfs\n", False),
        (b"m/** filter=lfs\n", False),
        (default_attributes("model"), False),
    ],
)
def test_attributes_that_take_files_out_of_lfs_are_reported(attributes: bytes, warned: bool, tmp_path: Path) -> None:
    files = {"m/model.safetensors": b"x", "config.json": b"{}", ".gitattributes": attributes}
    assert codes(tmp_path, files, **CARD) == (["release.gitattributes"] if warned else [])
    assert codes(tmp_path, {"m/model.bin": b"x", "m/.gitattributes": attributes}, **CARD) == []


@pytest.mark.parametrize(
    ("attributes", "lost"),
    [
        (b"*.bin filter=lfs diff=lfs merge=lfs -text\n", "*.7z"),
        (b"* text=auto\n", "*.7z"),
        (b"", "*.7z"),
        (default_attributes("model").replace(b"*.safetensors filter=lfs", b"*.safetensors text"), "*.safetensors"),
        (default_attributes("model") + b"*.csv filter=lfs\n", None),
    ],
)
def test_attributes_without_rules_of_the_hub_are_reported_before_files_need_them(
    attributes: bytes, lost: str | None, tmp_path: Path
) -> None:
    files: dict[str, Any] = {"config.json": b"{}", ".gitattributes": attributes}
    found = ScreenParts().run(staged(project_in(tmp_path, **CARD), files)).warnings
    own = [problem for problem in found if problem.code == "release.gitattributes"]
    assert [problem.path for problem in own] == (["artifacts[0].source"] if lost else [])
    assert all(f"without its rules for '{lost}'" in problem.message for problem in own)
