"""Pictures of cards as a browser draws them."""

from base64 import b64encode
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hublish.cards.charts.drawing import picture_element
from tests.browser.views import View, check_page, contrast, visible_texts
from tests.hublish.cards.charts.sample_charts import SAMPLES

if TYPE_CHECKING:
    from playwright.sync_api import Page

Show = Callable[[str], "Page"]

# The width of a card's column on the Hub; pictures that are wider shrink.
HEAD = """<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<style>img, svg { display: block; max-width: 100%; height: auto; }</style>
"""
LEAST_SIZE = 11
DIFFERENCE = """
async (screenshots) => {
  const [one, other] = await Promise.all(screenshots.map(async (data) => {
    const image = new Image();
    image.src = `data:image/png;base64,${data}`;
    await image.decode();
    const context = Object.assign(document.createElement('canvas'), {width: image.width, height: image.height})
      .getContext('2d');
    context.drawImage(image, 0, 0);
    return context.getImageData(0, 0, image.width, image.height).data;
  }));
  if (one.length !== other.length) return 1;
  return one.reduce((sum, value, index) => sum + Math.abs(value - other[index]), 0) / one.length / 255;
}
"""


def inline(view: View, *names: str) -> str:
    drawings = [SAMPLES[name]() for name in names]
    return HEAD + "".join(
        f"<div>{drawing.dark if view.scheme == 'dark' else drawing.light}</div>" for drawing in drawings
    )


def test_texts_are_readable_and_do_not_overlap(show: Show, view: View) -> None:
    page = show(inline(view, *SAMPLES))
    check_page(page)
    texts = visible_texts(page)
    assert {each["picture"] for each in texts} == set(range(len(SAMPLES)))
    pictures = page.evaluate("() => [...document.querySelectorAll('svg')].map((each) => each.getBoundingClientRect())")
    scale = pictures[0]["width"] / (360 if view.phone else 640)
    assert min(each["size"] for each in texts) * scale >= LEAST_SIZE
    for index, name in enumerate(SAMPLES):
        own = [each for each in texts if each["picture"] == index]
        assert [pair for pair in combinations(own, 2) if overlap(*pair)] == [], name
        box = pictures[index]
        assert [each for each in own if each["left"] < box["left"] or each["right"] > box["right"]] == [], name


def difference(page: "Page", *screenshots: bytes) -> float:
    """Return the mean difference of two screenshots, as a share of the largest one."""
    found: float = page.evaluate(DIFFERENCE, [b64encode(each).decode() for each in screenshots])
    return found


def overlap(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Return whether two texts overlap: their letters, which take four fifths of the height of their boxes."""
    across = one["left"] < other["right"] - 0.5 and other["left"] < one["right"] - 0.5
    room = 0.2 * (one["bottom"] - one["top"])
    return bool(across and one["top"] + room < other["bottom"] and other["top"] + room < one["bottom"])


@pytest.mark.parametrize("name", ["3 points", "3000 points", "30 bars"])
def test_a_card_shows_the_version_for_its_reader(show: Show, view: View, name: str, tmp_path: Path) -> None:
    drawing = SAMPLES[name]()
    (tmp_path / "a.svg").write_text(drawing.light)
    (tmp_path / "a-dark.svg").write_text(drawing.dark)
    page = show(HEAD + picture_element("alt", "a.svg", "a-dark.svg"))
    check_page(page)
    image = page.locator("img")
    assert image.evaluate("(each) => each.currentSrc").endswith("a-dark.svg" if view.scheme == "dark" else "a.svg")
    assert image.evaluate("(each) => each.width") == min(640, view.width - 16)
    # A picture within an image cannot be asked: it looks as the layout that the window of this width shows.
    # Edges are smoothed in slightly different ways within an image and outside of one.
    whole = show(inline(view, name))
    right = difference(page, image.screenshot(), whole.locator("svg").screenshot())
    hidden, displayed = ("narrow", "wide") if view.phone else ("wide", "narrow")
    swapped = f".{hidden} {{ display: none !important }} .{displayed} {{ display: inline !important }}"
    whole.add_style_tag(content=swapped)
    wrong = difference(page, image.screenshot(), whole.locator("svg").screenshot())
    assert right < wrong / 2


def test_the_marks_of_a_picture_are_seen(show: Show, view: View) -> None:
    # Curves and bars have the contrast of 3 that WCAG 2 requires of graphics.
    page = show(inline(view, "6 curves of 3000 points", "3 bars"))
    back = page.evaluate("() => getComputedStyle(document.querySelector('.back')).fill.match(/\\d+/g).map(Number)")
    marks = page.evaluate(
        "() => [...document.querySelectorAll('path.curve, rect.fill0')].map((each) => {"
        " const style = getComputedStyle(each);"
        " return (each.tagName === 'path' ? style.stroke : style.fill).match(/\\d+/g).map(Number); })"
    )
    assert len({tuple(mark) for mark in marks}) == 6
    assert min(contrast(mark, back) for mark in marks) >= 3


@pytest.mark.parametrize(
    ("html", "fault"),
    [
        ('<div style="width: 3000px">x</div>', "wider than the window"),
        ('<img src="missing.png">', "not loaded"),
        ('<p style="color: #999; background: #fff">x</p>', "'x': 2.8"),
    ],
)
def test_the_checks_find_faults(show: Show, html: str, fault: str) -> None:
    page = show(HEAD + html)
    with pytest.raises(AssertionError, match=fault):
        check_page(page)
