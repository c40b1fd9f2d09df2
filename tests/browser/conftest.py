"""Tests in a browser run only on request: `make test-browser`, or `pytest -m browser`."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser import views
from tests.browser.views import View

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

HERE = Path(__file__).parent
browser, view = views.browser, views.view


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    """Import nothing of .venv-browser unless these tests are requested."""
    return None if config.option.markexpr == "browser" else True


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of this folder."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.browser)


@pytest.fixture
def show(browser: "Browser", view: View, tmp_path: Path) -> Iterator[Callable[[str], "Page"]]:
    """Return a function that opens HTML as a reader of the view sees it; files beside it are in `tmp_path`."""
    context = browser.new_context(
        viewport={"width": view.width, "height": 900},
        color_scheme=view.scheme,
        device_scale_factor=2 if view.phone else 1,
        java_script_enabled=True,
    )
    # A card must not need anything from elsewhere: a request to another place fails the test.
    elsewhere: list[str] = []
    context.on("request", lambda request: elsewhere.append(request.url))

    def open_page(html: str) -> "Page":
        path = tmp_path / "page.html"
        path.write_text(html)
        page = context.new_page()
        page.goto(path.as_uri())
        return page

    yield open_page
    context.close()
    assert [url for url in elsewhere if not url.startswith(("file:", "data:"))] == []
