"""What a glob matches, and that no pattern takes long."""

import fnmatch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.base.globs import glob_expression


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
def test_within_a_segment_it_means_what_fnmatch_means(pattern: str, name: str) -> None:
    assert bool(glob_expression(f"x/{pattern}").fullmatch(f"x/{name}")) == fnmatch.fnmatchcase(name, pattern)


@pytest.mark.parametrize(
    ("pattern", "path"),
    [("*a" * 120 + "b", "a" * 255), ("**/*a" * 60 + "/b", "a/" * 60 + "a"), ("**/a/" * 60 + "b", "a/" * 60 + "a")],
    ids=["stars in a name", "folders and stars", "folders"],
)
def test_many_wildcards_do_not_take_for_ever(pattern: str, path: str) -> None:
    # What goes back over every way to share the text out would still be at it when the sun is cold.
    assert not glob_expression(pattern).fullmatch(path)
