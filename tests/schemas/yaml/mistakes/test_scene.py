"""What is looked at, and what is repeated, has bounds."""

import pytest

from hublish.schemas.yaml.mistakes.scene import LONGEST_LINE, Scene
from tests.schemas.yaml.mistakes.telling import told_by


def scene(text: str, *, in_flow: bool = False) -> Scene:
    return Scene(text, "", "", 0, 0, (0, 0), in_flow=in_flow)


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
    assert text[: scene(text, in_flow=in_flow).value_end(0)] == value


@pytest.mark.parametrize(
    ("text", "piece", "shown"),
    [
        ("a: *.tmp", "*.tmp", "*.tmp"),
        ("password: @hunter2", "@hunter2", ""),
        ("a: " + "x" * 61, "x" * 61, ""),
        ("a: x\u202ey", "x\u202ey", ""),
    ],
)
def test_a_hint_repeats_what_is_short_plain_and_no_credential(text: str, piece: str, shown: str) -> None:
    start = text.index(piece)
    assert scene(text).shown(start, start + len(piece)) == shown


@pytest.mark.parametrize(
    "text",
    ["token: @hunter2", "token:hunter2\n", "token hunter2\na: 1", "a: 1\nx_token=hunter2\n", "password: *hunter2"],
)
def test_no_hint_holds_a_credential(text: str) -> None:
    assert "hunter2" not in str(told_by(text).hint)


def test_a_long_line_is_told_plainly() -> None:
    assert told_by("a: *." + "x" * LONGEST_LINE).message == "did not find expected alphabetic or numeric character"


@pytest.mark.parametrize("in_flow", [False, True])
def test_a_long_run_of_spaces_is_looked_at_once(in_flow: bool) -> None:
    # Looked at from each of its spaces anew, it would keep the test busy for minutes.
    text = "a" + " " * 250_000 + "b \n"
    assert scene(text, in_flow=in_flow).value_end(0) == len(text) - 2


def test_a_long_line_above_the_place_is_told_plainly() -> None:
    text = "artifacts:\n  -" + " " * LONGEST_LINE + "main\n    serializer: copy\n"
    assert told_by(text).message == "a ':' followed by a space may not stand here"
