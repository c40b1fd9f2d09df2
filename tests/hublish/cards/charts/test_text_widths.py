"""Texts fit their places in every common font, and cannot disturb the rest of a picture."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.cards.charts.text_widths import drawable, fitted, width
from tests.hublish.cards.charts.sample_charts import HOSTILE
from tests.hublish.cards.charts.text_boxes import helvetica


@pytest.mark.parametrize("character", string.printable[:95] + "éßñæøŒЖШЮ中日本한글😀…—")
@pytest.mark.parametrize("bold", [False, True])
def test_a_character_takes_no_more_than_its_width(character: str, bold: bool) -> None:
    assert width(character, 100, bold=bold) >= helvetica(character, 100, bold=bold)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\nb\r\n\tc", "a b c"),
        ("a\x00b\x1bc", "a\ufffdb\ufffdc"),
        ("a\u202eb\u2066c", "a\ufffdb\ufffdc"),
        ("a\ud800\uffff", "a\ufffd\ufffd"),
        ("e\u0301\u0302\u0303\u0304\u0305", "e\u0301\u0302"),
        ("  a  ", "a"),
        ("\u00a0\u2028\u2029", ""),
        ("x" * 301, "x" * 299 + "…"),
        ("x" * 1_000_000, "x" * 299 + "…"),
    ],
)
def test_a_text_is_one_line_without_controls(text: str, shown: str) -> None:
    assert drawable(text) == shown


@given(st.text(max_size=60) | st.sampled_from(HOSTILE), st.floats(0, 300), st.booleans())
def test_a_text_is_shortened_to_its_place(text: str, most: float, bold: bool) -> None:
    shown = fitted(drawable(text), 13, most, bold=bold)
    assert shown == "…" or width(shown, 13, bold=bold) <= most + 0.01
    assert drawable(text).startswith(shown.removesuffix("…").rstrip())


def test_a_text_that_fits_stays_whole() -> None:
    assert fitted("validation", 13, width("validation", 13)) == "validation"
    assert fitted("validation", 13, 50) == "valid…"
