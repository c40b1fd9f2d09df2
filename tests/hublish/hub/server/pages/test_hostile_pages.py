"""Names and texts of strangers change nothing outside of their place, in whatever page they are shown."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from hublish.hub.server import EmbeddedHub
from tests.hublish.hub.server.pages.conftest import Browser, Page
from tests.hublish.hub.server.pages.hostile_texts import PLAIN, TEXTS, build


@dataclass
class Scene:
    browser: Browser
    pages: dict[str, list[str]]


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with EmbeddedHub(tmp_path_factory.mktemp("hostile")) as hub:
        pages = {name: build(hub, f"acme/{name}", texts) for name, texts in (("hostile", TEXTS), ("plain", PLAIN))}
        yield Scene(Browser(hub.endpoint), pages)


def structure(page: Page) -> list[tuple[str, tuple[str, ...]]]:
    """Return the tags and the names of attributes of a page, without those of rendered texts."""
    return [(tag, tuple(sorted(attributes))) for tag, attributes in page.elements]


# Of rendered Markdown, more below.
RENDERED = ("", "/blob/main/README.md", "/discussions/1")


def test_a_page_of_hostile_names_has_the_structure_of_one_of_harmless_names(scene: Scene) -> None:
    for hostile, plain in zip(*(scene.pages[name] for name in ("hostile", "plain")), strict=True):
        if hostile in RENDERED:
            continue
        pages = [scene.browser.page(f"/acme/{name}{path}") for name, path in (("hostile", hostile), ("plain", plain))]
        assert structure(pages[0]) == structure(pages[1]), hostile
        assert pages[0].open == pages[1].open == []


@pytest.mark.parametrize("path", RENDERED)
def test_a_rendered_text_runs_nothing_loads_nothing_and_styles_nothing(scene: Scene, path: str) -> None:
    page = scene.browser.page(f"/acme/hostile{path}")
    assert page.open == []
    # One style sheet and the form of the search are the page's own.
    tags = [tag for tag, _ in page.elements]
    assert (tags.count("style"), tags.count("form"), tags.count("input"), tags.count("meta")) == (1, 1, 1, 3)
    forbidden = {"script", "iframe", "object", "embed", "base", "svg", "math", "template", "textarea", "noscript"}
    assert forbidden.isdisjoint(tags)
    for _, attributes in page.elements:
        assert not [name for name in attributes if name == "style" or name.startswith("on")]
    sources = page.values("img", "src") + page.values("img", "srcset")
    assert [source for source in sources if not source.startswith("/acme/hostile/media/")] == []
    schemes = {link.partition(":")[0].lower() for link in page.links if re.match("[A-Za-z]+:", link)}
    assert schemes <= {"http", "https"}


def test_hostile_names_are_shown_as_they_are_or_as_escapes(scene: Scene) -> None:
    text = scene.browser.page("/acme/hostile/commits/main").text
    assert "title {{ 7*7 }}" in text
    assert (
        "title <script>document.title='run'</script>" in scene.browser.page("/acme/hostile/commits/main?cursor=50").text
    )
    for char in ("\u202e", "\u2066", "\u200b", "\x1b", "\x07"):
        assert char not in text
    assert "\\u202egnp.exe" in text


def test_every_link_of_a_hostile_page_leads_to_its_thing(scene: Scene) -> None:
    for path in ("/tree/main/names", "/tree/main/folders", "/tree/main"):
        page = scene.browser.page(f"/acme/hostile{path}")
        links = [link for link in page.links if re.match("/acme/hostile/(tree|blob|commit)/", link)]
        assert len(links) > 60 or path == "/tree/main"
        for link in dict.fromkeys(links):
            assert scene.browser.get(link).status == 200, link
