"""Names, sizes and counts are compared with the policy, the default list, and the Hub's limits."""

import pytest
from huggingface_hub.utils import filter_repo_objects
from hypothesis import given
from hypothesis import strategies as st

from hublish.audit import path_audit
from hublish.audit.path_audit import (
    DEFAULT_DENIED,
    FOLDER_LIMIT,
    REPO_ADVICE,
    audit_paths,
    count_problems,
    default_denied,
    denied_among,
    download_problems,
    first_match,
    size_problems,
)
from hublish.schemas.documents.manifest import Policy

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
def test_a_size_is_compared_with_every_limit(path: str, size: int, limit: int, expected: list[tuple[str, str]]) -> None:
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


def test_a_release_is_audited_as_a_whole() -> None:
    files = [
        ("b/../c", 1),
        ("a.txt", 1),
        ("A.txt", 1),
        ("a.txt", 1),
        ("model.gguf", 0),
        (".env", 1),
        ("big.bin", 2 * GB),
    ]
    policy = Policy.model_validate({"max_file_size": "1GB"})
    assert [(problem.code, problem.path) for problem in audit_paths(files, policy)] == [
        ("policy.collision", "a.txt"),
        ("policy.collision", "a.txt"),
        ("policy.denied", ".env"),
        ("policy.name", "b/../c"),
        ("policy.size", "big.bin"),
        ("policy.empty", "model.gguf"),
    ]


def test_names_for_download_stay_in_their_folder_and_apart() -> None:
    found = [*download_problems(["a", "../x", "A", "b/c"])]
    assert [problem.code for problem in found] == ["load.name", "load.collision"]
    assert found[0].message == "'../x': '..' segment not allowed"


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        (".env", ".env"),
        ("app/.env", ".env"),
        (".env.production", ".env.*"),
        (".ENV", ".env"),
        ("home/.git-credentials", ".git-credentials"),
        ("keys/id_rsa", "id_rsa"),
        ("server.pem", "*.pem"),
        ("a/b/SERVER.PEM", "*.pem"),
        (".netrc", ".netrc"),
        ("images/.DS_Store", ".DS_Store"),
        (".aws/credentials", ".aws/credentials"),
        ("home/.ssh/known_hosts", ".ssh/*"),
        (".kube/config", ".kube/config"),
        ("sub/.git/config", ".git/*"),
    ],
)
def test_credentials_and_files_of_one_machine_are_denied(path: str, pattern: str) -> None:
    assert default_denied(path) == pattern


@pytest.mark.parametrize(
    "path",
    [
        "config.json",
        "grid_rsa",
        "id_rsa.pub",
        "environment.yml",
        ".env.example",
        "sub/.env.template",
        "credentials",
        "tokenizer.model",
        "monkey",
        ".gitattributes",
        ".gitignore",
        "kube/config",
    ],
)
def test_names_that_are_only_similar_are_not_denied(path: str) -> None:
    assert default_denied(path) is None


# A name of every pattern, also in a folder, in capitals, and with more before or behind it.
near_denied = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", "a/", "a/b/", "x", ".", "a/.b/", "/"]),
    st.sampled_from([pattern.replace("*", "name") for pattern in DEFAULT_DENIED]),
    st.sampled_from(["", "x", "/x", ".x", " "]),
)


@given(near_denied | near_denied.map(str.upper) | st.text("ab./_", max_size=12))
def test_the_shortcut_for_ordinary_names_changes_no_result(path: str) -> None:
    found = path_audit._DENIED.fullmatch(path.lower())
    is_template = path.lower().endswith((".env.example", ".env.sample", ".env.template", ".env.dist"))
    if found is None:
        assert default_denied(path) is None
    elif not is_template:
        assert found.lastindex is not None
        assert default_denied(path) == DEFAULT_DENIED[found.lastindex - 1]


@given(st.lists(near_denied | near_denied.map(str.upper) | st.text("ab./_\0", max_size=12), max_size=3))
def test_many_names_are_denied_as_each_is(paths: list[str]) -> None:
    assert denied_among(paths) == {path: found for path in paths if (found := default_denied(path))}


names = st.text("ab./*?[]!\\", max_size=12)


@given(names, st.lists(names, max_size=3))
def test_a_pattern_matches_where_huggingface_hub_ignores(path: str, patterns: list[str]) -> None:
    kept = list(filter_repo_objects([path], ignore_patterns=patterns))
    assert (first_match(path, patterns) is None) == (kept == [path])
