"""Format and token are known before the command line is right."""

import pytest

from hublish.cli.early import format_asked, token_given
from hublish.cli.report.terminal import Format


@pytest.mark.parametrize(
    ("words", "format_"),
    [
        ("plan", Format.HUMAN),
        ("plan --json", Format.JSON),
        ("plan --format json", Format.JSON),
        ("plan --format=json", Format.JSON),
        ("plan -q", Format.QUIET),
        ("plan --format github", Format.GITHUB),
        ("plan --quiet --json", Format.JSON),
        ("plan --json --format quiet", Format.QUIET),
        ("plan --json --nonsense", Format.JSON),
        ("plan --format xml", Format.HUMAN),
        ("plan --format", Format.HUMAN),
    ],
)
def test_the_last_format_counts(words: str, format_: Format) -> None:
    assert format_asked(words.split()) is format_


@pytest.mark.parametrize(
    ("words", "token"),
    [("plan", None), ("plan --token abc", "abc"), ("plan --token=abc", "abc"), ("plan --token", "")],
)
def test_the_token_is_found_to_be_hidden(words: str, token: str | None) -> None:
    assert token_given(words.split()) == token
