"""Values print as text: a Markdown reader displays their characters, and no markup from them."""

import html
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from hublish.pipeline.render_card.escaping import as_code, as_code_block, as_markdown, as_text

READER = MarkdownIt("gfm-like", {"linkify": False, "html": True})
# HTML is passed through and every scheme is allowed: the least safe reader that a card can meet.
setattr(READER, "validateLink", lambda _url: True)  # noqa: B010 - the reader's own switch, a method to mypy

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
marks = st.text("<>[]()!`*_~#|\\&;:=+-.1 \n\tax/'\"", max_size=40)


def shown(markdown: str) -> str:
    """Return the text that a reader sees, with each run of white space as one space."""
    rendered = READER.render(markdown)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", "", rendered)).split())


def tags(markdown: str) -> set[str]:
    return set(re.findall(r"<(\w+)", READER.render(markdown)))


@given(texts | marks)
@example("<script>alert(1)</script>")
@example("[click](javascript:alert(1))")
@example("![x](data:text/html,x)")
@example("# Heading")
@example("1. item")
@example("- item")
@example("---")
@example("===")
@example("a | b | c")
@example("`code` **bold** _em_ ~~gone~~")
@example("&lt;b&gt; &#106;avascript")
@example("line\n---\nlicense: mit")
@example("snake_case_name and _private_")
@example("    indented code")
@example("\x0bvertical")
def test_text_is_displayed_character_by_character(value: str) -> None:
    # NUL is replaced by every reader, and a reader trims white space at both ends.
    expected = " ".join(value.replace("\0", "\ufffd").split())
    assert shown(as_text(value)) == expected
    assert tags(as_text(value)) <= {"p"}


@given(texts | marks)
@example("<img src=x onerror=alert(1)>")
@example("[click](javascript:alert(1))")
@example("[click](java\\script:x)")
@example("[click](javascript\\:x)")
@example("[click](&#106;avascript:x)")
@example("[click]( javascript:x)")
@example("[click](<javascript:x>)")
@example("[click][1]\n\n[1]: javascript:x")
@example("<javascript:x>")
@example("[a](data:text/html;base64,xyz)")
@example("[a](JavaScript:x)")
@example("[a](vbscript:x)")
def test_markdown_adds_no_html_and_no_unsafe_link(value: str) -> None:
    rendered = READER.render(as_markdown(value))
    assert not re.search(r"<(script|img[^>]*onerror|iframe|object|style)", rendered, re.IGNORECASE)
    for link in re.findall(r'(?:href|src)="([^"]*)"', rendered):
        scheme = re.match(r"([^/?#]*?):", html.unescape(link))
        assert scheme is None or scheme[1].lower() in ("http", "https", "mailto"), link


@pytest.mark.parametrize(
    "value",
    [
        "**bold** and _em_",
        "- a\n- b",
        "[site](https://example.org/a_b?c=d#e)",
        "[mail](mailto:me@example.org)",
        "[other](docs/page.md)",
        "a < b and b > c, a & b",
        "| a | b |\n|---|---|\n| 1 | 2 |",
        "```python\nprint(1)\n```",
        "x[1:2] and d[a]",
        "<https://example.org/?a=b> and <me@example.org>",
    ],
)
def test_ordinary_markdown_is_unchanged(value: str) -> None:
    assert as_markdown(value) == value


@pytest.mark.parametrize("value", ["acme/digits-mlp", "v1.0.0", "2,410 parameters, 8 x 8", "snake_case", "5 GB (3-4)"])
def test_ordinary_text_is_unchanged(value: str) -> None:
    assert as_text(value) == value


@given(texts | marks)
def test_code_stays_in_its_span(value: str) -> None:
    assert "`" not in as_code(value)
    assert len(as_code(value).splitlines()) <= 1


@given(marks | st.just("```\n# out\n```"))
def test_a_code_block_is_not_ended_by_its_content(value: str) -> None:
    rendered = READER.render(f"```bibtex\n{as_code_block(value)}\n```\n\nafter")
    assert rendered.count("<pre>") == 1
    assert rendered.endswith("<p>after</p>\n")
