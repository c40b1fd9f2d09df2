"""Our few lines mean what the client's do, whatever is asked."""

import subprocess
import sys

import pytest
from huggingface_hub.utils import filter_repo_objects
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hublish.base.patterns import matching
from tests.faults.projects import rounds

# Few letters, so that patterns and paths meet, and every character that means something.
PIECES = (
    "a",
    "b",
    "A",
    "ü",
    "/",
    ".",
    "-",
    "!",
    "^",
    "*",
    "**",
    "?",
    "[",
    "]",
    "\\",
    "{",
    "}",
    "\n",
    "a/",
    "/b",
    "[a-b]",
)
WORDS = st.lists(st.sampled_from(PIECES), max_size=6).map("".join)
PATTERNS = st.none() | st.lists(WORDS, max_size=4)


@settings(max_examples=rounds(300))
@given(st.lists(WORDS, max_size=8), PATTERNS, PATTERNS)
@example(["a/b", "a"], ["a/"], None)
@example(["a\\b"], ["a/*"], ["a\\b"])
@example(["a"], [], None)
@example(["a"], None, [""])
@example(["b", "a"], ["[b-a]", "[!a]", "[]"], [])
def test_the_same_paths_pass_as_with_the_client(
    paths: list[str], allow: list[str] | None, ignore: list[str] | None
) -> None:
    theirs = filter_repo_objects(paths, allow_patterns=allow, ignore_patterns=ignore)
    assert matching(paths, allow, ignore) == tuple(theirs)


@pytest.mark.parametrize(
    ("allow", "ignore", "passed"),
    [
        (None, None, ("a.txt", "d/a.txt", "d/e/b.bin")),
        ((), None, ()),
        (("*.txt",), None, ("a.txt", "d/a.txt")),
        (("d/",), ("*.bin",), ("d/a.txt",)),
        (("*",), ("*",), ()),
    ],
)
def test_patterns_cross_folders_and_ignoring_wins(
    allow: tuple[str, ...] | None, ignore: tuple[str, ...] | None, passed: tuple[str, ...]
) -> None:
    assert matching(["a.txt", "d/a.txt", "d/e/b.bin"], allow, ignore) == passed


def test_no_client_is_imported_to_match() -> None:
    script = "import sys, hublish.base.patterns; print('huggingface_hub' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, check=True).stdout.strip() == b"False"
