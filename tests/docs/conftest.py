"""Tests of the documentation run on request: `make test-docs` builds the site first, and runs them."""

from pathlib import Path

import pytest

from tests.browser import views

HERE = Path(__file__).parent
browser, view = views.browser, views.view
ROOT = HERE.parents[1]


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    """Look for pages and browsers only when these tests are requested; the torch of snippets comes with frameworks."""
    return None if config.option.markexpr in ("docs", "frameworks") else True


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of this folder, except those that need frameworks."""
    for item in items:
        if item.path.is_relative_to(HERE) and item.get_closest_marker("frameworks") is None:
            item.add_marker(pytest.mark.docs)


@pytest.fixture(scope="session")
def site() -> Path:
    """Return the folder of the built site."""
    folder = ROOT / "site"
    assert (folder / "index.html").is_file(), "build the site first: make docs"
    newest = max(path.stat().st_mtime for path in (ROOT / "docs").rglob("*") if "__pycache__" not in path.parts)
    assert newest <= (folder / "sitemap.xml").stat().st_mtime, "the site is older than its pages: make docs"
    return folder
