"""Lines that stand where they cannot are told with the place where they could."""

import pytest

from tests.schemas.yaml.mistakes.telling import Told, told_by

CASES: dict[str, tuple[str, Told]] = {
    "tab": ("repo:\n\trepo_id: acme/x\n", Told("tab in indentation", "\t", "indent with spaces")),
    "tabs on several lines": (
        "repo:\n\ta: 1\n\tb: 2\n  \tc: 3\n",
        Told("tab in indentation", "\t", "indent with spaces, here and on 2 more lines"),
    ),
    "text that goes on": (
        "repo:\n  commit_message: Add the\n  spring recordings of Lyon\n",
        Told(
            "expected ':' after the key",
            "spring recordings of Lyon",
            "write `key: value`, or indent it deeper when the text above goes on here",
        ),
    ),
    "tab after spaces": (
        "repo:\n  repo_id: acme/x\n  \ttag: v1\n",
        Told("tab in indentation", "\t", "indent with spaces"),
    ),
    "tab after a dash": ("artifacts:\n  -\tsource: a\n", Told("tab in indentation", "\t", "indent with spaces")),
    "tab at the start": ("\ta: 1\n", Told("tab in indentation", "\t", "indent with spaces")),
    "lines of a block beside their key": (
        "repo:\n  commit_message: >-\n  Add the recordings\n",
        Told(
            "the lines behind '>-' must be indented deeper than their key",
            "Add the recordings",
            "indent them by 4 spaces",
        ),
    ),
    "key under a value": (
        "repo:\n  repo_id: acme/x\n    tag: v1\n",
        Told(
            "this line is indented under one that has a value already",
            "tag",
            "indent it by 2 spaces, as 'repo_id'",
            "2:3 this has a value",
        ),
    ),
    "key under a value of an item": (
        "artifacts:\n  - source: a\n     path_in_repo: b\n",
        Told(
            "this line is indented under one that has a value already",
            "path_in_repo",
            "indent it by 4 spaces, as 'source'",
            "2:5 this has a value",
        ),
    ),
    "key between levels": (
        "repo:\n    repo_id: acme/x\n  tag: v1\n",
        Told(
            "this line is indented by 2 spaces, and nothing above it is",
            "tag: v1",
            "indent it by 4 spaces to stand beside 'repo_id', or by 0 spaces to stand beside 'repo'",
            "2:5 indented by 4 spaces",
        ),
    ),
    "one space too few": (
        "repo:\n  repo_id: acme/x\n tag: v1\n",
        Told(
            "this line is indented by 1 space, and nothing above it is",
            "tag: v1",
            "indent it by 2 spaces to stand beside 'repo_id', or by 0 spaces to stand beside 'repo'",
            "2:3 indented by 2 spaces",
        ),
    ),
    "item too deep": (
        "artifacts:\n  - source: a\n   - source: b\n",
        Told(
            "this line is indented by 3 spaces, and nothing above it is",
            "- source: b",
            "indent it by 2 spaces to stand beside '- source: a'",
            "2:3 indented by 2 spaces",
        ),
    ),
    "item not deep enough": (
        "artifacts:\n  - source: a\n - source: b\n",
        Told(
            "this line is indented by 1 space, and nothing above it is",
            "- source: b",
            "indent it by 2 spaces to stand beside '- source: a'",
            "2:3 indented by 2 spaces",
        ),
    ),
    "key of an item": (
        "artifacts:\n  - source: a\n   path_in_repo: b\n",
        Told(
            "this line is indented by 3 spaces, and nothing above it is",
            "path_in_repo: b",
            "indent it by 4 spaces to stand beside 'source', or by 0 spaces to stand beside 'artifacts'",
            "2:5 indented by 4 spaces",
        ),
    ),
    "no space after the colon": (
        "repo:\n  repo_id:acme/x\n  tag: v1\n",
        Told("a space is missing after 'repo_id:'", "repo_id:acme/x", "write `repo_id: acme/x`"),
    ),
    "no space on the last line": (
        "repo:\n  repo_id: a\n  tag:v1\n",
        Told("a space is missing after 'tag:'", "tag:v1", "write `tag: v1`"),
    ),
    "no colon above a block": (
        "repo\n  repo_id: acme/x\n",
        Told("expected ':' after the key", "repo", "write `repo:`"),
    ),
    "no colon": (
        "repo:\n  repo_id acme/x\n  tag: v1\n",
        Told("expected ':' after the key", "repo_id acme/x", "write `repo_id: acme/x`"),
    ),
    "no colon on the last line": (
        "repo:\n  tag: v1\n  repo_id acme/x\n",
        Told("expected ':' after the key", "repo_id acme/x", "write `repo_id: acme/x`"),
    ),
    "wide colon": ("repo\uff1a\n  repo_id: x\n", Told("expected ':' after the key", "repo\uff1a", "write `repo:`")),
    "no dash before a key": (
        "artifacts:\n  - source: a\n  source: b\n",
        Told(
            "a list item must begin with '- '",
            "source: b",
            "write `- source: b`, or indent it by 4 spaces to belong to the item above",
        ),
    ),
    "no dash before text": (
        "patterns:\n  allow_patterns:\n    - a\n    b\n",
        Told("a list item must begin with '- '", "b", "write `- b`"),
    ),
    "key beside items": (
        "artifacts:\n  - a\n  b: c\n",
        Told("a list item must begin with '- '", "b: c", "write `- b: c`"),
    ),
    "merge conflict": (
        "a: 1\n<<<<<<< HEAD\nb: 1\n=======\nb: 2\n>>>>>>> x\n",
        Told("a merge conflict is not resolved", "<<<<<<< HEAD", "keep one side, and remove the lines of < = >"),
    ),
    "end of document": (
        "a: 1\n...\nb: 1\n",
        Told("'...' ends the document, and more text follows", "...", "remove it"),
    ),
    "block text": (
        "card:\n  summary: |\n    a\n   b\n",
        Told(
            "this line is indented by 3 spaces, and nothing above it is",
            "b",
            "indent it by 4 spaces to stand beside 'a', or by 2 spaces to stand beside 'summary'",
            "3:5 indented by 4 spaces",
        ),
    ),
}


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(("text", "told"), CASES.values(), ids=CASES.keys())
def test_a_line_is_told_where_it_belongs(text: str, told: Told) -> None:
    assert told_by(text) == told


def test_a_directive_is_told_with_its_line() -> None:
    assert told_by("%x\na: 1\n") == Told("directives are not allowed", "%x", "remove the line that begins with %")
