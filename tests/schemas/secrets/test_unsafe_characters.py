"""The line around a character, for each kind of line end."""

import pytest

from hublish.schemas.secrets.unsafe_characters import line_around


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
@pytest.mark.parametrize(("offset", "line"), [(0, "first"), (4, "first"), (-1, "last"), (-4, "last")])
def test_a_line_is_found_around_a_character(end: str, offset: int, line: str) -> None:
    text = f"first{end}{end}last"
    start, stop = line_around(text, offset % len(text))
    assert text[start:stop] == line


def test_an_empty_text_is_one_line() -> None:
    assert line_around("", 0) == (0, 0)
