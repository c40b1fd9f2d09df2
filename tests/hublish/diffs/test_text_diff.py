"""Texts are compared by lines, in any encoding, and without credentials."""

import pytest

from hublish.diffs.differences import Line
from hublish.diffs.text_diff import MOST_LINES, MOST_TEXT
from tests.hublish.diffs.sides import compared, marked

TOKEN = "hf_" + "aBcDeFgHiJkLmNoPqRsTuVwXyZaBcDeFgH"
KEY = (
    "-----BEGIN PRIVATE KEY-----\n"
    + "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQ\n" * 3
    + "-----END PRIVATE KEY-----\n"
)


@pytest.mark.parametrize(
    ("before", "after", "summary", "lines"),
    [
        pytest.param(b"a\nb\n", b"a\nc\n", "+1 -1 lines", ["-b", "+c"], id="a changed line"),
        pytest.param(b"a\r\nb\r\n", b"a\r\nc\r\n", "+1 -1 lines", ["-b", "+c"], id="CRLF on both sides"),
        pytest.param(b"a\r\nb\r\n", b"a\nb\n", "line ends CRLF -> LF", [], id="other line ends alone"),
        pytest.param(
            b"a\r\nb\r\n", b"a\nc\n", "+1 -1 lines; line ends CRLF -> LF", ["-b", "+c"], id="a line and its end"
        ),
        pytest.param(b"a\nb\n", b"a\r\nb\n", "+1 -1 lines", ["-a", "+a\r"], id="one other line end"),
        pytest.param(b"a\nb", b"a\nb\n", "line end at the end of the file added", [], id="the last line end"),
        pytest.param(b"a\r\nb\r\n", b"a\r\nb", "line end at the end of the file removed", [], id="the last CRLF"),
        pytest.param(b"", b"x\n", "+1 -0 lines", ["+x"], id="from an empty file"),
        pytest.param(b"x", b"", "+0 -1 lines; line end at the end of the file added", ["-x"], id="to an empty file"),
        pytest.param(b"\n", b"\n\n", "+1 -0 lines", ["+"], id="empty lines"),
        pytest.param(
            b"a\n", b"\xef\xbb\xbfa\n", "encoding UTF-8 -> UTF-8 with byte order mark", [], id="a byte order mark"
        ),
        pytest.param(
            "añ\n".encode("utf-16"), "aé\n".encode(), "+1 -1 lines; encoding UTF-16-LE -> UTF-8", ["-añ", "+aé"],
            id="UTF-16",
        ),
        pytest.param(
            "ñ\n".encode("utf-32"), "ñ\n".encode("utf-16"), "encoding UTF-32-LE -> UTF-16-LE", [], id="UTF-32"
        ),
        pytest.param(
            b"a\xe9\n", "aé\n".encode(), "+1 -1 lines; encoding not UTF-8 -> UTF-8", ["-a\\xe9", "+aé"], id="Latin-1"
        ),
        pytest.param(
            "a\u2028b\x0bc\x85\n".encode(), "a\u2028b\x0bc\n".encode(), "+1 -1 lines",
            ["-a\u2028b\x0bc\x85", "+a\u2028b\x0bc"], id="characters that other tools take for line ends",
        ),
    ],
)  # fmt: skip
def test_a_change_of_a_text_is_shown_by_its_lines_and_its_bytes(
    before: bytes, after: bytes, summary: str, lines: list[str]
) -> None:
    diff = compared("a.txt", before, after)
    assert (diff.kind, diff.summary, marked(diff)) == ("text", summary, lines)
    assert (diff.before_size, diff.after_size) == (len(before), len(after))


@pytest.mark.parametrize(
    ("before", "after", "summary"),
    [(b"\0abc", b"\0abcd", "4 B -> 5 B"), (b"a\0b", b"c", "3 B -> 1 B"), (b"\0a", b"\0b", "2 B, other bytes")],
)
def test_bytes_that_are_no_text_are_compared_by_size(before: bytes, after: bytes, summary: str) -> None:
    diff = compared("a.bin", before, after)
    assert (diff.kind, diff.summary, diff.hunks) == ("binary", summary, ())


