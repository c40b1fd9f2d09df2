"""Folders and files of a revision, and the bytes of a file for a browser."""

import re
from urllib.parse import quote

import pytest
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi

from hublish.hub.server import EmbeddedHub
from hublish.hub.server.pages import file_pages
from tests.hublish.hub.server.pages.conftest import Browser, Page

PNG = bytes.fromhex("89504e470d0a1a0a")


def write(api: HfApi, repo: str, files: dict[str, bytes], message: str = "files") -> str:
    adds = [CommitOperationAdd(path, data) for path, data in files.items()]
    return api.create_commit(repo, adds, commit_message=message).oid or ""


def rows(page: Page) -> list[str]:
    """Return the links of the first column of a table of files."""
    return [link for link in page.links if re.match("/acme/[^/]+/(tree|blob)/main/", link)]


def test_a_folder_shows_folders_first_with_sizes_marks_and_last_changes(
    browser: Browser, api: HfApi, repo: str
) -> None:
    write(api, repo, {"b.txt": b"x" * 1500, "z/deep/c.txt": b"c", "weights.bin": b"\0" * 3000}, "The first")
    write(api, repo, {"z/deep/c.txt": b"cc"}, "The second")
    page = browser.page(f"/{repo}/tree/main")
    assert rows(page)[:2] == [f"/{repo}/tree/main/z", f"/{repo}/blob/main/.gitattributes"]
    assert "b.txt 1.5 KB The first" in page.words
    assert "weights.bin LFS 3.0 KB The first" in page.words
    assert "z/ The second" in page.words
    assert f"/{repo}/resolve/main/b.txt?download=true" in page.links
    answer = browser.get(f"/{repo}/resolve/main/b.txt?download=true")
    assert (answer.body, answer.headers["content-disposition"]) == (b"x" * 1500, "attachment; filename*=UTF-8''b.txt")
    below = browser.page(f"/{repo}/tree/main/z/deep/")
    assert rows(below) == [f"/{repo}/tree/main/z", f"/{repo}/tree/main/z", f"/{repo}/blob/main/z/deep/c.txt"]


def test_a_folder_has_pages(browser: Browser, api: HfApi, repo: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_pages, "PAGE", 4)
    write(api, repo, {f"many/{name}": b"x" for name in ("a/1", "b/1", "c", "d & e", "f", "g", "h", "i", "j")})
    path, seen = f"/{repo}/tree/main/many", list[str]()
    while path:
        page = browser.page(path)
        seen += [link.rpartition("/many/")[2] for link in rows(page) if "/many/" in link]
        path = next((link for link in page.links if "cursor=" in link), "")
    assert seen == ["a", "b", "c", "d%20%26%20e", "f", "g", "h", "i", "j"]


@pytest.mark.parametrize("revision", ["feature/long/name", "v1.0.0", "refs/pr/1", "HEAD", "{sha}", "{short}", "main"])
@pytest.mark.parametrize("is_quoted", [True, False])
def test_every_revision_has_its_files(browser: Browser, api: HfApi, repo: str, revision: str, is_quoted: bool) -> None:
    oid = write(api, repo, {"data/a.txt": b"the text\n"})
    api.create_branch(repo, branch="feature/long/name")
    api.create_tag(repo, tag="v1.0.0")
    api.create_pull_request(repo, title="A change")
    revision = revision.format(sha=oid, short=oid[:8])
    address = quote(revision, safe="") if is_quoted else revision
    assert "a.txt" in browser.page(f"/{repo}/tree/{address}/data").text
    page = browser.page(f"/{repo}/blob/{address}/data/a.txt")
    assert "the text" in page.text
    assert f"/{repo}/tree/{quote(revision, safe='')}/data" in page.links
    assert "files" in browser.page(f"/{repo}/commits/{address}/data/a.txt").text


def test_a_file_and_a_folder_lead_to_each_other(browser: Browser, api: HfApi, repo: str) -> None:
    write(api, repo, {"data/a.txt": b"x"})
    for path, place in (("blob/main/data", "tree/main/data"), ("tree/main/data/a.txt", "blob/main/data/a.txt")):
        answer = browser.get(f"/{repo}/{path}")
        assert (answer.status, answer.headers["location"]) == (302, f"/{repo}/{place}")


