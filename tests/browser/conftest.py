"""Tests in a browser run only on request: `make test-browser`, or `pytest -m browser`."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.views import VIEWS, View

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

HERE = Path(__file__).parent


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    """Import nothing of .venv-browser unless these tests are requested."""
    return None if config.option.markexpr == "browser" else True


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of this folder."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    """Start one browser for all tests of a process."""
    from playwright.sync_api import sync_playwright

    found = shutil.which("chromium") or shutil.which("google-chrome")
    assert found, "install chromium, or run `make test-browser`"
    with sync_playwright() as playwright:
        # Root may not use the sandbox of Chromium, and the pages are our own.
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(params=VIEWS, ids=str)
def view(request: pytest.FixtureRequest) -> View:
    """Run a test in light and in dark, on a phone and on a desktop."""
    assert isinstance(request.param, View)
    return request.param


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
