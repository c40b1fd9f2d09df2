"""A text that is not YAML is reported at the place of the slip, with a hint."""

from typing import NamedTuple

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hublish.schemas.diagnose.problems import InvalidDocumentError, Problem
from hublish.schemas.yaml import composing
from hublish.schemas.yaml.common_mistakes import LONGEST_LINE, Failure
from hublish.schemas.yaml.reader import read_yaml
from tests.faults.projects import rounds


class Reported(NamedTuple):
    """One problem: its message, the marked text, and the hint."""

    message: str
    marked: str
    hint: str
    beside: str = ""
    """A second place: `2:1 the list begins here`."""


@pytest.fixture(params=[yaml.CSafeLoader, yaml.SafeLoader], ids=["libyaml", "pure"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both parsers, whose messages differ."""
    monkeypatch.setattr(composing, "EVENT_PARSER", request.param)


def problems_of(text: str) -> tuple[Problem, ...]:
    try:
        return read_yaml(text.encode(), "hub.yaml").problems
    except InvalidDocumentError as error:
        return error.problems


def reported_for(text: str) -> Reported:
    """Return the first problem of a text."""
    first = problems_of(text)[0]
    place = first.location
    assert place is not None
    assert place.text is not None
    end = place.end_column if place.end_line == place.line else None
    related = [f"{each.location.line}:{each.location.column} {each.message}" for each in first.related if each.location]
    return Reported(first.message, place.text[place.column - 1 : end and end - 1], first.hint, ", ".join(related))


QUOTED_LATER = (
    *("*", "*.tmp", "**/*.json", "& text", "@me", "`x`", "%x", "|text", ">5 tokens"),
    *("[ab].json", "{a,b}.json", "{{ version }}-x"),
)
CONTINUED = "write `key: value`, or indent it deeper if it continues the text above"
OTHER_QUOTES = "quote the whole value, with the other kind of quotes if it contains this one"
COMMA_IN_LIST = "separate the items with ',', and close the list with ']'"
COMMA_IN_MAPPING = "separate the keys with ',', and close the mapping with '}'"
SINGLE_QUOTES = "use single quotes: in them, a backslash is a backslash"

NOT_ALIGNED = Reported(
    "this list item is not aligned with the one above it",
    "- source: b",
    "indent it by 2 spaces",
    "2:3 indented by 2 spaces",
)


def no_dash(marked: str, more: str = "") -> Reported:
    return Reported("a list item must begin with '- '", marked, f"write `- {marked}`{more}")


def tab(more: str = "") -> Reported:
    return Reported("tab in indentation", "\t", f"indent with spaces{more}")


def open_quote(marked: str) -> Reported:
    return Reported("the quote is never closed", marked, f"write {marked}{marked[0]}")


OPEN_QUOTES = [
    ('repo:\n  repo_id: "acme/x\n  tag: v1\n', open_quote('"acme/x')),
    ("repo:\n  repo_id: 'acme/x\n  tag: v1\n", open_quote("'acme/x")),
    (
        'a: "x\nb: "y"\n',
        Reported("the quote is not closed on its line", '"x', 'end it with "', "2:4 closed only here"),
    ),
    ("a: [b, 'don't]", Reported("text follows the closing quote", "t", OTHER_QUOTES)),
    ('repo:\n  tag: "v"1\n', Reported("text follows the closing quote", "1", OTHER_QUOTES)),
    ("a: 'don't do it'\n", Reported("text follows the closing quote", "t do it'", OTHER_QUOTES)),
    ('a: "say "hi" now"\n', Reported("text follows the closing quote", 'hi" now"', OTHER_QUOTES)),
]
DASHES = [
    ("artifacts:\n  - source: a\n   - source: b\n", NOT_ALIGNED),
    ("artifacts:\n  - source: a\n - source: b\n", NOT_ALIGNED),
    (
        "artifacts:\n  - source: a\n  source: b\n",
        no_dash("source: b", ", or indent it by 4 spaces to belong to the item above"),
    ),
    ("patterns:\n  allow_patterns:\n    - a\n    b\n", no_dash("b")),
    ("a:\n  - b\n  c: d\n", no_dash("c: d", ", or indent it by 4 spaces to belong to the item above")),
]
TABS = [
    ("repo:\n\trepo_id: acme/x\n", tab()),
    ("repo:\n\ta: 1\n\tb: 2\n  \tc: 3\n", tab(", here and on 2 more lines")),
    ("repo:\n  repo_id: acme/x\n  \ttag: v1\n", tab()),
    ("artifacts:\n  -\tsource: a\n", tab()),
    ("\ta: 1\n", tab()),
]

UNRECOGNIZED = [
    (
        'artifacts:\n  - source: "runs\\best\\model"\n',
        Reported("unknown escape in double quotes", '"runs\\best\\model"', SINGLE_QUOTES),
    ),
    (
        'artifacts:\n  - source: "C:\\Users"\n',
        Reported("unknown escape in double quotes", '"C:\\Users"', SINGLE_QUOTES),
    ),
    (
        "repo:\n  repo_id: acme/x\n    tag: v1\n",
        Reported(
            "mapping values are not allowed here",
            "tag: v1",
            "indent it like the key above it, or quote the value",
        ),
    ),
    (
        "artifacts:\n  - source: a\n     path_in_repo: b\n",
        Reported(
            "mapping values are not allowed here",
            "path_in_repo: b",
            "indent it like the key above it, or quote the value",
        ),
    ),
    (
        "repo:\n    repo_id: acme/x\n  tag: v1\n",
        Reported(
            "expected a key or list item at this indentation",
            "tag: v1",
            "align it with the lines above it",
            "1:1 the mapping begins here",
        ),
    ),
    (
        "repo:\n  repo_id: acme/x\n tag: v1\n",
        Reported(
            "expected a key or list item at this indentation",
            "tag: v1",
            "align it with the lines above it",
            "1:1 the mapping begins here",
        ),
    ),
    (
        "artifacts:\n  - source: a\n   path_in_repo: b\n",
        Reported(
            "expected a key or list item at this indentation", "path_in_repo: b", "align it with the lines above it"
        ),
    ),
    (
        "a: 1\n...\nb: 1\n",
        Reported("expected one mapping, found text after its end", "b: 1", "remove the braces or the `...`"),
    ),
    (
        "card:\n  summary: |\n    a\n   b\n",
        Reported(
            "expected a key or list item at this indentation",
            "b",
            "align it with the lines above it",
            "2:3 the mapping begins here",
        ),
    ),
    (
        "patterns:\n  allow_patterns: [a, b\nload: {}\n",
        Reported("expected ',' or ']'", "load: {", COMMA_IN_LIST, "2:19 the list begins here"),
    ),
    ("patterns:\n  allow_patterns: [a, b", Reported("expected ',' or ']'", "[", COMMA_IN_LIST)),
    (
        "patterns:\n  allow_patterns: [\n    a,\n    b\nload: {}\nartifacts: []\n",
        Reported("expected ',' or ']'", "load: {", COMMA_IN_LIST, "2:19 the list begins here"),
    ),
    (
        "patterns: {allow_patterns: [a]\nload: x\n",
        Reported("expected ',' or '}'", "load: x", COMMA_IN_MAPPING, "1:11 the mapping begins here"),
    ),
    (
        "patterns:\n  allow_patterns: [a]]\n",
        Reported("expected a key or list item", "]", "remove it: no bracket is open here"),
    ),
    ("patterns: {}}\n", Reported("expected a key or list item", "}", "remove it: no bracket is open here")),
    (
        "patterns:\n  allow_patterns: [a}\n",
        Reported("expected ',' or ']'", "}", COMMA_IN_LIST, "2:19 the list begins here"),
    ),
    ('a: [x y, "b" "c"]\n', Reported("expected ',' or ']'", '"c"', COMMA_IN_LIST, "1:4 the list begins here")),
    ("a: {b: 1 c: 2}\n", Reported("expected ',' or '}'", ": 2", COMMA_IN_MAPPING, "1:4 the mapping begins here")),
    (
        '{"a": 1, // x\n "b": 2}\n',
        Reported("expected ',' or '}'", ": 2", COMMA_IN_MAPPING, "1:1 the mapping begins here"),
    ),
    (
        "%YAML 3.0\n---\na: 1\n",
        Reported("directives are not allowed", "%YAML 3.0", "remove the line that begins with %"),
    ),
]


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize("value", QUOTED_LATER)
@pytest.mark.parametrize("text", ["card:\n  summary: {}\n", "a:\n  - {}\nb: 1\n", "  x: {}  # y"])
def test_a_value_that_begins_with_a_sign_must_be_quoted(value: str, text: str) -> None:
    sign = "{{" if value.startswith("{{") else value[0]
    expected = Reported(f"a value that begins with '{sign}' must be quoted", value, f'quote it: "{value}"')
    assert reported_for(text.replace("{}", value)) == expected


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(("text", "value"), [("a: [*.tmp, b]", "*.tmp"), ("a: [b, [cd].json]", "[cd].json")])
def test_a_value_in_brackets_must_be_quoted_too(text: str, value: str) -> None:
    assert reported_for(text)[1:3] == (value, f'quote it: "{value}"')


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(
    "value", ["Note: this is it", "Release 1.2: new weights", "b:", "http://x: y", "\u2018v1: x\u2019"]
)
@pytest.mark.parametrize("text", ["a: {}", "card:\n  summary: {}\n  tag: v1\n"])
def test_a_value_with_a_second_colon_must_be_quoted(value: str, text: str) -> None:
    expected = Reported("a value that contains ': ' must be quoted", value, f'quote it: "{value}"')
    assert reported_for(text.replace("{}", value)) == expected


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(
    ("text", "marked", "hint"),
    [
        ("repo:\n  repo_id:acme/x\n  tag: v1\n", "repo_id:acme/x", "write `repo_id: acme/x`"),
        ("repo:\n  repo_id: a\n  tag:v1\n", "tag:v1", "write `tag: v1`"),
        ("repo\n  repo_id: acme/x\n", "repo", "write `repo:`"),
        ("repo:\n  repo_id acme/x\n  tag: v1\n", "repo_id acme/x", "write `repo_id: acme/x`"),
        ("repo:\n  tag: v1\n  repo_id acme/x\n", "repo_id acme/x", "write `repo_id: acme/x`"),
        ("repo\uff1a\n  repo_id: x\n", "repo\uff1a", "write `repo:`"),
        ("a: 1\n<<<<<<< HEAD\nb: 1\n=======\nb: 2\n", "<<<<<<< HEAD", "resolve the merge conflict"),
        ("a:\n  b: Add the\n  recordings of Lyon\n", "recordings of Lyon", CONTINUED),
        ("a:\n  b: >-\n  Add the recordings\n", "Add the recordings", CONTINUED),
    ],
)
def test_a_key_needs_a_colon_and_a_space(text: str, marked: str, hint: str) -> None:
    first = reported_for(text)
    space = f"a space is missing after '{marked.partition(':')[0]}:'"
    assert first == Reported(space if ":" in marked else "expected ':' after the key", marked, hint)


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(("text", "reported"), [*OPEN_QUOTES, *DASHES, *TABS])
def test_an_open_quote_a_missing_dash_and_a_tab_are_recognized(text: str, reported: Reported) -> None:
    assert reported_for(text) == reported


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(("text", "reported"), UNRECOGNIZED)
def test_other_errors_get_the_parsers_message_with_a_place_and_a_hint(text: str, reported: Reported) -> None:
    assert reported_for(text) == reported


@pytest.mark.parametrize(
    ("text", "in_flow", "value"),
    [
        ("a b\nc", False, "a b"),
        ("a b\r\nc", False, "a b"),
        ("a  # b", False, "a"),
        ("a#b", False, "a#b"),
        ("a, b]", False, "a, b]"),
        ("a, b]", True, "a"),
        ("a b }", True, "a b"),
        ("a", True, "a"),
    ],
)
def test_an_unquoted_value_ends_before_a_comment_and_in_brackets_before_a_comma(
    text: str, in_flow: bool, value: str
) -> None:
    assert text[: Failure(text, "", in_flow=in_flow).value_end(0)] == value


@pytest.mark.parametrize(
    "text",
    ["token: @hunter2", "token:hunter2\n", "token hunter2\na: 1", "a: 1\nx_token=hunter2\n", "password: *hunter2"],
)
def test_no_hint_contains_a_credential(text: str) -> None:
    assert "hunter2" not in str(reported_for(text).hint)


def test_a_long_line_gets_the_parsers_message() -> None:
    assert reported_for("a: *." + "x" * LONGEST_LINE).message == "expected alphabetic or numeric character"


def test_a_long_line_above_the_place_gets_the_parsers_message() -> None:
    text = "artifacts:\n  -" + " " * LONGEST_LINE + "main\n    serializer: copy\n"
    assert reported_for(text).message == "mapping values are not allowed here"


@pytest.mark.parametrize("in_flow", [False, True])
def test_a_long_run_of_spaces_is_searched_once(in_flow: bool) -> None:
    # A search that starts at each of the spaces would keep this test busy for minutes.
    text = "a" + " " * 250_000 + "b \n"
    assert Failure(text, "", in_flow=in_flow).value_end(0) == len(text) - 2


WHOLE = """\
repo: {repo_id: acme/x, tag: "v{{ version }}"}
artifacts:
  - source: 'runs/best'  # the best
    options: {sizes: [1, 2], name: "a\\tb"}
  - source: "*.json"
card:
  variables:
    summary: |
      Notes: these
"""
SIGNS = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    ": ",
    "- ",
    "\n",
    "\n  ",
    "\r\n",
    "\t",
    "'",
    '"',
    "*",
    "&",
    "!",
    "|",
    ">",
    "@",
    "%",
]
SIGNS += [" #", "{{ x }}", "\\", "<<<<<<< ", "...", "---", "\u201c", "\u00a0", "x y"]
changes = st.lists(st.tuples(st.integers(0, len(WHOLE)), st.integers(0, 4), st.sampled_from(["", *SIGNS])), max_size=4)


def mangled(text: str, done: list[tuple[int, int, str]]) -> str:
    for place, gone, added in done:
        text = f"{text[:place]}{added}{text[place + gone :]}"
    return text


@pytest.mark.usefixtures("parser")
@settings(max_examples=rounds(150))
@given(changes.map(lambda done: mangled(WHOLE, done)))
@example("a: {[b: 1 c: 2}\n")
@example("a: [b ")
@example(r"""a: "b\mc": """)
@example("""a: "C:\\Us"b: c""")
@example("- [a: b]: *\n -")
def test_every_problem_of_a_mangled_manifest_has_a_place_in_it(text: str) -> None:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for problem in problems_of(text):
        place = problem.location
        assert problem.message
        assert place
        assert place.text == lines[place.line - 1]
        assert place.end_line
        assert place.end_column
        assert 1 <= place.column <= len(lines[place.line - 1]) + 1
        assert (place.line, place.column) <= (place.end_line, place.end_column) <= (len(lines), len(lines[-1]) + 1)
