"""A reader of a review page sees each fault of a real release before scrolling, or the review is refused."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from huggingface_hub import HfApi

import hublish
from hublish.base.errors import PlanStaleError
from tests.browser.planted_faults import FAULTS, Project

if TYPE_CHECKING:
    from playwright.sync_api import Browser

FOLD = 900
# The lowest point of the element with a text, among those that a reader takes for the verdict or a warning.
LOWEST = """(pattern) => {
  const found = [...document.querySelectorAll('.surprises li, .verdict h1, .verdict p')];
  const match = found.find((each) => new RegExp(pattern).test(each.textContent.replace(/\\s+/g, ' ')));
  return match ? match.getBoundingClientRect().bottom : null;
}"""


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[hublish.EmbeddedHub]:
    with hublish.EmbeddedHub(tmp_path_factory.mktemp("hub")) as served:
        yield served


names = (f"acme/digits-{number}" for number in itertools.count(1))


@pytest.fixture
def project(hub: hublish.EmbeddedHub, tmp_path: Path) -> Project:
    """Publish a first version."""
    folder = tmp_path / "project"
    folder.mkdir()
    made = Project(folder, HfApi(hub.endpoint, hub.token), next(names), hub.endpoint, hub.token)
    made.publish()
    return made


def lowest(browser: "Browser", html: str, pattern: str, folder: Path) -> float | None:
    """Return the lowest point of the warning with a text, in pixels from the top; None without one."""
    (folder / "review.html").write_text(html)
    page = browser.new_page(viewport={"width": 1280, "height": FOLD})
    page.goto((folder / "review.html").as_uri())
    found: float | None = page.evaluate(LOWEST, pattern)
    page.close()
    return found


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_fault_is_above_the_fold(
    browser: "Browser", project: Project, tmp_path: Path, fault: Callable[[Project], None]
) -> None:
    fault(project)
    review = hublish.review(project.folder / "hub.yaml", **project.options())
    found = lowest(browser, review.html, FAULTS[fault], tmp_path)
    assert found is not None, [each.message for each in review.surprises]
    assert found <= FOLD


def test_an_ordinary_next_version_has_no_surprises(browser: "Browser", project: Project, tmp_path: Path) -> None:
    project.write("vocab.txt", "a\nb\nc\n")
    project.write("data/21.csv", "a,b\n1,21\n")
    project.next()
    review = hublish.review(project.folder / "hub.yaml", **project.options())
    assert [each.message for each in review.surprises] == []
    found = lowest(browser, review.html, "No surprises: 3 files change", tmp_path)
    assert found is not None
    assert found < FOLD / 4


def test_a_plan_whose_head_has_moved_is_refused(project: Project, tmp_path: Path) -> None:
    project.write("vocab.txt", "a\nb\nc\n")
    project.next()
    plan = hublish.plan(project.folder / "hub.yaml", **project.options())
    project.upload("notes.txt", "of another person\n")
    with pytest.raises(PlanStaleError) as stale:
        hublish.review(project.folder / "hub.yaml", plan=plan, **project.options())
    assert "plan.stale.parent_commit" in {problem.code for problem in stale.value.problems}


def test_a_plan_of_which_a_byte_has_changed_is_refused(project: Project) -> None:
    project.next()
    plan = hublish.plan(project.folder / "hub.yaml", **project.options())
    project.write("vocab.txt", "a\nc\n")
    with pytest.raises(PlanStaleError):
        hublish.review(project.folder / "hub.yaml", plan=plan, **project.options())
