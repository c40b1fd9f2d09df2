"""The cards of the examples as pages, as a reader sees them."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import hublish
from hublish.pages.card_page import Shown, card_page
from tests.browser.views import View, check_page

if TYPE_CHECKING:
    from playwright.sync_api import Page

EXAMPLES = Path(__file__).parents[2] / "examples"
Show = Callable[[str], "Page"]


@pytest.mark.parametrize("name", ["digits", "digits-dataset", "digits-space"])
def test_a_card_fits_the_window_with_its_pictures_and_is_readable(name: str, show: Show) -> None:
    page = show(hublish.card_page(EXAMPLES / name / "hub.yaml"))
    check_page(page)
    assert page.locator("h1").count() == 1
    assert page.locator(".chips li").count() >= 3


def test_a_reader_of_a_dark_page_gets_the_dark_picture(show: Show, view: View) -> None:
    page = show(hublish.card_page(EXAMPLES / "digits" / "hub.yaml"))
    shown = page.evaluate("() => document.querySelector('picture img').currentSrc")
    picture = page.evaluate("(address) => fetch(address).then((answer) => answer.text()).catch(() => '')", shown)
    # The policy of the page forbids the request: the address itself holds the picture.
    assert picture == ""
    light = page.evaluate("() => document.querySelector('picture img').src")
    assert (shown == light) == (view.scheme == "light")


def test_wide_tables_long_words_and_huge_pictures_stay_inside_the_page(show: Show) -> None:
    cells = " | ".join(f"column {number}" for number in range(40))
    card = f"# {'w' * 300}\n\n| {cells} |\n{'|---' * 40}|\n| {cells} |\n\n`{'x' * 400}`\n\n```\n{'y' * 400}\n```\n"
    huge = '<svg xmlns="http://www.w3.org/2000/svg" width="5000" height="20"><rect width="5000" height="20"/></svg>'
    shown = Shown("acme/wide", "model", "main", "https://huggingface.co")
    check_page(show(card_page(f"{card}\n![wide](w.svg)\n", shown, {"w.svg": huge.encode()}.get)))


def test_a_card_that_attacks_runs_nothing(show: Show) -> None:
    attack = (
        "<script>document.title = 'run'</script><img src=x onerror=\"document.title = 'run'\">"
        "<style>main { display: none }</style>\n\n[x](javascript:document.title='run')\n\nThe text.\n"
    )
    page = show(card_page(attack, Shown("acme/x", "model", "main", "https://huggingface.co"), lambda _: None))
    for link in page.locator("main a").all():
        assert not (link.get_attribute("href") or "").startswith("javascript")
    assert page.title() == "acme/x"
    assert page.get_by_text("The text.").is_visible()
