"""Quotes and brackets that are not closed are told where they begin."""

import pytest

from tests.schemas.yaml.mistakes.telling import Told, told_by

CASES: dict[str, tuple[str, Told]] = {
    "quote": ('repo:\n  repo_id: "acme/x\n  tag: v1\n', Told("the quote is never closed", '"acme/x', 'write "acme/x"')),
    "single quote": (
        "repo:\n  repo_id: 'acme/x\n  tag: v1\n",
        Told("the quote is never closed", "'acme/x", "write 'acme/x'"),
    ),
    "bracket": (
        "patterns:\n  allow_patterns: [a, b\nload: {}\n",
        Told("the list has no closing ']', or a ',' is missing", "[", "end it with ']'", "3:1 it is still open here"),
    ),
    "bracket up to the end": (
        "patterns:\n  allow_patterns: [a, b",
        Told("the list has no closing ']', or a ',' is missing", "[", "end it with ']'"),
    ),
    "bracket over lines": (
        "patterns:\n  allow_patterns: [\n    a,\n    b\nload: {}\nartifacts: []\n",
        Told("the list has no closing ']', or a ',' is missing", "[", "end it with ']'", "5:1 it is still open here"),
    ),
    "brace": (
        "patterns: {allow_patterns: [a]\nload: x\n",
        Told(
            "the mapping has no closing '}', or a ',' is missing", "{", "end it with '}'", "2:1 it is still open here"
        ),
    ),
    "bracket too many": ("patterns:\n  allow_patterns: [a]]\n", Told("nothing opened this ']'", "]", "remove it")),
    "brace too many": ("patterns: {}}\n", Told("nothing opened this '}'", "}", "remove it")),
    "brace for a bracket": (
        "patterns:\n  allow_patterns: [a}\n",
        Told("the list is closed by '}'", "}", "write ']'", "2:19 the list begins here"),
    ),
    "comma between items": (
        'a: [x y, "b" "c"]\n',
        Told("a ',' is missing in the list", '"c"', "write it before this", "1:4 the list begins here"),
    ),
    "comma between keys": (
        "a: {b: 1 c: 2}\n",
        Told("a ',' is missing in the mapping", "c: 2", "write it before this", "1:4 the mapping begins here"),
    ),
    "comment of another language": (
        '{"a": 1, // x\n "b": 2}\n',
        Told("'//' begins no comment", "//", "write '#' instead"),
    ),
}


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(("text", "told"), CASES.values(), ids=CASES.keys())
def test_what_is_open_too_long_is_told_where_it_begins(text: str, told: Told) -> None:
    assert told_by(text) == told


@pytest.mark.usefixtures("parser")
def test_a_quote_that_the_next_one_closes_is_told_where_it_begins() -> None:
    assert told_by('a: "x\nb: "y"\n') == Told(
        "the quote is not closed on its line", '"x', 'end it with "', "2:4 closed only here"
    )
