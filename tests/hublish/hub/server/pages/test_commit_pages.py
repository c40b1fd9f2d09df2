"""The history of a revision and of a path, and the changes of a commit."""

import pytest
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi

from hublish.hub.server.pages import commit_pages
from tests.hublish.hub.server.pages.conftest import Browser

Operation = CommitOperationAdd | CommitOperationDelete


def write(api: HfApi, repo: str, message: str, files: dict[str, bytes | None], revision: str | None = None) -> str:
    changes: list[Operation] = [
        CommitOperationDelete(path) if data is None else CommitOperationAdd(path, data) for path, data in files.items()
    ]
    return api.create_commit(repo, changes, commit_message=message, revision=revision).oid or ""


def titles(browser: Browser, path: str) -> list[str]:
    """Return the titles of commits in a history, in its order."""
    page = browser.page(path)
    marks = [attributes.get("class") for tag, attributes in page.elements if tag == "a"]
    return [link for link, mark in zip(page.links, marks, strict=True) if mark == "title"]


def test_a_history_shows_the_latest_first_in_pages(
    browser: Browser, api: HfApi, repo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [write(api, repo, f"Change {number}", {"a.txt": b"%d" % number}) for number in range(5)]
    monkeypatch.setattr(commit_pages, "PAGE", 4)
    path = f"/{repo}/commits/main"
    assert titles(browser, path) == [f"/{repo}/commit/{sha}" for sha in reversed(made[1:])]
    [older] = [link for link in browser.page(path).links if "cursor=" in link]
    assert titles(browser, older)[0] == f"/{repo}/commit/{made[0]}"
    assert len(titles(browser, older)) == 2


def test_the_history_of_a_path_shows_its_changes_alone(
    browser: Browser, api: HfApi, repo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = write(api, repo, "one", {"data/a.txt": b"1", "b.txt": b"1"})
    write(api, repo, "two", {"b.txt": b"2"})
    gone = write(api, repo, "three", {"data/a.txt": None})
    back = write(api, repo, "four", {"data/a.txt": b"1"})
    expected = [f"/{repo}/commit/{sha}" for sha in (back, gone, first)]
    for path in ("data/a.txt", "data"):
        assert titles(browser, f"/{repo}/commits/main/{path}") == expected
    assert titles(browser, f"/{repo}/commits/main/never") == []
    # A page ends after so many comparisons, and the next one goes on where it ended.
    monkeypatch.setattr(commit_pages, "MOST_COMPARED", 1)
    seen, path = list[str](), f"/{repo}/commits/main/data"
    while path:
        seen += titles(browser, path)
        path = next((link for link in browser.page(path).links if "cursor=" in link), "")
    assert seen == expected


def test_a_merge_is_part_of_the_history_of_what_it_changed_itself(browser: Browser, api: HfApi, repo: str) -> None:
    write(api, repo, "base", {"a.txt": b"1", "b.txt": b"1"})
    opened = api.create_commit(repo, [CommitOperationAdd("a.txt", b"2")], commit_message="proposed", create_pr=True)
    write(api, repo, "meanwhile", {"b.txt": b"2"})
    api.merge_pull_request(repo, int(opened.pr_num or 0))
    assert len(titles(browser, f"/{repo}/commits/main")) == 5
    assert len(titles(browser, f"/{repo}/commits/main/a.txt")) == 2
    page = browser.page(f"/{repo}/commit/main")
    assert page.text.count("Parent") == 2
    assert "a.txt" in page.text


def test_a_commit_shows_its_message_and_its_files(
    browser: Browser, api: HfApi, repo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(api, repo, "base", {"a.txt": b"one\ntwo\n", "old/b.bin": b"\0" * 2000, "keep.txt": b"k"})
    changes: list[Operation] = [
        CommitOperationAdd("a.txt", b"one\n2 <b>\n"),
        CommitOperationDelete("old/b.bin"),
        CommitOperationAdd("new.txt", b"new\n"),
    ]
    oid = api.create_commit(repo, changes, commit_message="The title", commit_description="The body\n\nof it").oid
    page = browser.page(f"/{repo}/commit/{oid}")
    assert "3 changed files" in page.words
    assert "The body\n\nof it" in page.text
    assert "-two" in page.text
    assert "+2 <b>" in page.text
    assert {"ins", "del"} <= {tag for tag, _ in page.elements}
    # Files that take too long to compare are listed with their sizes.
    monkeypatch.setattr(commit_pages, "MOST_SECONDS", 0.0)
    page = browser.page(f"/{repo}/commit/{oid}")
    assert "+2 <b>" not in page.text
    for name in ("a.txt", "old/b.bin", "new.txt", "me", str(oid)):
        assert name in page.text
    assert "keep.txt" not in page.text


def test_the_first_commit_adds_its_files(browser: Browser, api: HfApi, repo: str) -> None:
    first = api.list_repo_commits(repo)[-1].commit_id
    page = browser.page(f"/{repo}/commit/{first}")
    assert "1 changed file" in page.words
    assert "Parent" not in page.text


def test_a_commit_of_many_files_has_pages(
    browser: Browser, api: HfApi, repo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    oid = write(api, repo, "many", {f"{number:03}.txt": b"x" for number in range(25)})
    monkeypatch.setattr(commit_pages, "FILES", 10)
    path, seen = f"/{repo}/commit/{oid}", 0
    while path:
        page = browser.page(path)
        seen += page.text.count(".txt")
        path = next((link for link in page.links if "cursor=" in link), "")
    assert seen == 25


def test_a_folder_that_becomes_a_file_is_shown_as_both(browser: Browser, api: HfApi, repo: str) -> None:
    write(api, repo, "folder", {"x/a.txt": b"a", "x/b.txt": b"b"})
    oid = write(api, repo, "file", {"x/a.txt": None, "x/b.txt": None, "x": b"now a file"})
    page = browser.page(f"/{repo}/commit/{oid}")
    assert "3 changed files" in page.words
    assert "x/a.txt" in page.text


def test_a_commit_of_another_branch_has_a_page_and_a_lost_one_has_none(browser: Browser, api: HfApi, repo: str) -> None:
    api.create_branch(repo, branch="side")
    oid = write(api, repo, "on the side", {"a.txt": b"a"}, revision="side")
    assert browser.get(f"/{repo}/commit/{oid}").status == 200
    api.delete_branch(repo, branch="side")
    assert browser.get(f"/{repo}/commit/{oid}").status == 404
