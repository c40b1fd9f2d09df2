"""The view of the files in a release."""

import pytest

from hublish.base.values import Release
from hublish.cli.views.files import FilesView
from hublish.schemas.diagnose.problems import Problem
from tests.hublish.cli.running import Golden
from tests.hublish.cli.views.values import Make, Show


@pytest.fixture
def release(make: Make) -> Release:
    files = (
        make.file("README.md", 900, source="card"),
        make.file("model.safetensors", 4_200_000, source="runs/best.npz", serializer="safetensors"),
        make.file("数据.json", 12),
    )
    excluded = (make.excluded("train.log", "patterns.ignore_patterns[0]: *.log"),)
    return Release(make.project(), files, excluded, (Problem("a.warning", "look here"),))


@pytest.mark.parametrize("excluded", [False, True])
def test_every_file_has_size_digest_and_origin(release: Release, show: Show, golden: Golden, excluded: bool) -> None:
    golden(f"files_{'excluded' if excluded else 'short'}", show(FilesView(release, excluded)))


def test_every_rule_can_be_shown_with_its_line(release: Release, show: Show, golden: Golden) -> None:
    golden("files_why", show(FilesView(release, excluded=True, why=True)))


def test_digests_can_be_shown_whole(release: Release, show: Show) -> None:
    assert "ab" * 32 in show(FilesView(release, whole_digests=True))


def test_a_release_without_excluded_files_has_a_line_for_that(make: Make, show: Show) -> None:
    shown = show(FilesView(Release(make.project(), (make.file("a"),)), excluded=True))
    assert "No files were excluded." in shown
    assert shown.endswith("1 file, 1.2 KB.\n")


def test_json_has_the_origin_of_every_file(release: Release) -> None:
    document = FilesView(release).document()
    assert list(document["files"])[1] == {
        "path_in_repo": "model.safetensors",
        "size": 4_200_000,
        "sha256": "ab" * 32,
        "blob_id": "cd" * 20,
        "source": "runs/best.npz",
        "artifact": 0,
        "serializer": "safetensors",
        "parameters": {},
        "reason": "artifacts[0]",
        "rule": "artifacts[0]",
        "location": {"source": "hub.yaml", "line": 2, "column": 5, "end_line": 2, "end_column": 26},
    }
    assert list(document["excluded"]) == [
        {
            "path_in_repo": "train.log",
            "source": "train.log",
            "reason": "patterns.ignore_patterns[0]: *.log",
            "rule": "patterns.ignore_patterns[0]",
            "location": {"source": "hub.yaml", "line": 5, "column": 21, "end_line": 5, "end_column": 28},
        }
    ]
    assert [warning["message"] for warning in document["warnings"]] == ["look here"]
    assert document["total_size"] == 4_200_912


@pytest.mark.parametrize(
    ("excluded", "lines"), [(False, ["README.md", "model.safetensors", "数据.json"]), (True, ["train.log"])]
)
def test_quiet_prints_paths(release: Release, excluded: bool, lines: list[str]) -> None:
    assert list(FilesView(release, excluded).quiet()) == lines
