"""Long lists of files, folded by folder."""

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.cli.views.folding import folded
from hublish.schemas.documents.plan import PlannedFile


def files(*paths: str, action: str = "add", before: int | None = None) -> list[PlannedFile]:
    known: dict[str, Any] = {"action": action, "size": 10, "before_size": before, "reason": "x"}
    return [PlannedFile.model_construct(path_in_repo=path, **known) for path in paths]


def numbered(pattern: str, count: int) -> list[str]:
    return [pattern.format(number) for number in range(count)]


def lines(found: list[PlannedFile], most: int) -> list[tuple[str, int]]:
    return [(line.path, len(line.files)) for line in folded(found, most)]


@pytest.mark.parametrize(
    ("paths", "most", "expected"),
    [
        (["a", "b"], 2, [("a", 1), ("b", 1)]),
        (["a", "b"], 1, [("./", 2)]),
        # The few files beside a large folder stay visible.
        (["README.md", *numbered("images/{}.png", 50)], 5, [("README.md", 1), ("images/", 50)]),
        (["README.md", *numbered("{}.png", 50)], 5, [("*.png", 50), ("README.md", 1)]),
        ([*numbered("d/{}.png", 50), "d/Makefile", "d/x"], 2, [("d/*", 2), ("d/*.png", 50)]),
        ([*numbered("d/{}.png", 50), "d/Makefile", "d/x"], 3, [("d/*.png", 50), ("d/Makefile", 1), ("d/x", 1)]),
        ([*numbered("a/b/c/{}", 9)], 1, [("a/b/c/", 9)]),
        ([*numbered("a/{}", 9), *numbered("a/b/{}", 9)], 2, [("a/*", 9), ("a/b/", 9)]),
        ([*numbered("a/{}/x", 9), "b"], 3, [("a/", 9), ("b", 1)]),
        ([*numbered("a/{}/x", 9), "b"], 10, [*[(f"a/{number}/x", 1) for number in range(9)], ("b", 1)]),
        # Names that sort between a folder and its files.
        (["a-b", "a.b", "a/c", "a/d", "a0"], 4, [("a-b", 1), ("a.b", 1), ("a/", 2), ("a0", 1)]),
        (["a//b", "a//c"], 1, [("a//", 2)]),
        (["/a", "/b"], 1, [("/", 2)]),
    ],
)
def test_folders_unfold_as_far_as_they_fit(paths: list[str], most: int, expected: list[tuple[str, int]]) -> None:
    assert lines(files(*paths), most) == expected


def test_actions_are_never_in_one_line() -> None:
    found = [*files(*numbered("a/{}", 9)), *files(*numbered("a/x{}", 9), action="change", before=4)]
    add, change = sorted(folded(found, 2), key=lambda line: line.files[0].action)
    assert (add.path, add.size, change.path, change.size, change.before_size) == ("a/", 90, "a/", 90, 36)


@given(st.lists(st.text(st.sampled_from("ab/."), min_size=1, max_size=9), unique=True, max_size=60), st.integers(1, 20))
def test_every_file_is_in_exactly_one_line(paths: list[str], most: int) -> None:
    found = folded(files(*paths), most)
    assert sorted(file.path_in_repo for line in found for file in line.files) == sorted(paths)
    assert len(found) <= most


@pytest.mark.parametrize("pattern", ["{:06}.png", "{0}/x.png", "a/{0}/b/{0}/c.png", "/".join("d" * 200) + "/{}"])
def test_a_hundred_thousand_files_take_a_moment(pattern: str) -> None:
    found = files(*numbered(pattern, 100_000))
    began = time.monotonic()
    assert len(folded(found, 40)) <= 40
    assert time.monotonic() - began < 60
