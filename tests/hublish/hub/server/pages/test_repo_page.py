"""The page of a repository: its card with pictures, its facts, and how to get it."""

import shlex
import subprocess
from pathlib import Path

import pytest
from huggingface_hub import CommitOperationAdd, HfApi

from hublish.hub.server import EmbeddedHub
from hublish.hub.server.pages import repo_page
from tests.hublish.hub.server.pages.conftest import Browser

CARD = """---
license: mit
tags: [vision]
base_model: acme/base
---
# Title

Some **bold** text.
"""


def write(api: HfApi, repo: str, files: dict[str, bytes], kind: str = "model") -> str:
    adds = [CommitOperationAdd(path, data) for path, data in files.items()]
    return api.create_commit(repo, adds, commit_message="files", repo_type=kind).oid or ""


@pytest.mark.parametrize(
    ("kind", "path", "option"),
    [
        ("model", "/{}", ""),
        ("dataset", "/datasets/{}", " --repo-type dataset"),
        ("space", "/spaces/{}", " --repo-type space"),
        ("kernel", "/kernels/{}", " --repo-type kernel"),
    ],
)
def test_a_repo_of_each_type_has_a_page(
    hub: EmbeddedHub, browser: Browser, api: HfApi, tmp_path: Path, kind: str, path: str, option: str
) -> None:
    repo = f"acme/page-of-{kind}"
    api.create_repo(repo, repo_type=kind, space_sdk="static" if kind == "space" else None)
    write(api, repo, {"README.md": CARD.encode()}, kind)
    page = browser.page(path.format(repo))
    assert "strong" in {tag for tag, _ in page.elements}
    assert f"HF_ENDPOINT={hub.endpoint} hf download {repo}{option}" in page.text
    [clone] = [line for line in page.text.splitlines() if line.startswith("git clone")]
    subprocess.run([*shlex.split(clone), str(tmp_path / "clone")], check=True, capture_output=True)
    assert (tmp_path / "clone" / "README.md").read_text() == CARD


def test_a_card_shows_chips_and_the_repo_its_facts(browser: Browser, api: HfApi, repo: str) -> None:
    oid = write(api, repo, {"README.md": CARD.encode(), "a.txt": b"x" * 1500})
    api.create_tag(repo, tag="v1.0.0")
    api.create_branch(repo, branch="next/step")
    page = browser.page(f"/{repo}")
    assert "license mit" in page.words
    assert {"/acme/base", "/models?tag=license%3Amit", f"/{repo}/commit/{oid}"} <= set(page.links)
    assert {f"/{repo}/tree/v1.0.0", f"/{repo}/tree/next%2Fstep"} <= set(page.links)
    assert "Size 3.1 KB" in page.words


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("a.png", "/{}/media/main/a.png"),
        ("./a.png", "/{}/media/main/a.png"),
        ("pics/b%20c.svg", "/{}/media/main/pics/b%20c.svg"),
        ("pics/../a.png", "/{}/media/main/a.png"),
        ("/{}/resolve/main/a.png", "/{}/media/main/a.png"),
        ("https://huggingface.co/{}/resolve/main/a.png", "/{}/media/main/a.png"),
        ("https://huggingface.co/{}/raw/main/a.png", "/{}/media/main/a.png"),
        ("data:image/png;base64,iVBORw0KGgo=", "data:image/png;base64,iVBORw0KGgo="),
        ("https://evil.example/a.png", None),
        ("//evil.example/a.png", None),
        ("http://evil.example/{}/resolve/main/gone.png", None),
        ("../../other/x/a.png", None),
        ("/other/x/resolve/main/a.png", None),
        ("gone.png", None),
        ("a.txt", None),
        ("data:text/html;base64,AAAA", None),
        ("javascript:alert(1)", None),
    ],
)
def test_a_picture_of_a_card_comes_from_its_repo_alone(
    browser: Browser, api: HfApi, repo: str, written: str, shown: str | None
) -> None:
    card = f"---\nlicense: mit\n---\n![a picture](<{written.format(repo)}>)\n"
    write(api, repo, {"README.md": card.encode(), "a.png": b"1", "pics/b c.svg": b"<svg/>", "a.txt": b"2"})
    found = browser.page(f"/{repo}").values("img", "src")
    assert found == ([shown.format(repo)] if shown else [])
    for address in found:
        assert address.startswith("data:") or browser.get(address).status == 200


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("docs/a.md", "/{}/blob/main/docs/a.md"),
        ("docs/a.md#part", "/{}/blob/main/docs/a.md#part"),
        ("docs", "/{}/blob/main/docs"),  # leads on to the folder
        ("#title", "#card-title"),
        ("/acme/other", "/acme/other"),
        ("https://example.com/a?b=c", "https://example.com/a?b=c"),
        ("javascript:alert(1)", None),
        ("../../../etc/passwd", None),
    ],
)
def test_a_link_of_a_card_leads_to_the_file(
    browser: Browser, api: HfApi, repo: str, written: str, shown: str | None
) -> None:
    write(api, repo, {"README.md": f"---\nlicense: mit\n---\n[the link]({written})\n".encode(), "docs/a.md": b"# A\n"})
    links = [link for link in browser.page(f"/{repo}").links if "docs" in link or "example" in link or "#" in link]
    links += [link for link in browser.page(f"/{repo}").links if link in ("/acme/other", written)]
    assert (shown.format(repo) in links) if shown else (links == [])


