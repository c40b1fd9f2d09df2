"""The changes of a plan are divided into commits of a limited number of files and bytes."""

from pathlib import Path
from typing import Any

import pytest

from hublish.base.content import InMemory
from hublish.base.values import Action, Change, Head, Origin, Plan, Project, Release, ReleaseFile
from hublish.base.values.commit_parts import CommitLimits, count_commits, in_commit_order
from hublish.schemas.documents.manifest_yaml import read_manifest


def change(path: str, size: int = 1, mode: Any = "regular", action: Action = Action.ADD) -> Change:
    if action is Action.DELETE:
        return Change(action, path)
    origin = Origin(0, path, "copy")
    return Change(action, path, ReleaseFile(path, size, "0" * 64, "0" * 40, InMemory(b""), origin), upload_mode=mode)


def plan(*changes: Change, files: int = 3, revision: str = "main") -> Plan:
    repo = f"{{repo_id: a/b, revision: {revision}, files_per_commit: {files}}}"
    text = f"schema_version: 1\nrepo: {repo}\nartifacts: [{{source: a}}]\n"
    project = Project(read_manifest(text.encode()), text.encode(), Path.cwd())
    return Plan(Release(project, ()), project.target, Head(repo_exists=True, commit="0" * 40), changes)


def sizes(limits: CommitLimits, *changes: Change) -> list[int]:
    left, found = changes, []
    while left:
        part = limits.first_part(left)
        found.append(len(part))
        left = left[len(part) :]
    return found


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([change(str(number)) for number in range(7)], [3, 3, 1]),
        ([change(str(number), 40) for number in range(4)], [2, 2]),
        ([change("a", 500), change("b", 10), change("c", 10)], [1, 2]),
        ([change(str(number), 500, "lfs") for number in range(3)], [3]),
        ([change(str(number), 500, None) for number in range(3)], [3]),
        ([change(str(number), action=Action.DELETE) for number in range(4)], [3, 1]),
        ([change("a", 100), change("b", 0), change("c", 1)], [2, 1]),
        ([], []),
    ],
)
def test_a_part_has_at_most_the_files_and_the_bytes_of_one_commit(changes: list[Change], expected: list[int]) -> None:
    assert sizes(CommitLimits(3, 100), *changes) == expected


def test_deletions_and_the_rules_of_the_repo_come_before_large_and_regular_files() -> None:
    changes = [
        change("a.txt"),
        change("small.bin", 10, "lfs"),
        change(".gitignore"),
        change("z.txt", action=Action.DELETE),
        change("large.bin", 99, "lfs"),
        change("kept.txt", action=Action.KEEP),
    ]
    order = [each.path_in_repo for each in in_commit_order(plan(*changes))]
    assert order == ["z.txt", ".gitignore", "large.bin", "small.bin", "a.txt"]


@pytest.mark.parametrize(
    ("count", "revision", "expected"), [(0, "main", 0), (3, "main", 1), (4, "main", 2), (4, "next", 1), (0, "next", 0)]
)
def test_a_plan_knows_its_number_of_commits(count: int, revision: str, expected: int) -> None:
    changes = [change(str(number)) for number in range(count)]
    assert count_commits(plan(*changes, revision=revision)) == expected


def test_a_part_that_was_too_large_is_halved_by_files_and_by_bytes() -> None:
    part = [change(str(number), 10) for number in range(6)]
    assert CommitLimits(6, 1000).halved(part) == CommitLimits(3, 30)
    assert CommitLimits(6, 1000).halved(part[:1]) == CommitLimits(1, 5)
