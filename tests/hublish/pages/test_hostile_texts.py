"""Texts of strangers change nothing outside their place in a review page."""

import re
from functools import cache
from html.parser import HTMLParser

import pytest

from hublish.pages.markdown_html import _ATTRIBUTES, _TAGS
from hublish.pages.review_page import Evidence, review_page
from tests.hublish.pages.evidence import evidence, plan_of
from tests.hublish.pages.hostile import HOSTILE

# Of cards, beside those of our own around them.
CARD_TAGS = _TAGS | {"bdi"}
INVISIBLE = "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
CARD_ATTRIBUTES = {name for names in _ATTRIBUTES.values() for name in names} | {"rel", "tabindex"}


class Skeleton(HTMLParser):
    """The elements and attributes of a page, those of cards apart; and its texts."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.page: list[tuple[str, object]] = []
        self.cards: list[tuple[str, list[tuple[str, str | None]]]] = []
        self.texts: list[str] = []
        self.in_card = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self.in_card:
            self.cards.append((tag, attrs))
        else:
            self.page.append((tag, sorted(attrs, key=str)))
        self.in_card = self.in_card or ("class", "card") in attrs

    def handle_endtag(self, tag: str) -> None:
        # A card contains no section.
        self.in_card = self.in_card and tag != "section"
        if not self.in_card:
            self.page.append((f"/{tag}", ()))

    def handle_data(self, data: str) -> None:
        if not self.in_card:
            self.texts.append(data)

    def handle_comment(self, data: str) -> None:
        self.page.append(("comment", data))

    def handle_decl(self, decl: str) -> None:
        self.page.append(("declaration", decl))

    def unknown_decl(self, data: str) -> None:
        self.page.append(("unknown", data))

    def handle_pi(self, data: str) -> None:
        self.page.append(("instruction", data))


def harmless(text: str) -> str:
    """Return a text of the same form, of letters alone."""
    return re.sub("[^/]", "a", text)


@cache
def expected(name: str) -> list[tuple[str, object]]:
    """Return the elements of a page with harmless texts and such a name of a file."""
    return Skeleton(review_page(evidence("a", name, ("a", "# Title\n\na\n")))).page


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_a_hostile_text_changes_no_element_of_the_page(number: int) -> None:
    text = HOSTILE[number]
    name = text[:300]
    page = review_page(evidence(text, name, (text, f"# Title\n\n{text}\n")))
    found = Skeleton(page)
    assert found.page == expected(harmless(name))
    assert {tag for tag, _ in found.cards} <= CARD_TAGS
    # Cards are shown as the Hub shows them; all other texts with escapes.
    assert re.findall(INVISIBLE, "".join(found.texts)) == []
    assert len(page) < 300_000
    for tag, attributes in found.cards:
        for key, value in attributes:
            # Our own: the list of metadata, and a note on a card that is too long.
            ours = (tag, key) in (("ul", "class"), ("ul", "aria-label"), ("p", "class"))
            assert ours or key in CARD_ATTRIBUTES, (tag, key)
            assert not re.match(r"\s*(?:javascript|vbscript|data:text)", value or "", re.IGNORECASE)
            assert key not in ("src", "srcset") or (value or "").startswith("data:image/")


def test_names_are_shown_with_escapes_in_their_place() -> None:
    texts = Skeleton(review_page(evidence("invoice\u202egpj.exe"))).texts
    assert texts.count("invoice\\u202egpj.exe") > 10


def test_the_reasons_of_a_refusal_stay_text() -> None:
    found, plain = (
        Skeleton(review_page(Evidence(plan_of(refusals=texts), "e" * 64))) for texts in (HOSTILE, ["a"] * len(HOSTILE))
    )
    assert found.page == plain.page
    assert re.findall(INVISIBLE, "".join(found.texts)) == []
