"""Changes of content as a page shows them: in the room that there is, without credentials."""

from typing import get_args

import pytest

from hublish.diffs.differences import Entry, FileDiff, Hunk, Kind, Line
from hublish.pages.diff_html import shown_diff
from tests.hublish.pages.evidence import text_diff

# Not a real one, and written in parts: a search for secrets in this repository finds nothing.
HUB_TOKEN = "hf_" + "aBcDeFgHiJkLmNoPqRsTuVwXyZ01234567"
ROOM = 10_000


def test_lines_keep_their_marks_and_show_what_is_invisible() -> None:
    lines = [Line(" ", "a\tb"), Line("-", "x\r"), Line("+", "y\u202ez")]
    assert shown_diff(text_diff("a", lines), ROOM).hunks == (
        Hunk(1, 1, (Line(" ", "a\tb"), Line("-", "x\\r"), Line("+", "y\\u202ez"))),
    )


def test_a_long_line_is_cut_and_counted() -> None:
    shown = shown_diff(text_diff("a", [Line("+", "x" * 1_000_000)]), ROOM)
    assert shown.hunks[0].lines[0].text == "x" * 400 + " … 999,600 more characters"


def test_lines_beyond_the_room_are_counted() -> None:
    shown = shown_diff(text_diff("a", [Line("+", "x" * 86)] * 150, more=7), ROOM)
    assert len(shown.hunks[0].lines) == 100
    assert shown.more == 50 + 7


def test_entries_beyond_the_room_are_counted() -> None:
    entries = tuple(Entry("n" * 20, "b" * 10, None) for _ in range(200))
    shown = shown_diff(FileDiff("a", "json", "s", entries=entries, more=1, before_size=1, after_size=2), ROOM)
    assert shown.more == 200 - len(shown.entries) + 1
    assert 50 < len(shown.entries) < 150


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [(1, None, ("delete", "-", "1 B")), (None, 1, ("add", "+", "1 B")), (1, 2000, ("change", "~", "1 B → 2.0 KB"))],
)
def test_the_action_and_the_sizes_are_shown(before: int | None, after: int | None, shown: tuple[str, str, str]) -> None:
    for kind in get_args(Kind):
        found = shown_diff(FileDiff("a", kind, "s", before_size=before, after_size=after), ROOM)
        assert (found.action, found.mark, found.sizes) == shown


def test_credentials_are_masked_in_every_text() -> None:
    entries = (Entry(HUB_TOKEN, HUB_TOKEN, HUB_TOKEN),)
    lines = [Line("+", f"token = {HUB_TOKEN}"), Line("-", "x" * 380 + HUB_TOKEN)]
    shown = shown_diff(text_diff("a", lines, summary=HUB_TOKEN, entries=entries), ROOM)
    assert HUB_TOKEN[4:16] not in repr(shown)
