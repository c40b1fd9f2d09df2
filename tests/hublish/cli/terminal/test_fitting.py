"""Lines that fit a terminal, whatever the width of their characters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.cli.terminal.fitting import beginning, fitted_columns, middle, wrapped
from hublish.cli.terminal.text import width

WIDE, MARKED = "数据集" * 10, "e\u0301" * 30
ROWS = [
    ("+ images/train/a-very-long-name-of-a-folder/00001.png", "1.2 KB", "lfs", "artifacts[0].source: images/**"),
    ("~ README.md", "900 B -> 1.2 KB", "regular", "card: rendered"),
]


@pytest.mark.parametrize(
    ("text", "room", "fitted"),
    [
        ("images/00001.png", 16, "images/00001.png"),
        ("images/train/00001.png", 16, "images/...01.png"),
        ("abcdef", 4, "a..."),
        ("abcdef", 3, "..."),
        ("abcdef", 1, "."),
        ("abcdef", 0, ""),
        # A wide character is never cut in half, and a mark stays with its letter.
        (WIDE, 10, "数据...集"),
        (MARKED, 9, "e\u0301" * 3 + "..." + "e\u0301" * 3),
        ("\u0301" * 50 + "x" * 50, 10, "\u0301" * 50 + "xxxx...xxx"),
    ],
)
def test_a_name_keeps_its_ends(text: str, room: int, fitted: str) -> None:
    assert middle(text, room) == fitted


@given(st.text(max_size=60), st.integers(0, 40))
def test_no_text_is_wider_than_its_room(text: str, room: int) -> None:
    assert width(middle(text, room)) <= room
    assert width(beginning(text, room)) <= room
    assert all(width(line) <= max(room, 20) for line in wrapped(text, max(room, 20), "  "))


@given(st.lists(st.tuples(*[st.text(max_size=50)] * 4), min_size=1, max_size=4), st.integers(1, 120))
def test_no_row_is_wider_than_its_room(rows: list[tuple[str, ...]], room: int) -> None:
    assert all(width(line) <= room for line in fitted_columns(rows, room, right=(1,)))


def test_a_sentence_is_wrapped_at_spaces_below_its_beginning() -> None:
    text = "  !! one two three four five six"
    assert wrapped(text, 20, "     ") == ["  !! one two three", "     four five six"]
    assert wrapped(text, None) == [text]
    assert wrapped("a " + "x" * 50, 20, "  ") == ["a xxxxxxxx...xxxxxxx"]


def test_an_escape_is_measured_as_it_is_shown() -> None:
    assert wrapped("a\x1b[2J" * 3, 30) == ["a\\x1b[2Ja\\x1b[2Ja\\x1b[2J"]
    (line,) = fitted_columns([("a\x1b" * 20, "1 B")], 30)
    assert width(line) <= 30
    assert "\x1b" not in line


def test_names_are_shortened_before_columns_are_left_out() -> None:
    assert fitted_columns(ROWS, None) == fitted_columns(ROWS, 200)
    assert fitted_columns(ROWS, 80, right=(1,)) == [
        "+ images/tra...r/00001.png           1.2 KB  lfs      artifacts[0].source: im...",
        "~ README.md                 900 B -> 1.2 KB  regular  card: rendered",
    ]
    assert fitted_columns(ROWS, 40, right=(1,)) == [
        "+ imag...1.png           1.2 KB  lfs",
        "~ README.md     900 B -> 1.2 KB  regular",
    ]
    assert fitted_columns(ROWS, 12) == ["+ ima....png", "~ README.md"]
