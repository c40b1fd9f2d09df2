import re
import subprocess

import pytest
from huggingface_hub.errors import HFValidationError
from huggingface_hub.utils import validate_repo_id
from hypothesis import given, settings
from hypothesis import strategies as st

from hublish.schemas.documents.hub_names import REPO_ID_PATTERN, check_endpoint, check_ref, check_repo_id
from tests.faults.projects import rounds


def accepts(check: object, text: str) -> bool:
    try:
        check(text)  # type: ignore[operator]
    except (ValueError, HFValidationError):
        return False
    return True


repo_ids = st.text(st.sampled_from("aZ09_-./git"), max_size=14) | st.text(max_size=8)


@settings(max_examples=rounds(500))
@given(repo_ids)
def test_a_repo_id_is_valid_exactly_when_the_client_accepts_it(repo_id: str) -> None:
    assert accepts(check_repo_id, repo_id) == accepts(validate_repo_id, repo_id)


@given(repo_ids)
def test_the_pattern_agrees_with_the_check(repo_id: str) -> None:
    # A `$` also matches before a final newline in Python's dialect, unlike in the JSON Schema's.
    assert accepts(check_repo_id, repo_id) == bool(re.search(REPO_ID_PATTERN.replace("$", r"\Z"), repo_id))


@pytest.mark.parametrize("length", [1, 95, 96, 97])
def test_the_longest_name_has_96_characters(length: int) -> None:
    for repo_id in ("x" * length, f"{'x' * length}/y", f"y/{'x' * length}"):
        assert accepts(check_repo_id, repo_id) == accepts(validate_repo_id, repo_id) == (length <= 96)


@pytest.mark.parametrize(
    ("repo_id", "why"),
    [
        ("datasets/foo/bar", "the type of the repo belongs in repo_type"),
        ("", "1 to 96 characters"),
        ("acme/", "1 to 96 characters"),
        ("/x", "1 to 96 characters"),
        ("acme/-x", "begin or end"),
        ("acme/x.", "begin or end"),
        ("acme./x", "begin or end"),
        ("acme/a b", "may contain a-z"),
        ("acme/é", "may contain a-z"),
        ("a--b", "'--'"),
        ("a..b", "'..'"),
        ("acme/x.git", "end with '.git'"),
    ],
)
def test_an_invalid_repo_id_names_the_broken_rule(repo_id: str, why: str) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        check_repo_id(repo_id)


def git_accepts(name: str) -> bool:
    """Whether git takes it as a branch and as a tag."""
    names = (["--branch", name], [f"refs/tags/{name}"])
    return all(
        subprocess.run(["git", "check-ref-format", *args], capture_output=True).returncode == 0 for args in names
    )


@settings(max_examples=rounds(100))
@given(st.text(st.sampled_from("ab@{}~^:?*[\\ ./-_lock\n\x7f#"), min_size=1, max_size=10))
def test_a_ref_is_valid_when_git_accepts_it(name: str) -> None:
    if name != "@":  # git expands it: `--branch @` succeeds, but no branch can have this name
        assert accepts(check_ref, name) == git_accepts(name)


@pytest.mark.parametrize(
    "name",
    ["main", "v1.2.0", "feature/x", "refs/pr/3", "a@b", "1.0", "a.lockb", "a-", "été", "x" * 250, "release+1", "a@/b"],
    ids=lambda name: name[:20],
)
def test_ordinary_refs_are_valid(name: str) -> None:
    assert check_ref(name) == name
    assert git_accepts(name)


@pytest.mark.parametrize(
    "name",
    [
        *("", "@", "HEAD", "-x", "/a", "a/", "a//b", ".a", "a/.b", "a.", "a.lock", "a.lock/b", "a..b", "a b", "a~1"),
        *("a^", "a:b", "a?", "a*", "a[", "a\\b", "a@{b", "a\0", "a\n", "a\x7f"),
    ],
    ids=ascii,
)
def test_refs_that_git_rejects_are_rejected(name: str) -> None:
    with pytest.raises(ValueError, match="not a valid name for a branch or tag"):
        check_ref(name)


@pytest.mark.parametrize("name", ["a\u202eb", "a\x85", "a\u2028"], ids=ascii)
def test_refs_with_invisible_characters_are_rejected(name: str) -> None:
    with pytest.raises(ValueError, match=r"not allowed|control character"):
        check_ref(name)


def test_a_ref_whose_lock_file_would_be_too_long_is_rejected() -> None:
    with pytest.raises(ValueError, match="250 bytes"):
        check_ref("é" * 126)


@pytest.mark.parametrize(
    ("endpoint", "kept"),
    [
        ("embedded", "embedded"),
        ("https://hub.example.com", "https://hub.example.com"),
        ("https://hub.example.com/", "https://hub.example.com"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://[::1]:8080/hub/", "http://[::1]:8080/hub"),
    ],
)
def test_endpoints_lose_a_trailing_slash(endpoint: str, kept: str) -> None:
    assert check_endpoint(endpoint) == kept


@pytest.mark.parametrize(
    "endpoint",
    [
        *(
            "hub.example.com",
            "ftp://x",
            "https://",
            "https:///x",
            "file:///etc/passwd",
            "http://x:port",
            "http://x:99999",
        ),
        *(
            "http://[::1",
            "https://user:pw@x",
            "https://x?token=1",
            "https://x#y",
            "https://x y",
            "https://x\n",
            "Embedded",
        ),
    ],
)
def test_invalid_endpoints_are_rejected(endpoint: str) -> None:
    with pytest.raises(ValueError, match=r"expected a URL|user, password"):
        check_endpoint(endpoint)
