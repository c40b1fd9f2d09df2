"""The page to approve a release by, as its reader sees it: readable, accessible, and unmoved by hostile texts."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hublish.base.values.surprise import Surprise
from hublish.diffs.differences import Entry, FileDiff, Line
from hublish.pages.review_page import Evidence, review_page
from hublish.schemas.documents.plan import PlannedFinding, PlannedSetting
from tests.browser.views import check_accessibility, check_page
from tests.hublish.pages.evidence import CARD, evidence, plan_of, planned, text_diff
from tests.hublish.pages.hostile import HOSTILE

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

Show = Callable[[str], "Page"]
PICTURE = b'<svg xmlns="http://www.w3.org/2000/svg" width="300" height="60"><rect width="300" height="60"/></svg>'
OPEN_ALL = "() => document.querySelectorAll('details').forEach((each) => { each.open = true; })"
# The elements and attributes of a page without the cards, whose elements are those of an allowlist.
SKELETON = """() => {
  document.querySelectorAll('section.card').forEach((each) => { each.innerHTML = ''; });
  const of = (node) => node.nodeType === Node.COMMENT_NODE ? ['comment'] : [node.tagName,
    [...node.attributes].map((each) => `${each.name}=${each.value}`).join(' '),
    [...node.childNodes].filter((each) => each.nodeType !== Node.TEXT_NODE).map(of)];
  return JSON.stringify(of(document.documentElement));
}"""


def sample() -> Evidence:
    """Return a plan with everything that a page shows, in ordinary amounts."""
    files = [
        planned("add", f"data/train/part-{number % 4}/{number:03}.parquet", 10_000 * number) for number in range(90)
    ]
    files += [planned("keep", "config.json"), planned("leave", "old/notes.txt"), planned("delete", "vocab.txt")]
    files += [planned("change", "README.md", 819, before_size=804), planned("ignore", "logs/a.log")]
    files.append(planned("add", "model.safetensors", 8_000_000_000, source="runs/best.pt", serializer="safetensors"))
    table, code = "| a | b |\n|---|--:|\n| 1 | 2 |", "```python\nimport digits\n```"
    card = f"{CARD}\n![the curve](curve.svg)\n\n{table}\n\n{code}\n\n#### Deep\n"
    lines = [Line(" ", "---"), Line("-", "license: mit"), Line("+", f"license: apache-2.0 {'x' * 500}"), Line(" ", "")]
    entries = (Entry("layers.0.weight", "F32 [784, 128]", "F16 [784, 128]"), Entry("x" * 150, None, "F16 [10]"))
    return Evidence(
        plan_of(
            files,
            settings=(PlannedSetting(name="visibility", before="private", after="public"),),
            findings=(
                PlannedFinding(
                    code="policy.secret", severity="error", message="a token", path_in_repo="a", waived="sample"
                ),
                PlannedFinding(code="policy.pickle", severity="warning", message="a pickle", path_in_repo="b" * 200),
            ),
            variables={"version": "1.2.0"},
        ),
        "e" * 64,
        (
            Surprise(
                "surprise.visibility", "high", "visibility changes from private to public", path="repo.visibility"
            ),
            Surprise("surprise.deleted", "medium", "'vocab.txt' is deleted", "vocab.txt"),
        ),
        [
            text_diff("README.md", lines, before_text=card, after_text=card.replace("small", "tiny")),
            FileDiff(
                "model.safetensors", "tensors", "2 of 14 tensors changed", (), entries, 3, 80_000_000, 8_000_000_000
            ),
            FileDiff("vocab.txt", "binary", "deleted", before_size=2_000),
        ],
        website="https://huggingface.co",
        provenance={"Git commit": "c" * 40, "Working tree": "as in the commit"},
        before={"curve.svg": PICTURE}.get,
        after={"curve.svg": PICTURE}.get,
    )


@pytest.mark.parametrize("opened", [False, True], ids=["folded", "unfolded"])
def test_the_page_fits_the_window_and_is_accessible(show: Show, opened: bool) -> None:
    page = show(review_page(sample()))
    if opened:
        page.evaluate(OPEN_ALL)
    check_page(page)
    check_accessibility(page)


def test_a_page_without_surprises_and_changes_is_accessible(show: Show) -> None:
    page = show(review_page(Evidence(plan_of(nothing_to_do=True, tag=None), "e" * 64)))
    check_page(page)
    check_accessibility(page)


def test_a_click_on_a_surprise_opens_its_diff(show: Show) -> None:
    given = sample()
    diff = text_diff("vocab.txt", [Line("-", f"word {number}") for number in range(60)], after_size=None)
    page = show(review_page(Evidence(given.plan, given.digest, given.surprises, [*given.diffs[:2], diff])))
    lines = page.locator("del", has_text="word 59")
    assert not lines.is_visible()
    page.get_by_role("link", name="diff").click()
    assert lines.is_visible()


def test_folders_open_by_keyboard(show: Show) -> None:
    page = show(review_page(sample()))
    folder = page.locator(".tree summary").first
    inside = page.locator(".tree details").first.locator("summary").nth(1)
    assert not inside.is_visible()
    for _ in range(40):
        page.keyboard.press("Tab")
        if folder.evaluate("(each) => each === document.activeElement"):
            break
    page.keyboard.press("Enter")
    assert inside.is_visible()


@pytest.fixture
def without_script(browser: "Browser", tmp_path: Path) -> Iterator[Callable[..., "Page"]]:
    """Return a function that opens a page whose reader has switched scripts off."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, java_script_enabled=False)

    def open_page(html: str, media: Any = "screen") -> "Page":
        path = tmp_path / "page.html"
        path.write_text(html)
        page = context.new_page()
        page.emulate_media(media=media)
        page.goto(path.as_uri())
        return page

    yield open_page
    context.close()