def test_a_text_that_is_too_large_is_compared_by_size() -> None:
    assert compared("a.txt", b"a" * (MOST_TEXT + 1), b"b").kind == "binary"


def test_the_beginning_of_an_added_or_deleted_text_is_shown_and_the_rest_counted() -> None:
    text = b"".join(b"%d\n" % number for number in range(30))
    added, deleted = compared("a.txt", None, text), compared("a.txt", text, None)
    assert marked(added) == [f"+{number}" for number in range(10)]
    assert marked(deleted) == [f"-{number}" for number in range(10)]
    assert [(each.summary, each.more) for each in (added, deleted)] == [
        ("added: 30 lines, 80 B", 20),
        ("deleted: 30 lines, 80 B", 20),
    ]


def test_of_a_very_large_added_text_only_the_beginning_is_read() -> None:
    diff = compared("a.txt", None, b"line\n" * 4_000_000)
    assert (diff.summary, len(marked(diff))) == ("added: 20.0 MB", 10)


def test_lines_beyond_the_limit_are_counted() -> None:
    before = b"".join(b"%d\n" % number for number in range(3000))
    after = before.replace(b"1", b"x")
    diff = compared("a.txt", before, after)
    shown = len(marked(diff))
    assert sum(len(hunk.lines) for hunk in diff.hunks) <= MOST_LINES
    added, removed = diff.summary.split(" lines")[0].split()
    assert shown + diff.more == int(added.replace(",", "")) - int(removed.replace(",", ""))


def test_of_long_lines_the_part_that_differs_is_shown() -> None:
    start, end = "x" * 100_000, "y" * 100_000
    diff = compared("a.js", f"{start}before{end}".encode(), f"{start}after{end}".encode())
    old, new = marked(diff)
    assert "xbeforey" in old
    assert "xaftery" in new
    assert max(len(old), len(new)) < 600


def test_of_a_long_line_around_a_change_only_the_beginning_is_shown() -> None:
    diff = compared("a.js", f"{'x' * 9000}\na\n".encode(), f"{'x' * 9000}\nb\n".encode())
    (context,) = marked(diff, " ")
    assert len(context) < 600


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        (TOKEN, TOKEN[3:]),
        (f"token: {TOKEN}", TOKEN[3:]),
        ("https://user:s3cretPassword1@host.io/x", "s3cretPassword1"),
        (KEY, "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQ"),
        ("x" * 9000 + f" {TOKEN} " + "x" * 100, TOKEN[3:]),
        ("x" * 7990 + f" {TOKEN}", TOKEN[3:15]),
    ],
)
@pytest.mark.parametrize("path", ["README.md", "a.txt", "a.csv"])
def test_credentials_in_texts_are_masked(text: str, hidden: str, path: str) -> None:
    safe = b"nothing,here\n"
    data = f"first,line\n{text}\nlast,line\n".encode()
    for diff in (
        compared(path, data, safe), compared(path, safe, data), compared(path, data, None), compared(path, None, data),
        compared(path, data, data.replace(b"last", b"very last")),
    ):  # fmt: skip
        assert hidden not in repr(diff)
        assert diff.hunks


def test_a_key_over_several_lines_leaves_as_many_lines() -> None:
    diff = compared("a.txt", f"a\n{KEY}b\n".encode(), b"a\nb\n")
    assert len(marked(diff)) == KEY.count("\n")


def test_only_of_the_card_both_texts_are_kept() -> None:
    card = compared("README.md", b"# A\n", b"# B\n")
    assert (card.before_text, card.after_text) == ("# A\n", "# B\n")
    assert compared("README.md", None, b"# B").after_text == "# B"
    assert compared("README.md", b"# A", None).before_text == "# A"
    other = compared("docs/README.md", b"# A\n", b"# B\n")
    assert (other.before_text, other.after_text) == (None, None)


def test_texts_are_not_escaped_which_is_left_to_whoever_shows_them() -> None:
    diff = compared("a.txt", b"a\n", "a\n\x1b[31m\u202e<b>\n".encode())
    assert diff.hunks[0].lines[-1] == Line("+", "\x1b[31m\u202e<b>")
