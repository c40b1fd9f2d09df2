"""Patterns match as in the client, globs take linear time, and a pattern without a match gets a suggestion."""

import fnmatch
import subprocess
import sys

import pytest
from huggingface_hub.utils import filter_repo_objects
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hublish.base.content import InMemory
from hublish.base.patterns import glob_expression, matching, near_glob, near_misses
from hublish.base.values import Candidate, Effect, Step, Verdict
from tests.faults.projects import rounds

# Few letters, so that patterns match paths often, and every character with a meaning.
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


def test_matching_imports_no_client() -> None:
    script = "import sys, hublish.base.patterns; print('huggingface_hub' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, check=True).stdout.strip() == b"False"


@pytest.mark.parametrize(
    ("pattern", "matches", "misses"),
    [
        ("a/*.json", ["a/x.json", "a/.json"], ["a/b/x.json", "b/x.json"]),
        ("**/x", ["x", "a/x", "a/b/x"], ["ax", "x/a"]),
        ("a/**", ["a/b", "a/b/c"], ["a", "b/a"]),
        ("[ab]*.t", ["a1.t", "b.t"], ["c.t"]),
        ("[!a]x", ["bx"], ["ax", "/x"]),
        ("a?b", ["axb"], ["a/b", "ab"]),
        ("a.b", ["a.b"], ["axb"]),
        ("[", ["["], ["x"]),
        ("a[", ["a["], ["a"]),
        ("*a*b", ["ab", "xaxb", "aab", "abb"], ["ba", "a/b"]),
        ("a/**/b/**/c", ["a/b/c", "a/x/b/y/z/c", "a/b/b/c/c"], ["a/c", "a/b", "b/c"]),
        ("**/**/x*/**", ["x/a", "a/b/x1/c"], ["x", "a/x"]),
        ("[z-a]x", [], ["ax", "zx", "x"]),
        ("[!z-a]x", ["ax", "zx"], ["x", "/x"]),
        ("[a&&b]", ["a", "&", "b"], ["c"]),
        ("[[a]", ["[", "a"], ["b"]),
        ("[a-]", ["a", "-"], ["b"]),
    ],
)
def test_a_glob_matches_whole_paths(pattern: str, matches: list[str], misses: list[str]) -> None:
    expression = glob_expression(pattern)
    assert [path for path in matches if not expression.fullmatch(path)] == []
    assert [path for path in misses if expression.fullmatch(path)] == []


@given(st.text("ab[]!-*?.", max_size=9), st.text("ab[]!-.", min_size=1, max_size=6))
def test_within_a_segment_a_glob_matches_as_fnmatch_does(pattern: str, name: str) -> None:
    assert bool(glob_expression(f"x/{pattern}").fullmatch(f"x/{name}")) == fnmatch.fnmatchcase(name, pattern)


@pytest.mark.parametrize(
    ("pattern", "path"),
    [("*a" * 120 + "b", "a" * 255), ("**/*a" * 60 + "/b", "a/" * 60 + "a"), ("**/a/" * 60 + "b", "a/" * 60 + "a")],
    ids=["stars in a name", "folders and stars", "folders"],
)
def test_many_wildcards_take_no_exponential_time(pattern: str, path: str) -> None:
    # A backtracking expression would try every way to divide the path among the wildcards.
    assert not glob_expression(pattern).fullmatch(path)


WHOLE = "Patterns match the whole path_in_repo, and `*` matches `/` too"
RULE = Verdict.of([Step("source", Effect.COLLECTS, "artifacts[0].source: runs", "artifacts[0].source")])
FOUND = tuple(
    Candidate(path, f"runs/best/{path}", InMemory(b""), 0, RULE)
    for path in ("model.safetensors", "config.json", "tokenizer/vocab.txt")
)


@pytest.mark.parametrize(
    ("pattern", "hint"),
    [
        ("*.safetensor", "did you mean '*.safetensors'?"),
        ("tokenizer/*.tx", "did you mean 'tokenizer/*.txt'?"),
        ("confg.json", "did you mean 'config.json'?"),
        ("runs/best/*.json", "patterns match path_in_repo: write 'config.json', not 'runs/best/config.json'"),
        ("tokenizer", f"did you mean 'tokenizer/*'? {WHOLE}"),
        ("/tokenizer/", f"did you mean 'tokenizer/*'? {WHOLE}"),
        ("./config.json", f"did you mean 'config.json'? {WHOLE}"),
        ("vocab.txt", f"did you mean '*/vocab.txt'? {WHOLE}"),
        ("*.gguf", "patterns match path_in_repo; `hublish files --excluded` lists them all"),
    ],
)
def test_a_pattern_that_matches_nothing_gets_a_suggestion(pattern: str, hint: str) -> None:
    assert near_misses(pattern, FOUND) == hint


@pytest.mark.parametrize(
    ("glob", "near"),
    [
        ("runs/best/*.jsn", "runs/best/*.json"),
        ("run/best/*.json", "runs/best/*.json"),
        ("**/*.saftensors", "**/*.safetensors"),
        ("runs/best/*.gguf", None),
        ("**", None),
    ],
)
def test_a_glob_that_matches_nothing_shows_one_that_does(glob: str, near: str | None) -> None:
    assert near_glob(glob, [candidate.source for candidate in FOUND]) == near


def test_a_hundred_thousand_names_are_not_all_compared() -> None:
    many = tuple(Candidate(f"data/{number}.png", f"{number}", InMemory(b""), 0, RULE) for number in range(100_000))
    assert near_misses("dta/7.png", many)
