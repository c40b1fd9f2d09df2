"""Sizes and counts are held against the Hub's limits."""

import pytest

from hublish.audit.limits import FOLDER_LIMIT, REPO_ADVICE, count_problems, size_problems

GB = 10**9


@pytest.mark.parametrize(
    ("path", "size", "limit", "expected"),
    [
        ("a.bin", 1, 50 * GB, []),
        ("a.bin", 50 * GB, 50 * GB, []),
        ("a.bin", 50 * GB + 1, 50 * GB, [("policy.size", "error")]),
        ("a.bin", 600 * GB, 50 * GB, [("policy.size", "error")]),
        ("a.bin", 600 * GB, 900 * GB, [("policy.size", "error")]),
        ("a.bin", 201 * GB, 900 * GB, [("policy.size", "warning")]),
        ("model.safetensors", 0, 50 * GB, [("policy.empty", "error")]),
        ("sub/MODEL.GGUF", 0, 50 * GB, [("policy.empty", "error")]),
        ("__init__.py", 0, 50 * GB, []),
        (".gitkeep", 0, 50 * GB, []),
    ],
)
def test_a_size_is_judged(path: str, size: int, limit: int, expected: list[tuple[str, str]]) -> None:
    assert [(problem.code, problem.severity) for problem in size_problems(path, size, limit)] == expected


def test_both_numbers_are_named() -> None:
    (problem,) = size_problems("a.bin", 600 * GB, 50 * GB)
    assert problem.message == "600.0 GB is larger than the Hub's limit of 500.0 GB a file"


def test_a_folder_counts_its_files_and_its_subfolders() -> None:
    files = [f"data/{number}.png" for number in range(FOLDER_LIMIT - 1)]
    assert list(count_problems([*files, "data/more/a", "data/more/b"])) == []
    (problem,) = count_problems([*files, "data/more/a", "data/even/more/b"])
    assert (problem.code, problem.path, problem.severity) == ("policy.count", "data/", "error")
    assert "10,001 entries" in problem.message


def test_the_root_is_a_folder_too() -> None:
    (problem,) = count_problems(map(str, range(FOLDER_LIMIT + 1)))
    assert problem.path == "/"


def test_very_many_files_are_a_warning() -> None:
    files = (f"{number % 1000}/{number}" for number in range(REPO_ADVICE + 1))
    (problem,) = count_problems(files)
    assert problem.severity == "warning"
    assert "100,001 files" in problem.message
