"""Values that had to be quoted are told with their quotes."""

import pytest

from tests.schemas.yaml.mistakes.telling import Told, told_by

CASES: dict[str, tuple[str, Told]] = {
    "pattern in brackets": (
        "patterns:\n  ignore_patterns: [*.tmp, b]\n",
        Told("a '*' without quotes begins an alias, and aliases are not allowed", "*.tmp", 'quote it: "*.tmp"'),
    ),
    "pattern": (
        "patterns:\n  ignore_patterns:\n    - *.tmp\n",
        Told("a '*' without quotes begins an alias, and aliases are not allowed", "*.tmp", 'quote it: "*.tmp"'),
    ),
    "star alone": (
        "patterns:\n  allow_patterns:\n    - *\n",
        Told("a '*' without quotes begins an alias, and aliases are not allowed", "*", 'quote it: "*"'),
    ),
    "two stars": (
        "patterns:\n  allow_patterns:\n    - **/*.json\n",
        Told("a '*' without quotes begins an alias, and aliases are not allowed", "**/*.json", 'quote it: "**/*.json"'),
    ),
    "pattern as value": (
        "artifacts:\n  - source: *.json\n",
        Told("a '*' without quotes begins an alias, and aliases are not allowed", "*.json", 'quote it: "*.json"'),
    ),
    "ampersand": (
        "card:\n  summary: & text\n",
        Told("a '&' without quotes begins an anchor, and anchors are not allowed", "& text", 'quote it: "& text"'),
    ),
    "at sign": ("card:\n  author: @me\n", Told("a value may not begin with '@'", "@me", 'quote it: "@me"')),
    "backtick": ("card:\n  summary: `x`\n", Told("a value may not begin with '`'", "`x`", 'quote it: "`x`"')),
    "percent": ("card:\n  summary: %x\n", Told("a value may not begin with '%'", "%x", 'quote it: "%x"')),
    "pipe": (
        "card:\n  summary: |text\n",
        Told("a '|' without quotes begins a text on the lines below it", "|text", 'quote it: "|text"'),
    ),
    "greater than": (
        "card:\n  summary: >5 tokens\n",
        Told("a '>' without quotes begins a text on the lines below it", ">5 tokens", 'quote it: ">5 tokens"'),
    ),
    "colon": (
        "card:\n  summary: Note: this is it\n",
        Told("a value that holds ': ' must be quoted", "Note: this is it", 'quote it: "Note: this is it"'),
    ),
    "colon after a version": (
        "repo:\n  commit_message: Release 1.2: new weights\n  tag: v1\n",
        Told(
            "a value that holds ': ' must be quoted", "Release 1.2: new weights", 'quote it: "Release 1.2: new weights"'
        ),
    ),
    "colon at the end": ("a: b:\n", Told("a value that holds ': ' must be quoted", "b:", 'quote it: "b:"')),
    "colon after a URL": (
        "a: http://x: y\n",
        Told("a value that holds ': ' must be quoted", "http://x: y", 'quote it: "http://x: y"'),
    ),
    "curly quotes": (
        "repo:\n  tag: \u2018v1: x\u2019\n",
        Told("curly quotes do not quote", "\u2018v1: x\u2019", "write 'v1: x'"),
    ),
    "brackets as an item": (
        "patterns:\n  allow_patterns:\n    - [ab].json\n",
        Told(
            "a value that begins with '[' is a list, and nothing may follow its ']'",
            "[ab].json",
            'quote it: "[ab].json"',
        ),
    ),
    "brackets as a value": (
        "artifacts:\n  - source: [ab].json\n",
        Told(
            "a value that begins with '[' is a list, and nothing may follow its ']'",
            "[ab].json",
            'quote it: "[ab].json"',
        ),
    ),
    "braces": (
        "artifacts:\n  - source: {a,b}.json\n",
        Told(
            "a value that begins with '{' is a mapping, and nothing may follow its '}'",
            "{a,b}.json",
            'quote it: "{a,b}.json"',
        ),
    ),
    "pattern of letters in a list": (
        "a: [b, [cd].json]",
        Told(
            "a value that begins with '[' is a list, and nothing may follow its ']'",
            "[cd].json",
            'quote it: "[cd].json"',
        ),
    ),
    "apostrophe in a list": (
        "a: [b, 'don't]",
        Told("text follows the closing quote", "t", 'write "don\'t"'),
    ),
    "variable": (
        "repo:\n  tag: {{ version }}-x\n",
        Told("a value that begins with '{{' must be quoted", "{{ version }}-x", 'quote it: "{{ version }}-x"'),
    ),
    "text after a quote": ('repo:\n  tag: "v"1\n', Told("text follows the closing quote", "1", 'write "v1"')),
    "apostrophe": (
        "card:\n  summary: 'don't do it'\n",
        Told("text follows the closing quote", "t do it'", 'write "don\'t do it"'),
    ),
    "quotes inside quotes": (
        'card:\n  summary: "say "hi" now"\n',
        Told("text follows the closing quote", 'hi" now"', "write 'say \"hi\" now'"),
    ),
    "backslash": (
        'artifacts:\n  - source: "runs\\best\\model"\n',
        Told("unknown escape in double quotes", "\\m", "in single quotes a backslash is itself: 'runs\\best\\model'"),
    ),
    "backslash of a drive": (
        'artifacts:\n  - source: "C:\\Users"\n',
        Told("unknown escape in double quotes", "\\U", "in single quotes a backslash is itself: 'C:\\Users'"),
    ),
}


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(("text", "told"), CASES.values(), ids=CASES.keys())
def test_a_value_is_told_as_it_should_have_been_written(text: str, told: Told) -> None:
    assert told_by(text) == told
