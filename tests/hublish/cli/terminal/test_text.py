"""Columns line up, and no text controls the terminal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.cli.terminal.color import Paint
from hublish.cli.terminal.text import columns, escaped, plural, width


@pytest.mark.parametrize(("count", "text"), [(0, "0 files"), (1, "1 file"), (2, "2 files"), (5000, "5,000 files")])
def test_counts_have_a_singular_and_a_plural(count: int, text: str) -> None:
    assert plural(count, "file") == text


def test_columns_line_up_and_numbers_are_aligned_right() -> None:
    assert columns([("a", "1 B", "x"), ("long", "10 B", "y")], right=(1,)) == [
        "a      1 B  x",
        "long  10 B  y",
    ]


def test_no_rows_make_no_lines() -> None:
    assert columns([]) == []


def test_an_empty_column_takes_no_room() -> None:
    assert columns([("a", "", "x"), ("b", "", "y")]) == ["a  x", "b  y"]


def test_wide_and_colored_text_has_the_width_of_its_cells() -> None:
    red = Paint(on=True)("red", "ab")
    assert [width(text) for text in ("ab", red, "数据", "e\u0301", "🏷\ufe0f", "a\u200db")] == [2, 2, 4, 1, 1, 2]
    assert columns([(red, "x"), ("数据", "y")])[0] == f"{red}    x"


def test_a_very_long_cell_pushes_only_its_own_row() -> None:
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
def test_control_characters_are_escaped(text: str, shown: str) -> None:
    assert escaped(text, color=False) == shown


def test_only_our_own_color_sequences_are_kept() -> None:
    ours = Paint(on=True)("green", "ok")
    assert escaped(f"{ours}\x1b[8m", color=True) == f"{ours}\\x1b[8m"


@given(st.text(st.characters()))
def test_no_control_character_survives(text: str) -> None:
    shown = escaped(text, color=False)
    assert all(char >= " " and char != "\x7f" and not 0xD800 <= ord(char) <= 0xDFFF for char in shown)
