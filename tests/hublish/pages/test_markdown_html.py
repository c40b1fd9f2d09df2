"""Markdown of a stranger becomes HTML that shows the card, and changes nothing around it."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.pages.markdown_html import Addresses, heading_id, markdown_html

ADDRESSES = Addresses(link=lambda target: f"https://hub/{target}", picture=lambda target: f"data:{target}")
NOWHERE = Addresses(link=lambda target: target, picture=lambda _: None)


def shown(text: str, addresses: Addresses = ADDRESSES) -> str:
    return markdown_html(text, addresses).strip()


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("# Title", '<h1 id="card-title">Title</h1>'),
        ("## Two words, a comma", '<h2 id="card-two-words-a-comma">Two words, a comma</h2>'),
        ("a **b** ~~c~~", "<p>a <strong>b</strong> <s>c</s></p>"),
        ("![curve](c.png)", '<p><img src="data:c.png" alt="curve"></p>'),
        ("[file](LICENSE)", '<p><a href="https://hub/LICENSE" rel="noopener noreferrer nofollow">file</a></p>'),
        ("[down](#use)", '<p><a href="#card-use" rel="noopener noreferrer nofollow">down</a></p>'),
        ('<p align="center">x</p>', '<p align="center">x</p>'),
        ("```python\nx < 1\n```", '<pre tabindex="0"><code>x &lt; 1\n</code></pre>'),
    ],
)
def test_markdown_is_shown_as_on_the_hub(text: str, html: str) -> None:
    assert shown(text) == html


def test_columns_of_numbers_keep_their_alignment() -> None:
    html = shown("| a | b |\n|---|---:|\n| x | 1 |")
    assert '<td align="right">1</td>' in html
    assert "style" not in html


def test_headings_of_the_same_text_have_ids_of_their_own() -> None:
    assert re.findall(r'id="([^"]+)"', shown("# Use\n\n# Use\n\n# Use")) == ["card-use", "card-use-1", "card-use-2"]


def test_an_id_of_the_author_cannot_take_the_place_of_ours() -> None:
    assert "id=" not in shown('<div id="card-use">x</div>')


def test_a_dark_picture_keeps_its_condition() -> None:
    picture = '<picture><source media="(prefers-color-scheme: dark)" srcset="d.svg"><img alt="a" src="l.svg"></picture>'
    html = shown(picture)
    assert 'media="(prefers-color-scheme: dark)"' in html
    assert 'srcset="data:d.svg"' in html
    assert 'src="data:l.svg"' in html


def test_a_picture_without_an_address_shows_its_alternative_text() -> None:
    assert shown("![a curve](https://elsewhere/x.png)", NOWHERE) == '<p><img alt="a curve"></p>'


def test_candidates_of_a_srcset_keep_their_sizes() -> None:
    assert 'srcset="data:a.png 1x, data:b.png 2x"' in shown('<img srcset="a.png 1x, b.png 2x" alt="x">')


ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)><a xlink:href='javascript:alert(1)'>x</a></svg>",
    "<iframe src='https://elsewhere'></iframe>",
    "<style>main { display: none }</style>",
    "<p style='position: fixed; inset: 0'>x</p>",
    "<form action='https://elsewhere'><input name=token><button>Sign in</button></form>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](data:text/html,<script>alert(1)</script>)",
    "[x](vbscript:x)",
    "<a href=' javascript:alert(1)'>x</a>",
    "<a href='java&#10;script:alert(1)'>x</a>",
    "<a href='&#106;avascript:alert(1)'>x</a>",
    "<base href='https://elsewhere'>",
    "<meta http-equiv=refresh content='0;url=https://elsewhere'>",
    "<link rel=stylesheet href='https://elsewhere'>",
    "<object data=x></object><embed src=x>",
    "<math><mtext><style><img src=x onerror=alert(1)></style></mtext></math>",
    "</main></body><script>alert(1)</script>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<template><script>alert(1)</script></template>",
    "<a href='https://x' target=_top>x</a>",
    "<details ontoggle=alert(1) open>x</details>",
]
ALLOWED = {"src", "srcset", "alt", "title", "width", "height", "href", "rel", "align", "id", "open", "media", "type"}
REMOVED = {"script", "style", "iframe", "form", "input", "button", "base", "meta", "link", "object", "embed", "svg"}


class Elements(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags, self.attributes, self.targets = set[str](), set[str](), list[str]()
        self.closed = list[str]()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.targets += [value or "" for name, value in attrs if name == "href"]

    def handle_endtag(self, tag: str) -> None:
        self.closed.append(tag)


@pytest.mark.parametrize("text", ATTACKS)
def test_an_attack_leaves_nothing_that_runs_or_loads(text: str) -> None:
    found = Elements(shown(text, NOWHERE))
    assert not found.tags & REMOVED
    assert found.attributes <= ALLOWED
    assert all(target.startswith(("https:", "http:", "mailto:", "#")) or ":" not in target for target in found.targets)
    assert "main" not in found.closed


@given(st.text(alphabet=st.sampled_from("<>/\"'=&;:#`*_[]()!| \n-aimgscriptonerrorhefjvdat"), max_size=200))
def test_no_text_becomes_an_element_that_is_not_allowed(text: str) -> None:
    found = Elements(shown(text, NOWHERE))
    assert not found.tags & REMOVED
    assert found.attributes <= ALLOWED | {"start", "colspan", "rowspan", "scope"}


@pytest.mark.parametrize(("text", "name"), [("A b", "card-a-b"), ("C++ & D!", "card-c--d"), ("Über", "card-über")])
def test_the_id_of_a_heading_follows_its_text(text: str, name: str) -> None:
    assert heading_id(text) == name
