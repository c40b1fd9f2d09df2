"""The documentation as a reader of the site sees it: from a file, in light and dark, on a phone and on a desktop."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.views import View, check_accessibility, check_width

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

Show = Callable[[str], "Page"]
SHOWN = (
    "index",
    "guides/model",
    "guides/libraries",
    "reference/manifest",
    "reference/card",
    "reference/formats",
    "reference/python",
    "reference/commands/hub-serve",
    "reference/documents/plan",
    "errors/policy.pickle/index",
    "changelog",
)


@pytest.fixture
def show(browser: "Browser", view: View, site: Path) -> Iterator[Show]:
    """Return a function that opens a page of the site; requests that leave the folder fail the test."""
    context = browser.new_context(viewport={"width": view.width, "height": 900}, color_scheme=view.scheme)
    addresses: list[str] = []
    errors: list[str] = []
    context.on("request", lambda request: addresses.append(request.url))
    context.on("weberror", lambda error: errors.append(str(error.error)))

    def open_page(name: str) -> "Page":
        page = context.new_page()
        page.goto((site / f"{name}.html").as_uri())
        return page

    yield open_page
    context.close()
    assert [url for url in addresses if not url.startswith((site.as_uri(), "data:", "about:", "blob:"))] == []
    assert errors == []


@pytest.mark.parametrize("name", SHOWN)
def test_a_page_fits_the_window_and_is_readable(name: str, show: Show) -> None:
    page = show(name)
    check_width(page)
    # The theme's are the header, the menu, and the button of each block of code, in a landmark of its own.
    check_accessibility(page, ".md-content", without=("landmark-unique",))


def test_the_search_finds_a_code_without_a_server(show: Show, view: View) -> None:
    page = show("index")
    if view.phone:
        page.locator("label[for=__search].md-header__button").click()
    # The theme searches at each key.
    page.locator(".md-search__input").press_sequentially("policy.pickle")
    found = page.locator(".md-search-result__link").first
    found.wait_for()
    assert "policy.pickle" in (found.get_attribute("href") or "")
    found.click()
    assert page.locator("h1").inner_text().startswith("policy.pickle")


def test_a_reader_can_choose_the_other_colors(show: Show) -> None:
    page = show("index")
    before = page.locator("body").get_attribute("data-md-color-scheme")
    page.locator("form[data-md-component=palette] label:visible").first.click()
    assert page.locator("body").get_attribute("data-md-color-scheme") != before
