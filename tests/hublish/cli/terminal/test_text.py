"""Columns line up, and nothing commands the terminal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.cli.terminal.color import Paint
from hublish.cli.terminal.text import columns, harmless, plural, width


@pytest.mark.parametrize(("count", "text"), [(0, "0 files"), (1, "1 file"), (2, "2 files"), (5000, "5,000 files")])
def test_counts_read_as_words(count: int, text: str) -> None:
    assert plural(count, "file") == text


def test_columns_line_up_and_numbers_stand_to_the_right() -> None:
    assert columns([("a", "1 B", "x"), ("long", "10 B", "y")], right=(1,)) == [
        "a      1 B  x",
        "long  10 B  y",
    ]


def test_no_rows_are_no_lines() -> None:
    assert columns([]) == []


def test_a_column_without_text_takes_no_room() -> None:
    assert columns([("a", "", "x"), ("b", "", "y")]) == ["a  x", "b  y"]


def test_wide_and_coloured_text_takes_the_cells_it_takes() -> None:
    red = Paint(on=True)("red", "ab")
    assert [width(text) for text in ("ab", red, "数据", "e\u0301", "🏷\ufe0f", "a\u200db")] == [2, 2, 4, 1, 1, 2]
    assert columns([(red, "x"), ("数据", "y")])[0] == f"{red}    x"


def test_a_very_long_cell_moves_only_its_own_row() -> None:
    short, long = columns([("a", "x"), ("b" * 100, "y")])
    assert short == "a" + " " * 59 + "  x"
    assert long == "b" * 100 + "  y"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("数据 é", "数据 é"),
        ("\x1b[2J", "\\x1b[2J"),
        ("a\nb\tc\r", "a\\nb\\tc\\r"),
        ("\x9b31m", "\\x9b31m"),
        ("\u202egpj.exe", "\\u202egpj.exe"),
        ("bad\udcff", "bad\\udcff"),
        ("a\u2028b", "a\\u2028b"),
        ("\x1b[31mred", "\\x1b[31mred"),
    ],
)
def test_what_could_command_the_terminal_is_spelled_out(text: str, shown: str) -> None:
    assert harmless(text, colour=False) == shown


def test_our_own_colours_stay_and_others_do_not() -> None:
    ours = Paint(on=True)("green", "ok")
    assert harmless(f"{ours}\x1b[8m", colour=True) == f"{ours}\\x1b[8m"


@given(st.text(st.characters()))
def test_no_control_character_survives(text: str) -> None:
    shown = harmless(text, colour=False)
    assert all(char >= " " and char != "\x7f" and not 0xD800 <= ord(char) <= 0xDFFF for char in shown)
