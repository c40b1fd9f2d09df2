"""The ways in which readers see a page, and the checks that hold for each of them."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

LEAST_CONTRAST = 4.5
"""Of text to its background, as level AA of WCAG 2 requires."""


@dataclass(frozen=True)
class View:
    """A color scheme, and the width of a window in pixels."""

    scheme: Literal["light", "dark"]
    width: int

    @property
    def phone(self) -> bool:
        return self.width < 600

    def __str__(self) -> str:
        return f"{self.scheme}-{'phone' if self.phone else 'desktop'}"


VIEWS = tuple(View(scheme, width) for scheme in ("light", "dark") for width in (390, 1280))


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    """Start one browser for all tests of a process."""
    from playwright.sync_api import sync_playwright

    found = shutil.which("chromium") or shutil.which("google-chrome")
    assert found, "install chromium, or run `make test-browser` or `make test-docs`"
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


# Each visible text with its box, its color, and the color behind it: that of the nearest ancestor that has one, or in a
# picture of the rectangle behind everything.
_TEXTS = """
() => {
  const channels = (color) => (color.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
  const behind = (element) => {
    const picture = element.closest('svg');
    if (picture && picture.querySelector('.back')) return getComputedStyle(picture.querySelector('.back')).fill;
    for (let each = element; each; each = each.parentElement) {
      const color = getComputedStyle(each).backgroundColor;
      if ((channels(color)[3] ?? 1) > 0) return color;
    }
    // Without any background, the browser draws the page in its own color for the scheme.
    return matchMedia('(prefers-color-scheme: dark)').matches && document.querySelector('meta[name=color-scheme]')
      ? 'rgb(18, 18, 18)' : 'rgb(255, 255, 255)';
  };
  // Chromium has boxes for texts in groups of a picture that are not displayed.
  const hidden = (element) =>
    element && (getComputedStyle(element).display === 'none' || hidden(element.parentElement));
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility() || hidden(element)) continue;
    const range = document.createRange();
    range.selectNodeContents(walker.currentNode);
    const box = range.getBoundingClientRect();
    if (!box.width || !box.height) continue;
    const style = getComputedStyle(element);
    found.push({
      text: walker.currentNode.data.trim(), left: box.left, top: box.top, right: box.right, bottom: box.bottom,
      color: channels(element.closest('svg') ? style.fill : style.color), behind: channels(behind(element)),
      size: parseFloat(style.fontSize), picture: [...document.querySelectorAll('svg')].indexOf(element.closest('svg')),
    });
  }
  return found;
}
"""
_PICTURES = """
() => Promise.all([...document.images].map((each) => each.decode().then(() => null, () => each.src)))
"""


def visible_texts(page: "Page") -> list[dict[str, Any]]:
    """Return every visible text with its box, its colors, and the index of the inline picture that it belongs to."""
    texts: list[dict[str, Any]] = page.evaluate(_TEXTS)
    return texts


def check_page(page: "Page") -> None:
    """Check that a page fits the window, that its pictures are loaded, and that its texts are readable."""
    check_width(page)
    missing = [source for source in page.evaluate(_PICTURES) if source]
    assert not missing, f"pictures that are not loaded: {missing}"
    faint = {each["text"]: contrast(each["color"], each["behind"]) for each in visible_texts(page)}
    faint = {text: round(value, 2) for text, value in faint.items() if value < LEAST_CONTRAST}
    assert not faint, f"contrasts below {LEAST_CONTRAST}: {faint}"


def check_width(page: "Page") -> None:
    """Check that a page does not scroll sideways."""
    width = page.evaluate("() => [document.scrollingElement.scrollWidth, innerWidth]")
    assert width[0] <= width[1], "the page is wider than the window"


def contrast(one: list[float], other: list[float]) -> float:
    """Return the contrast ratio of two colors of sRGB, from 1 to 21: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(color: list[float]) -> float:
    parts = [value / 255 for value in color[:3]]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def check_accessibility(page: "Page", within: str = "html", without: tuple[str, ...] = ()) -> None:
    """Check the part of a page that a selector names by the rules of axe-core, without some of them."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, context=within, options={"rules": {rule: {"enabled": False} for rule in without}})
    assert found.violations_count == 0, found.generate_report()