def test_a_repo_without_files(browser: Browser, api: HfApi, repo: str) -> None:
    api.create_commit(repo, [CommitOperationDelete(".gitattributes")], commit_message="nothing")
    assert "There are no files here." in browser.page(f"/{repo}/tree/main").text
    assert "no README.md" in browser.page(f"/{repo}").text
    assert "1 changed file" in browser.page(f"/{repo}/commit/main").words


def test_a_text_has_lines_with_anchors(browser: Browser, api: HfApi, repo: str) -> None:
    write(api, repo, {"a.py": b"one\r\n\tif <b>:\n\n\x1b[31mred \xe2\x80\xaetxt.exe\n"})
    page = browser.page(f"/{repo}/blob/main/a.py")
    assert page.values("tr", "id") == ["L1", "L2", "L3", "L4"]
    assert "#L4" in page.links
    assert "\tif <b>:" in page.text
    assert "\\x1b[31mred \\u202etxt.exe" in page.text
    assert f"/{repo}/raw/main/a.py" in page.links


@pytest.mark.parametrize(
    ("name", "data", "shown"),
    [
        ("a.txt", b"", "The file is empty."),
        ("a.txt", b"no end", "no end"),
        ("a.txt", "\N{SNOWMAN}\n".encode(), "\N{SNOWMAN}"),
        ("a.bin", b"\0\1\2", "This file is not a text."),
        ("a.txt", b"caf\xe9", "This file is not a text."),
        ("long.txt", b"x" * 700_000, "This file is too large to show."),
        ("lines.txt", b"\n" * 10_002, "This file has too many lines to show."),
        ("line.json", b"[" + b"1," * 100_000 + b"1]", "1,1,1"),
    ],
)
def test_a_file_that_can_be_shown_is_shown(
    browser: Browser, api: HfApi, repo: str, name: str, data: bytes, shown: str
) -> None:
    write(api, repo, {name: data})
    page = browser.page(f"/{repo}/blob/main/{name}")
    assert shown in page.text
    [download] = [link for link in page.links if "download" in link]
    assert browser.get(download).body == data


def test_markdown_is_rendered_where_it_is_with_its_source(
    browser: Browser, api: HfApi, repo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (
        b"---\ntitle: no\n---\n# More\n\n[up](../a.txt) [here](b.md) ![](pic.png) ![](../pic.png) <script>x</script>\n"
    )
    write(api, repo, {"docs/a.md": text, "docs/pic.png": PNG, "a.txt": b"x"})
    page = browser.page(f"/{repo}/blob/main/docs/a.md")
    assert {f"/{repo}/blob/main/a.txt", f"/{repo}/blob/main/docs/b.md"} <= set(page.links)
    assert page.values("img", "src") == [f"/{repo}/media/main/docs/pic.png"]
    assert "<script>x</script>" in page.text
    assert "L1" in page.values("tr", "id")
    # Of a longer one, the source is enough.
    monkeypatch.setattr(file_pages, "MOST_MARKDOWN", 10)
    page = browser.page(f"/{repo}/blob/main/docs/a.md")
    assert page.values("img", "src") == []
    assert "L1" in page.values("tr", "id")


def test_a_picture_is_shown_as_one(browser: Browser, api: HfApi, repo: str) -> None:
    write(api, repo, {"a b.PNG": PNG})
    page = browser.page(f"/{repo}/blob/main/a%20b.PNG")
    [address] = page.values("img", "src")
    answer = browser.get(address)
    assert (answer.body, answer.headers["content-type"]) == (PNG, "image/png")
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert answer.headers["content-disposition"].startswith("inline")


def test_a_large_file_shows_its_digest_and_may_be_gone(
    hub: EmbeddedHub, browser: Browser, api: HfApi, repo: str
) -> None:
    write(api, repo, {"weights.bin": b"\0" * 3000, "pic.png": PNG + b"\0" * 3000})
    page = browser.page(f"/{repo}/blob/main/weights.bin")
    entry = api.get_paths_info(repo, ["weights.bin"])[0]
    digest = entry.lfs.sha256  # type: ignore[union-attr]
    assert digest in page.text
    assert not [link for link in page.links if "/raw/" in link]
    for path in hub.root.glob(f"objects/*/*/{digest}"):
        path.unlink()
    assert "not stored on this Hub" in browser.page(f"/{repo}/blob/main/weights.bin").text
    assert browser.get(f"/{repo}/media/main/weights.bin").status == 404
