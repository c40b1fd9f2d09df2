"""The pages of a running Hub, as a person sees them."""

import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from huggingface_hub import CommitOperationAdd, HfApi, constants

from hublish.hub.server import EmbeddedHub
from tests.browser.views import View, check_accessibility, check_page
from tests.hublish.hub.server.pages.hostile_texts import TEXTS, build

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CARD = """---
license: mit
tags: [vision, digits]
library_name: pytorch
base_model: acme/base
---
# Digits

![A picture](pics/a.png) ![Another](b.svg)

| column | number |
|---|---:|
| one | 1 |

See [more](docs/more.md).

```python
print("one line of code that is longer than a phone is wide, so that it has to be scrolled or folded")
```
"""
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="90" height="20"><rect width="90" height="20" fill="#2a6"/></svg>'


def png(width: int, height: int) -> bytes:
    """Return a picture of one color."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    pixels = zlib.compress((b"\0" + b"\xc8\x50\x28" * width) * height)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


@dataclass
class Site:
    """A running Hub with some repositories."""

    hub: EmbeddedHub
    api: HfApi
    hostile: list[str]

    @property
    def endpoint(self) -> str:
        return self.hub.endpoint


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    root = tmp_path_factory.mktemp("site")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(constants, "HF_HUB_DISABLE_XET", True)
        with EmbeddedHub(root) as hub:
            api = HfApi(endpoint=hub.endpoint, token=hub.token)
            fill(api)
            yield Site(hub, api, build(hub, "acme/hostile", TEXTS))


def fill(api: HfApi) -> None:
    header = b'{"layer.weight": {"dtype": "F32", "shape": [784, 128], "data_offsets": [0, 401408]}}'
    files = {
        "README.md": CARD.encode(),
        "pics/a.png": png(900, 120),
        "b.svg": SVG,
        "docs/more.md": b"# More\n\n![](../pics/a.png)\n",
        "config.json": b'{"size": 1,\n "text": "' + b"long " * 60 + b'"}\n',
        "model.safetensors": struct.pack("<Q", len(header)) + header + bytes(401408),
        "a/very/deep/folder/with_a_name_that_is_longer_than_the_screen_of_a_phone_is_wide.txt": b"text\n" * 30,
    }
    for repo in ("acme/digits", "acme/private-digits"):
        api.create_repo(repo, private="private" in repo)
        adds = [CommitOperationAdd(path, data) for path, data in files.items()]
        api.create_commit(repo, adds, commit_message="Add the model", commit_description="With its card.")
    config = b'{"size": 2,\n "text": "short"}\n'
    api.create_commit(
        "acme/digits", [CommitOperationAdd("config.json", config)], commit_message="Change the configuration"
    )
    api.create_tag("acme/digits", tag="v1.0.0")
    api.create_branch("acme/digits", branch="feature/long")
    api.create_commit(
        "acme/digits",
        [CommitOperationAdd("new.txt", b"new\n")],
        commit_message="Propose",
        commit_description="Why **not**?",
        create_pr=True,
    )
    api.create_discussion("acme/digits", "A question", description="How is it trained?")
    api.create_repo("acme/app", repo_type="space", space_sdk="gradio")


@pytest.fixture
def visit(browser: "Browser", view: View, site: Site) -> Iterator[Callable[..., "Page"]]:
    """Return a function that opens a path of the Hub; a request to another place, or an error in a page, fails."""
    context = browser.new_context(
        viewport={"width": view.width, "height": 900}, color_scheme=view.scheme, java_script_enabled=True
    )
    problems: list[str] = []
    context.on("request", lambda request: None if own(request.url) else problems.append(request.url))

    def own(url: str) -> bool:
        return url.startswith((f"{site.endpoint}/", "data:"))

    def open_page(path: str) -> "Page":
        page = context.new_page()
        page.on("console", lambda message: problems.append(message.text))
        page.on("dialog", lambda dialog: problems.append(dialog.message))
        page.goto(site.endpoint + path)
        return page

    yield open_page
    context.close()
    assert problems == []


DIGITS = "/acme/digits"
PAGES = [
    *("/", "/models", "/?search=nothing", "/login", DIGITS, f"{DIGITS}/tree/main", f"{DIGITS}/tree/main/a/very/deep"),
    *(f"{DIGITS}/blob/main/{path}" for path in ("config.json", "model.safetensors", "docs/more.md", "pics/a.png")),
    f"{DIGITS}/blob/main/a/very/deep/folder/with_a_name_that_is_longer_than_the_screen_of_a_phone_is_wide.txt",
    *(f"{DIGITS}/commits/main", f"{DIGITS}/commit/main", f"{DIGITS}/commits/main/config.json"),
    *(f"{DIGITS}/discussions", f"{DIGITS}/discussions/1", f"{DIGITS}/discussions/2", "/spaces/acme/app"),
]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_fits_is_readable_and_is_accessible(visit: Callable[..., "Page"], path: str) -> None:
    page = visit(path)
    check_page(page)
    check_accessibility(page)


@pytest.mark.parametrize("name", ["hostile"])
def test_hostile_pages_fit_and_run_nothing(visit: Callable[..., "Page"], site: Site, name: str) -> None:
    for path in site.hostile:
        page = visit(f"/acme/{name}{path}")
        check_page(page)
        assert page.title() == f"acme/{name}"
        assert page.locator("script, iframe, object, embed, base, [onerror], [onload]").count() == 0
        # The page's own parts are where they belong, in the order that they have in every page.
        assert page.evaluate("() => [...document.body.children].map((each) => each.tagName)") == ["HEADER", "MAIN"]
        assert page.locator("body > main > nav.tabs > a").count() == 4
        page.close()


def test_a_page_of_hostile_names_is_accessible(visit: Callable[..., "Page"]) -> None:
    for path in ("/acme/hostile/tree/main/names", "/acme/hostile/discussions"):
        check_accessibility(visit(path))


def test_a_login_shows_private_repos_with_their_pictures(visit: Callable[..., "Page"], site: Site) -> None:
    page = visit("/")
    assert page.get_by_text("acme/private-digits").count() == 0
    page.get_by_role("link", name="Sign in").click()
    page.get_by_label("Token").fill(site.hub.token)
    page.get_by_role("button", name="Sign in").click()
    assert page.url == f"{site.endpoint}/"
    page.get_by_role("link", name="acme/private-digits").click()
    check_page(page)
    check_accessibility(page)
    pictures = page.evaluate("() => [...document.images].map((each) => each.naturalWidth)")
    assert pictures == [900, 90]
    # Scripts, if there were any, could not read the cookie.
    assert page.evaluate("() => document.cookie") == ""
    page.get_by_role("link", name="Files", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download b.svg").click()
    assert Path(download.value.path()).read_bytes() == SVG
    page.goto(f"{site.endpoint}/login")
    check_accessibility(page)
    page.get_by_role("button", name="Sign out").click()
    assert page.get_by_text("acme/private-digits").count() == 0


def test_a_picture_of_a_card_is_an_answer_that_runs_nothing_by_itself(visit: Callable[..., "Page"], site: Site) -> None:
    script = SVG.replace(b"<rect", b"<script>document.documentElement.id='run'</script><rect")
    site.api.upload_file(path_or_fileobj=script, path_in_repo="x.svg", repo_id="acme/digits", revision="feature/long")
    context = visit("/").context
    page = context.new_page()  # whose console reports the script that is blocked
    page.goto(f"{site.endpoint}/acme/digits/media/feature%2Flong/x.svg")
    assert page.evaluate("() => document.documentElement.id") == ""
    page.close()


def test_pages_need_no_scripts(browser: "Browser", site: Site) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site.endpoint}/acme/digits")
    page.get_by_role("link", name="Commits").click()
    page.get_by_role("link", name="Change the configuration").click()
    assert page.get_by_text("1 changed file").is_visible()
    page.locator("details.file summary").click()
    context.close()


def test_another_site_can_neither_frame_a_page_nor_use_a_login(browser: "Browser", site: Site) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{site.endpoint}/login")
    page.get_by_label("Token").fill(site.hub.token)
    page.get_by_role("button", name="Sign in").click()
    secret = f"{site.endpoint}/acme/private-digits/media/main/pics/a.png"
    page = context.new_page()
    page.set_content(f'<iframe src="{site.endpoint}/"></iframe><img src="{secret}">')
    page.wait_for_load_state("networkidle")
    assert page.evaluate("() => document.images[0].naturalWidth") == 0
    assert page.frames[1].url == "chrome-error://chromewebdata/"
    context.close()
