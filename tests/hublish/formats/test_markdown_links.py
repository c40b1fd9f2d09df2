"""Links and pictures of Markdown, as readers see them."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.formats.markdown_links import markdown_links, relative_path


def targets(text: str, start: int = 0) -> list[str]:
    return [link.target for link in markdown_links(text, start)]


FOUND = {
    "link": ("[a](b.md)", ["b.md"]),
    "picture": ("![a](b.png)", ["b.png"]),
    "picture_in_a_link": ("[![a](b.png)](c.md)", ["b.png", "c.md"]),
    "title": ("[a](b.md \"T\") [a](c.md 'T') [a](d.md (T))", ["b.md", "c.md", "d.md"]),
    "pointed": ("[a](<b c.md>)", ["b c.md"]),
    "parentheses": ("[a](b_(c).md)", ["b_(c).md"]),
    "on_two_lines": ("[a](\n  b.md\n)", ["b.md"]),
    "definition": ("[a][1]\n\n[1]: b.md\n[2]: <c d.md> 'T'", ["b.md", "c d.md"]),
    "html": ("<img alt=x src=\"b.png\"> <a class=c href='c.md'>x</a> <video src=d.mp4>", ["b.png", "c.md", "d.mp4"]),
    "html_on_two_lines": ('<img\n  src="b.png"\n  width="3">', ["b.png"]),
    "in_a_list": ("- a\n\n    [b](c.md)", ["c.md"]),
    "in_a_table": ("| [a](b.md) | `x` |", ["b.md"]),
    "beside_a_lone_backtick": ("a ` b [c](d.md)", ["d.md"]),
    "below_a_code_span": ("`a\n\n[c](d.md) `", ["d.md"]),
    "after_a_fence": ("```\n[a](b.md)\n```\n[c](d.md)", ["d.md"]),
}
NOT_FOUND = {
    "span": "`[a](b.md)`",
    "long_span": "`` [a](b.md) ` ``",
    "fence": "```python\n[a](b.md)\n```",
    "tildes": "~~~\n[a](b.md)\n```\n[c](d.md)\n~~~",
    "open_fence": "```\n[a](b.md)",
    "fence_in_a_list": "- a\n  ```\n  [a](b.md)\n  ```",
    "indented": "a\n\n    [a](b.md)\n\n    <img src='c.png'>\n",
    "comment": "<!-- [a](b.md)\n![c](d.png) -->",
    "escaped": r"\[a](b.md)",
    "words": "[a](see the paper)",
    "no_bracket": "f](b.md)",
    "definition_in_words": "[Note]: read this first",
    "footnote": "[^1]: b.md",
    "other_attribute": '<img data-src="b.png" alt="src=x">',
}


@pytest.mark.parametrize(("text", "expected"), FOUND.values(), ids=FOUND)
def test_links_are_found(text: str, expected: list[str]) -> None:
    assert sorted(targets(text)) == sorted(expected)


@pytest.mark.parametrize("text", NOT_FOUND.values(), ids=NOT_FOUND)
def test_code_comments_and_words_have_no_links(text: str) -> None:
    assert targets(text) == []


def test_a_link_has_its_place() -> None:
    text = "---\n[a](b)\n---\n`x` [c](d.md)"
    (link,) = markdown_links(text, text.index("`"))
    assert text[link.start : link.end] == link.target == "d.md"


@given(st.text("[]()<>`~!-\\\"' \n:a#", max_size=60))
def test_any_text_can_be_searched(text: str) -> None:
    for link in markdown_links(text):
        assert text[link.start : link.end] == link.target


@pytest.mark.parametrize(
    "piece", ["`", "``` ", "[", "](", '](a "', "<!--", "<img ", "[a]: ", "`a``", "\n\n", "((", "<", "    a\n", "[a](b "]
)
def test_many_openings_takes_linear_time(piece: str) -> None:
    begun = time.process_time()
    assert len(targets(piece * ((1 << 16) // len(piece)))) < 1 << 16
    assert time.process_time() - begun < 60


PATHS = {
    "https://a.example/b": "",
    "//a.example/b": "",
    "mailto:a@b.example": "",
    "data:image/png;base64,AA": "",
    "#part": "",
    "?a=b": "",
    "/acme/other": "",
    ".": "",
    "": "",
    "a.md#part": "a.md",
    "a.md?raw=true": "a.md",
    "./a/../b.md": "b.md",
    "a%20b.png": "a b.png",
    "docs/": "docs",
    "../b.md": "../b.md",
    "resolve/main/a/b.png": "a/b.png",
    "./blob/v1.0/a.md": "a.md",
    "www.example.com": "www.example.com",
}


@pytest.mark.parametrize(("target", "path"), PATHS.items())
def test_a_target_names_a_path_of_the_repo_or_none(target: str, path: str) -> None:
    assert relative_path(target) == path