def test_a_card_that_is_missing_or_too_large(
    browser: Browser, api: HfApi, repo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "no README.md" in browser.page(f"/{repo}").text
    write(api, repo, {"README.md": CARD.encode()})
    # Long metadata alone do not make a card too large.
    monkeypatch.setattr(repo_page, "MOST_MARKDOWN", 40)
    assert "bold" in browser.page(f"/{repo}").text
    monkeypatch.setattr(repo_page, "MOST_MARKDOWN", 20)
    page = browser.page(f"/{repo}")
    assert "too large to show" in page.text
    assert f"/{repo}/blob/main/README.md" in page.links


def test_a_gated_repo_shows_its_names_and_no_content(
    hub: EmbeddedHub, browser: Browser, member: Browser, api: HfApi, repo: str
) -> None:
    oid = write(api, repo, {"README.md": b"---\nlicense: mit\n---\nthe card\n", "codename.txt": b"the content"})
    api.create_pull_request(repo, title="A change")
    api.create_commit(
        repo, [CommitOperationAdd("codename.txt", b"the content!")], commit_message="x", revision="refs/pr/1"
    )
    api.update_repo_settings(repo, gated="manual")
    for visitor in (browser, Browser(hub.endpoint)):
        if visitor is not browser:
            visitor.log_in(hub.add_user(f"eve-{oid[:8]}"))
        for path in ("", "/tree/main", f"/commit/{oid}", "/commits/main", "/discussions", "/discussions/1"):
            page = visitor.page(f"/{repo}{path}")
            assert "gated" in page.text
            assert "the card" not in page.text + " ".join(page.links)
            assert "the content" not in page.text
        assert "codename.txt" in visitor.page(f"/{repo}/tree/main").text
        assert not [link for link in visitor.page(f"/{repo}/tree/main").links if "download" in link]
        for path in ("/blob/main/codename.txt", "/media/main/codename.txt"):
            answer = visitor.get(f"/{repo}{path}")
            assert answer.status in (401, 403)
            assert b"the content" not in answer.body
            assert b"restricted" in answer.body
    assert "the card" in member.page(f"/{repo}").text
    assert "the content" in member.page(f"/{repo}/blob/main/codename.txt").text
    [download] = [link for link in member.page(f"/{repo}/blob/main/codename.txt").links if "download" in link]
    assert member.get(download).body == b"the content"


def test_a_space_shows_its_settings_and_its_secrets_to_its_owner_alone(
    hub: EmbeddedHub, browser: Browser, member: Browser, api: HfApi
) -> None:
    api.create_repo("acme/shown-space", repo_type="space", space_sdk="gradio")
    api.add_space_variable("acme/shown-space", "MODE", "fast<b>")
    api.add_space_secret("acme/shown-space", "API_KEY", "the value of the key")
    api.set_space_sleep_time("acme/shown-space", 3600)
    page = browser.page("/spaces/acme/shown-space")
    for words in ("SDK gradio", "Hardware cpu-basic", "Sleeps after 3600 s", "Spaces do not run here"):
        assert words in page.words
    assert "MODE" not in page.text
    shown = member.page("/spaces/acme/shown-space")
    assert "Variables MODE=fast<b> " in shown.words
    assert "Secrets API_KEY" in shown.words
    assert "the value of the key" not in shown.text
    reader = Browser(hub.endpoint)
    reader.log_in(hub.add_user("reader-of-spaces", role="read", orgs=("acme",)))
    assert "API_KEY" not in reader.page("/spaces/acme/shown-space").text
