"""Markdown for GitHub: texts of other origin stay text, and every release fits a comment."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from hublish.cli.report.markup import LIMIT, Block, Fence, Fold, Ink, Items, Paragraph, Table, render
from hublish.cli.terminal.text import escaped

INK = Ink()
TOKEN = "hf_" + "canary" * 6
# The elements that our own markup creates around names.
OURS = {
    "p",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "code",
    "pre",
    "ul",
    "li",
    "details",
    "summary",
    "strong",
    "em",
}
HOSTILE = [
    "a|b",
    "`code`",
    "``` ```",
    "a\\|b",
    "<img src=x onerror=alert(1)>",
    "</code></summary></details><script>alert(1)</script>",
    "<!-- comment",
    "-->",
    "![x](http://evil/p.png)",
    "[x](http://evil)",
    "[x]: http://evil",
    "http://evil/",
    "https://evil.example/?a=1&b=2",
    "www.evil.example",
    "me@evil.example",
    "mailto:me@evil.example",
    "@octocat",
    "@acme/team",
    "see #123",
    "acme/repo#123",
    "GH-123",
    "acme/repo@0123456789abcdef0123456789abcdef01234567",
    "0123456789abcdef0123456789abcdef01234567",
    "deadbeef",
    ":tada:",
    "$x^2$",
    "$$x$$",
    "**bold** __bold__ *it* _it_ ~~gone~~",
    "# heading",
    "- [ ] task",
    "1. item",
    "---",
    "===",
    "> quote",
    "&amp; &#64;octocat",
    "[^1]",
    "a\nb",
    "a\r\n\r\n# b",
    "a\u2028b",
    "\u202egnp.exe",
    "\x1b[31m\x00\x07",
    "\ud800",
    "  spaces  ",
    " ",
    "\t",
    "x" * 300,
    "数据集",
    "e\u0301",
    "\\",
    "\\\\",
    "|",
    "||||",
    "`",
    "a`b``c",
    "<b>",
    "<details open>",
    "{% raw %}",
    "{{ x }}",
    "[[wiki]]",
    "!",
    "%0A::error::x",
    "::error::x",
]


class Page(HTMLParser):
    """The elements and the text of rendered Markdown."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.pieces: list[str] = []
        # This renderer does not search for addresses without markup, as GitHub does: a test below searches the source.
        self.feed(MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(text))
        self.close()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)

    @property
    def text(self) -> str:
        return "".join(self.pieces)


def shown(text: str) -> str:
    return escaped(text, color=False)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_name_shows_only_its_own_characters_wherever_it_is(text: str) -> None:
    name, words = INK.code(text), INK.text(text)
    blocks: list[Block] = [
        Paragraph(f"before {name} {words} after"),
        Items([f"**High:** {words}", f"x {name}"]),
        Table(("a", "b"), [(name, words), ("c", "d")]),
        Fold(
            f"{INK.html(text)}: {words}", [Fence([INK.line(f"+{text}"), INK.line(f" {text}"), INK.line(text)], "diff")]
        ),
    ]
    page = Page(render(blocks))
    assert set(page.tags) <= OURS
    assert page.tags.count("table") == page.tags.count("pre") == page.tags.count("details") == 1
    assert (page.tags.count("td"), page.tags.count("li"), page.tags.count("p")) == (4, 2, 1)
    collapsed = re.sub(r"\s+", " ", page.text)
    assert collapsed.count(re.sub(r"\s+", " ", shown(text)).strip()) >= 6


@pytest.mark.parametrize("text", HOSTILE)
def test_github_finds_no_reference_in_the_text_around_code(text: str) -> None:
    # Between elements, the text is as GitHub's filters search it; in `<code>` and `<pre>` they search nothing.
    pieces = re.split(r"<!-- -->", INK.text(text))
    plain = [re.sub(r"&#(\d+);", lambda found: chr(int(found[1])), piece) for piece in pieces]
    for piece in plain:
        assert not re.search(r"@\w|#\d|\bGH-\d|\b[0-9a-f]{7,40}\b", piece)
    assert not re.search(r"https?:|www\.|mailto:|:\w+:", INK.text(text), re.IGNORECASE)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=40))
def test_any_text_shows_its_own_characters(text: str) -> None:
    page = Page(render([Table(("a", "b"), [(INK.code(text), INK.text(text))])]))
    assert set(page.tags) <= OURS
    assert page.tags.count("td") == 2


def test_a_token_is_masked_before_it_is_escaped() -> None:
    for ink in (INK.text, INK.code, INK.html, INK.line):
        assert "canary" not in ink(TOKEN)
        assert "canary" not in ink(f"a`|{TOKEN}")


@pytest.mark.parametrize("line", ["```", " ```", "````diff", "`" * 50, "~~~", "a ``` b"])
def test_a_fence_holds_every_line(line: str) -> None:
    page = Page(render([Fence([line, "<b>", "# x"], "diff"), Paragraph("after")]))
    assert page.tags == ["pre", "code", "p"]
    assert page.pieces[0] == f"{line}\n<b>\n# x\n"


def many(noun: str, count: int = 20_000) -> Table:
    return Table(("path", "rule"), [(f"`images/{number:05}.png`", "x") for number in range(count)], noun)


@pytest.mark.parametrize(
    ("blocks", "left"),
    [
        ([many("file")], "files"),
        ([Fold("x", [many("file"), Fence(["+x"] * 9)])], "files, 9 lines"),
        ([Fence(["+" + "x" * 50] * 20_000)], "lines"),
        ([Items(["x" * 30] * 20_000, "surprise")], "surprises"),
        ([Paragraph("x" * 70_000), Paragraph("y")], "1 paragraph"),
        ([Fold(f"{number}", [Fence(["+x"])]) for number in range(5_000)], "lines"),
        ([Fence(["x" * 100_000])], "1 line"),
        ([Table(("a",), [("b",)] * 30, "entry", most=9)], "21 entries"),
    ],
)
def test_whatever_its_size_a_result_fits_a_comment_and_counts_what_is_left_out(blocks: list[Block], left: str) -> None:
    text = render([Paragraph("**verdict**"), *blocks, many("row")], hint="`hublish show`")
    assert len(text) <= LIMIT
    assert text.startswith("**verdict**\n")
    assert re.search(rf"^\*Left out: .*{left}.*\.\* `hublish show`$", text, re.MULTILINE)
    # Nothing is cut within an element.
    assert text.count("<details") == text.count("</details>")
    assert len(re.findall("^```", text, re.MULTILINE)) % 2 == 0


def test_a_short_result_is_whole() -> None:
    text = render([Paragraph("a"), Table(("b",), [("c",)]), Fold("d", [Fence(["e"])])])
    assert text == "a\n\n| b |\n| --- |\n| c |\n\n<details><summary>d</summary>\n\n```\ne\n```\n\n</details>\n"
