"""The repositories on the first page and on the page of a type."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from huggingface_hub import CommitOperationAdd, HfApi

from hublish.hub.server import EmbeddedHub
from hublish.hub.server.git.repository import now
from hublish.hub.server.pages import repo_lists
from tests.hublish.hub.server.pages.conftest import Browser, Page


@dataclass
class Shelf:
    hub: EmbeddedHub
    browser: Browser

    def repos(self, path: str) -> list[str]:
        """Return the titles of a list, in its order."""
        page = self.browser.page(path)
        return [
            str(attributes["href"])
            for tag, attributes in page.elements
            if tag == "a" and attributes.get("class") == "title"
        ]


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    with EmbeddedHub(tmp_path_factory.mktemp("shelf")) as hub:
        api = HfApi(endpoint=hub.endpoint, token=hub.token)
        for number in range(5):
            api.create_repo(f"acme/model-{number}")
        for kind, repo in (("dataset", "acme/rows"), ("space", "lab/app"), ("kernel", "lab/fast")):
            api.create_repo(repo, repo_type=kind, space_sdk="static" if kind == "space" else None)
        card = b"---\nlicense: mit\nlibrary_name: timm\ntags: ['a & b?']\n---\n# Two\n"
        api.create_commit("acme/model-2", [CommitOperationAdd("README.md", card)], commit_message="card")
        api.update_repo_settings("acme/model-3", gated="auto")
        api.create_repo("acme/hidden", private=True)
        yield Shelf(hub, Browser(hub.endpoint))


def test_the_first_page_lists_every_type(shelf: Shelf) -> None:
    assert {"/acme/model-0", "/datasets/acme/rows", "/spaces/lab/app", "/kernels/lab/fast"} <= set(shelf.repos("/"))
    assert "/acme/hidden" not in shelf.repos("/")
    page = shelf.browser.page("/")
    for words in ("Models 5", "Datasets 1", "Spaces 1", "Kernels 1", "gated"):
        assert words in page.words


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/datasets", ["/datasets/acme/rows"]),
        ("/?search=LAB", ["/spaces/lab/app", "/kernels/lab/fast"]),
        ("/?search=acme+3", ["/acme/model-3"]),
        ("/models?search=model-4", ["/acme/model-4"]),
        ("/models?tag=license:mit", ["/acme/model-2"]),
        ("/models?tag=timm&search=model", ["/acme/model-2"]),
        ("/models?tag=a+%26+b%3F", ["/acme/model-2"]),
        ("/models?tag=timm&search=none", []),
        ("/?search=nothing-has-this", []),
        ("/models?search=hidden", []),
    ],
)
def test_a_list_is_filtered_by_words_and_tags(shelf: Shelf, path: str, found: list[str]) -> None:
    assert shelf.repos(path) == found
    if not found:
        assert "No repository matches." in shelf.browser.page(path).text


def test_a_tag_leads_to_the_repos_that_have_it(shelf: Shelf) -> None:
    links = [link for link in shelf.browser.page("/models").links if "tag=" in link]
    assert "/models?tag=a%20%26%20b%3F" in links
    for link in links:
        assert "/acme/model-2" in shelf.repos(link)


def test_a_list_has_pages(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repo_lists, "FEW", 2)
    monkeypatch.setattr(repo_lists, "PAGE", 3)
    assert len([repo for repo in shelf.repos("/?search=acme") if repo.startswith("/acme/")]) == 2
    assert "/models?search=acme" in shelf.browser.page("/?search=acme").links
    seen: list[str] = []
    path = "/models?search=acme"
    for _ in range(2):
        seen += shelf.repos(path)
        path = next((link for link in shelf.browser.page(path).links if "cursor=" in link), "")
    assert path == ""
    assert sorted(seen) == [f"/acme/model-{number}" for number in range(5)]


def test_the_latest_change_comes_first(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    api = HfApi(endpoint=shelf.hub.endpoint, token=shelf.hub.token)
    later = now() + 3600
    monkeypatch.setattr("hublish.hub.server.routes.commits.now", lambda: later)
    api.create_commit("acme/model-1", [CommitOperationAdd("a", b"a")], commit_message="later")
    assert shelf.repos("/models")[0] == "/acme/model-1"


def test_a_new_hub_tells_how_to_create_a_repo(tmp_path: Path) -> None:
    with EmbeddedHub(tmp_path) as hub:
        page: Page = Browser(hub.endpoint).page("/")
        assert f"HF_ENDPOINT={hub.endpoint}" in page.text
        assert "hf repos create" in page.text
