"""Pages for a browser: they show what everybody may see, and nothing in them has an effect beyond its place."""

import re
from html.parser import HTMLParser

import pytest
from huggingface_hub import CommitOperationAdd, HfApi

from hublish.hub.server import EmbeddedHub
from hublish.hub.server.routes import pages
from tests.hublish.hub.server.conftest import Answer, Caller

CARD = b"---\nlicense: mit\n---\n"
HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7*7 }}&lt;'


class Elements(HTMLParser):
    """Collects the elements of a page, with their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    @property
    def links(self) -> list[str]:
        return [str(attributes["href"]) for tag, attributes in self.found if tag == "a"]


def get(hub: EmbeddedHub, path: str, token: str | None = None) -> Answer:
    return Caller(hub.endpoint, token)("GET", path, Accept="text/html")


def page(hub: EmbeddedHub, path: str, token: str | None = None) -> Elements:
    response = get(hub, path, token)
    assert response.status == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in response.headers["content-security-policy"]
    return Elements(response.body.decode())


@pytest.mark.parametrize(
    ("kind", "path", "download"),
    [
        ("model", "/{}", "hf download {}"),
        ("dataset", "/datasets/{}", "hf download {} --repo-type dataset"),
        ("space", "/spaces/{}", "hf download {} --repo-type space"),
        ("kernel", "/kernels/{}", "hf download {} --repo-type kernel"),
    ],
)
def test_a_repo_has_a_page_that_the_first_page_links(
    hub: EmbeddedHub, api: HfApi, kind: str, path: str, download: str
) -> None:
    repo = f"acme/page-of-{kind}"
    api.create_repo(repo, repo_type=kind, space_sdk="static" if kind == "space" else None)
    files = {"README.md": CARD + b"# Title\n", "data/a.bin": b"\0" * 2000, "b c.txt": b"b" * 1500}
    operations = [CommitOperationAdd(name, data) for name, data in files.items()]
    api.create_commit(repo, operations, commit_message="files", repo_type=kind)
    assert path.format(repo) in page(hub, "/").links
    found = page(hub, path.format(repo))
    assert "# Title" in found.text
    assert "data/" in found.text
    assert "1.5 KB" in found.text
    assert download.format(repo) in found.text.splitlines()
    assert f"{path.format(repo)}/resolve/main/b%20c.txt" in found.links
    assert get(hub, f"{path.format(repo)}/resolve/main/b%20c.txt").body == b"b" * 1500
    assert ("span", {"class": "tag"}) in found.found


def test_the_size_of_a_page_is_bounded(
    hub: EmbeddedHub, api: HfApi, repo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    operations = [CommitOperationAdd(f"{number}.txt", b"x") for number in range(12)]
    api.create_commit(repo, [*operations, CommitOperationAdd("README.md", CARD + b"long card")], commit_message="files")
    monkeypatch.setattr(pages, "MOST", 10)
    monkeypatch.setattr(pages, "MOST_CARD", 8)
    found = page(hub, f"/{repo}")
    assert len([link for link in found.links if "/resolve/" in link]) == 10
    assert "More files are not shown." in found.text
    assert "long card" not in found.text


def test_a_private_repo_is_shown_to_its_owner_alone(hub: EmbeddedHub, api: HfApi) -> None:
    api.create_repo("acme/hidden-page", private=True)
    missing = get(hub, "/acme/missing-page")
    for token in (None, hub.add_user("eve-at-the-page")):
        hidden = get(hub, "/acme/hidden-page", token)
        assert hidden.status == missing.status == 404
        assert hidden.body.replace(b"hidden", b"missing") == missing.body
        assert hidden.headers["x-error-code"] == missing.headers["x-error-code"] == "RepoNotFound"
        assert "hidden-page" not in page(hub, "/", token).text
    assert "private" in page(hub, "/acme/hidden-page", hub.token).text
    assert "/acme/hidden-page" in page(hub, "/", hub.token).links


def test_a_gated_repo_shows_its_names_and_no_content(hub: EmbeddedHub, api: HfApi, repo: str) -> None:
    api.upload_file(path_or_fileobj=CARD + b"the card", path_in_repo="README.md", repo_id=repo)
    api.update_repo_settings(repo, gated="manual")
    found = page(hub, f"/{repo}")
    assert "gated" in found.text
    assert "README.md" in found.text
    assert "the card" not in found.text
    assert not [link for link in found.links if "/resolve/" in link]
    assert "the card" in page(hub, f"/{repo}", hub.token).text


@pytest.mark.parametrize("where", ["card", "name", "tag", "commit message"])
def test_hostile_texts_stay_texts(hub: EmbeddedHub, api: HfApi, repo: str, where: str) -> None:
    name = "README.md" if where != "name" else HOSTILE.replace("/", "_").replace(">", "")
    card = f"---\nlicense: mit\ntags: ['{HOSTILE}']\n---\n" if where == "tag" else f"{CARD.decode()}{HOSTILE}"
    plain = page(hub, f"/{repo}").found
    api.create_commit(repo, [CommitOperationAdd(name, card.encode())], commit_message=HOSTILE)
    found = page(hub, f"/{repo}")
    allowed = {"a", "tr", "td", "h2", "pre", "p", "span"}
    more = [tag for tag, _ in found.found if tag not in allowed]
    assert more == [tag for tag, _ in plain if tag not in allowed]
    assert all(not re.match(r"on|style|src", name) for _, attributes in found.found for name in attributes)
    assert all(link.startswith("/") for link in found.links)
    if where in ("card", "tag"):
        assert HOSTILE in found.text


def test_a_moved_repo_leads_to_its_page(hub: EmbeddedHub, api: HfApi, repo: str) -> None:
    api.move_repo(repo, f"{repo}-moved")
    assert get(hub, f"/{repo}").status == 200


@pytest.mark.parametrize(("method", "path", "status"), [("HEAD", "/", 200), ("POST", "/", 405), ("GET", "/gpt2", 404)])
def test_other_requests_of_a_page(hub: EmbeddedHub, method: str, path: str, status: int) -> None:
    assert Caller(hub.endpoint)(method, path).status == status
