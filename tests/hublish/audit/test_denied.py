"""Names that never belong in a release, and patterns that mean what huggingface_hub says."""

import pytest
from huggingface_hub.utils import filter_repo_objects
from hypothesis import given
from hypothesis import strategies as st

from hublish.audit.denied import default_denied, first_match


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
def test_credentials_and_leftovers_are_denied(path: str, pattern: str) -> None:
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
def test_what_only_looks_alike_is_not(path: str) -> None:
    assert default_denied(path) is None


names = st.text("ab./*?[]!\\", max_size=12)


@given(names, st.lists(names, max_size=3))
def test_a_pattern_matches_where_huggingface_hub_ignores(path: str, patterns: list[str]) -> None:
    kept = list(filter_repo_objects([path], ignore_patterns=patterns))
    assert (first_match(path, patterns) is None) == (kept == [path])
