"""Lines with carets: under the right cells, within the width, and without anything that controls a terminal."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hublish.cli.report.diagnostics import Mark, Page, excerpt, fitted, gutter
from hublish.cli.terminal.color import Paint
from hublish.cli.terminal.text import width
from hublish.schemas.diagnose.problems import Location, SourceText

PAGE = Page(Paint())
TOKEN = "hf_" + "aBcDeFgHiJkLmNoPqRsTuVwXyZ01234567"


def shown(text: str, start: int, end: int | None = None, page: Page = PAGE) -> list[str]:
    """Return the excerpt without its gutter."""
    lines = excerpt([Mark(SourceText(text, "hub.yaml").location(start, end))], page, 2)
    return [line[5:] for line in lines[1:]]


def marked(text: str, what: str, page: Page = PAGE) -> list[str]:
    start = text.index(what)
    return shown(text, start, start + len(what), page)


@pytest.mark.parametrize(
    ("text", "what", "line", "carets"),
    [
        ("a: bad # c", "bad", "a: bad # c", "   ^^^"),
        ("a:\tbad", "bad", "a:    bad", "      ^^^"),
        ("a:\n\tb: 1", "\t", "\\tb: 1", "^^"),
        ("名前: bad", "bad", "名前: bad", "      ^^^"),
        ("a: 名前", "名前", "a: 名前", "   ^^^^"),
        ("e\u0301: bad", "bad", "e\u0301: bad", "   ^^^"),
        ("🙂: bad", "bad", "🙂: bad", "    ^^^"),
        ("a: \x1b[31mbad", "bad", r"a: \x1b[31mbad", "           ^^^"),
        ("a: \x1b[31m", "\x1b", r"a: \x1b[31m", "   ^^^^"),
        ("a: \u202ebad", "bad", r"a: \u202ebad", "         ^^^"),
        ("a:\xa0bad", "\xa0", r"a:\xa0bad", "  ^^^^"),
        ("a: \ufffdx", "\ufffd", "a: \ufffdx", "   ^"),
        ("a: bad\r\nb: 1\r\n", "bad", "a: bad", "   ^^^"),
        ("a: bad   \nb: 1", "bad", "a: bad", "   ^^^"),
        ("a: 'bad\n  more'", "'bad\n  more'", "a: 'bad", "   ^^^^"),
    ],
)
def test_carets_are_under_the_marked_text(text: str, what: str, line: str, carets: str) -> None:
    assert marked(text, what) == [line, carets]


@pytest.mark.parametrize(
    ("text", "start", "lines"),
    [
        ("a: ", 3, ["a:", "   ^"]),
        ("a: 1\n", 5, ["", "^"]),
        ("a: 1\n\nb: 2", 5, ["", "^"]),
        ("", 0, ["", "^"]),
        ("a: 1", 99, ["a: 1", "    ^"]),
    ],
)
def test_a_place_between_characters_and_the_end_of_the_file_get_one_caret(
    text: str, start: int, lines: list[str]
) -> None:
    assert [line.strip("|") for line in shown(text, start)] == lines


def test_unencodable_characters_are_escaped_and_the_carets_move_along() -> None:
    assert marked("é: bad", "bad", Page(Paint(), encoding="ascii")) == [r"\xe9: bad", "      ^^^"]


@pytest.mark.parametrize("secret", [TOKEN, "s3cr3t-of-this-run"])
def test_a_masked_secret_moves_no_caret(secret: str) -> None:
    line, carets = marked(f"a: {secret} bad", "bad", Page(Paint(), secrets=("s3cr3t-of-this-run",)))
    assert line == f"a: {'*' * len(secret)} bad"
    assert carets == " " * (len(secret) + 4) + "^^^"


@pytest.mark.parametrize("distance", [0, 10, 80, 150, 1000])
def test_a_secret_is_masked_however_long_the_line(distance: int) -> None:
    secret = "ghp" + "_" + "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1eF3gH5"
    for text in (f"{'x' * distance} {secret} bad", f"bad {secret} {'x' * distance}", f"{secret} {'x' * distance} bad"):
        shown_lines = "".join(marked(text, "bad", Page(Paint(), width=60)))
        assert not any(secret[place : place + 6] in shown_lines for place in range(len(secret) - 6))


def test_a_secret_can_be_marked_and_is_not_shown() -> None:
    assert marked(f"a: {TOKEN}", TOKEN) == [f"a: {'*' * len(TOKEN)}", f"   {'^' * len(TOKEN)}"]


@pytest.mark.parametrize(
    ("before", "what", "after", "line", "carets"),
    [
        ("", "bad", "x" * 99, "badxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...", "^^^"),
        ("x" * 99, "bad", "", "...xxxxxxxxxbad", "            ^^^"),
        ("x" * 99, "bad", "y" * 99, "...xxxxxxxxxbadyyyyyyyyyyyyyyyyyyyy...", "            ^^^"),
        ("a: ", "b" * 99, "", "a: bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb...", "   " + "^" * 32),
    ],
)
def test_a_long_line_is_cut_around_the_place(before: str, what: str, after: str, line: str, carets: str) -> None:
    assert marked(before + what + after, what, Page(Paint(), width=43)) == [line, carets]


def test_two_places_share_a_line_or_show_a_gap() -> None:
    text = SourceText("a: {b: 1, b: 2}\nc: 1\nd: 1\na: 2\n", "hub.yaml")
    marks = [
        Mark(text.location(10, 11)),
        Mark(text.location(4, 5), sign="-", label="first here"),
        Mark(text.location(26, 27)),
    ]
    assert excerpt(marks, PAGE, 2) == [
        "   |",
        " 1 | a: {b: 1, b: 2}",
        "   |     - first here",
        "   |           ^",
        "...",
        " 4 | a: 2",
        "   | ^",
    ]


def test_a_place_without_its_text_has_no_excerpt() -> None:
    assert excerpt([Mark(Location("hub.yaml", 1, 1))], PAGE, 2) == []


def test_only_carets_and_numbers_are_colored() -> None:
    lines = excerpt([Mark(SourceText("a: bad", "x").location(3, 6), "yellow")], Page(Paint(on=True)), 2)
    assert lines == [
        "   \x1b[36m|\x1b[0m",
        "\x1b[36m 1\x1b[0m \x1b[36m|\x1b[0m a: bad",
        "   \x1b[36m|\x1b[0m    \x1b[33m^^^\x1b[0m",
    ]


def test_line_numbers_have_room_for_two_digits_or_more() -> None:
    assert [gutter([Location("x", line, 1)]) for line in (1, 12, 123)] == [2, 2, 3]
    assert gutter([]) == 2


odd = st.sampled_from("a b\t\n\r:'\x00\x1b\x7f\u202e\u2028\ufeff\u0301\u200dé名🙂\U000e0001")
texts = st.text(odd | st.characters(), max_size=200)
encodings = st.sampled_from(["utf-8", "ascii"])


@given(texts, st.integers(0, 200), st.none() | st.integers(0, 200), st.integers(1, 90), encodings)
@example("::error::x", 0, None, 40, "utf-8")
@example(f"token: {TOKEN}", 9, 20, 40, "utf-8")
def test_any_place_in_any_text_can_be_shown(text: str, start: int, end: int | None, size: int, encoding: str) -> None:
    page = Page(Paint(), size, encoding)
    place = SourceText(text, "hub.yaml").location(start, end)
    lines = excerpt([Mark(place)], page, gutter([place]))
    assert len(lines) == 3
    assert all(width(line) <= max(25, size) for line in lines)
    assert all(line.isprintable() for line in lines)
    assert not any(line.lstrip().startswith("::") for line in lines)
    assert TOKEN[:12] not in "".join(lines)


@given(texts, st.integers(0, 200), st.integers(0, 200), st.integers(20, 90))
def test_there_are_as_many_carets_as_the_marked_text_is_wide(text: str, start: int, end: int, room: int) -> None:
    place = SourceText(text, "hub.yaml").location(start, end)
    line = fitted(place, room, PAGE)
    space, carets = line.underline("^")
    assert len(space) == width(line.before)
    assert len(carets) == max(1, width(line.marked))
    assert width(f"{line.before}{line.marked}{line.after}") <= room