def test_the_page_needs_no_script(without_script: Callable[..., "Page"]) -> None:
    page = without_script(review_page(sample()))
    assert page.get_by_role("heading", level=1).inner_text() == "Review needed: 1 high risk, 1 medium"
    folder = page.locator(".tree summary", has_text="data/train").first
    folder.click()
    assert page.locator(".tree summary", has_text="part-3").is_visible()


def test_a_printed_page_has_every_change_and_no_navigation(without_script: Callable[..., "Page"]) -> None:
    given = sample()
    diff = text_diff("vocab.txt", [Line("-", f"word {number}") for number in range(60)], after_size=None)
    html = review_page(Evidence(given.plan, given.digest, given.surprises, [diff]))
    assert not without_script(html).get_by_text("word 59").is_visible()
    page = without_script(html, "print")
    assert page.get_by_text("word 59").is_visible()
    assert not page.get_by_role("navigation").is_visible()
    assert page.locator(".surprises li").first.is_visible()
    assert page.pdf().startswith(b"%PDF")


@pytest.fixture(scope="module")
def attacked(browser: "Browser", tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], str]]:
    """Return a function that opens a page without its policy, so that a text that leaves its place would run.

    It returns the elements of the page.
    """
    context = browser.new_context(bypass_csp=True)
    path = tmp_path_factory.mktemp("attacked") / "page.html"
    page = context.new_page()
    events: list[str] = []
    page.on("dialog", lambda dialog: events.append(dialog.message))
    page.on("request", lambda request: events.append(request.url))
    page.on("popup", lambda popup: events.append(popup.url))

    def open_page(html: str) -> str:
        path.write_text(html)
        events.clear()
        page.goto(path.as_uri())
        page.evaluate(OPEN_ALL)
        page.mouse.move(300, 300)
        page.wait_for_timeout(20)
        assert [event[:200] for event in events if not event.startswith(("data:image/", path.as_uri()))] == []
        assert page.url == path.as_uri()
        assert page.title() != "hit"
        assert page.locator("h1").count() == 1
        skeleton: str = page.evaluate(SKELETON)
        return skeleton

    yield open_page
    context.close()


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_a_hostile_text_runs_nothing_and_changes_no_element(attacked: Callable[[str], str], number: int) -> None:
    text = HOSTILE[number]
    cards = (text, f"# Title\n\n{text}\n")
    # The same folders in both.
    name = text[:300].replace("/", "-")
    expected = attacked(review_page(evidence("a", "a", ("a", "# Title\n\na\n"))))
    assert attacked(review_page(evidence(text, name, cards))) == expected
