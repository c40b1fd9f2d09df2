"""Discussions and pull requests, as a person reads them."""

import pytest
from huggingface_hub import CommitOperationAdd, HfApi

from hublish.hub.server.pages import discussion_pages
from tests.hublish.hub.server.pages.conftest import Browser


def test_discussions_are_listed_with_type_and_status_in_pages(
    browser: Browser, api: HfApi, repo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "There are none yet." in browser.page(f"/{repo}/discussions").text
    for number in range(1, 6):
        api.create_discussion(repo, f"Question {number}", pull_request=number == 5)
    api.change_discussion_status(repo, 2, "closed")
    page = browser.page(f"/{repo}/discussions")
    assert "Question 5 #5 by me" in page.words
    assert "pull request draft" in page.words
    assert "discussion closed" in page.words
    monkeypatch.setattr(discussion_pages, "PAGE", 3)
    [older] = [link for link in browser.page(f"/{repo}/discussions").links if "cursor=" in link]
    assert "Question 1" in browser.page(older).text


def test_a_discussion_shows_its_events_and_loads_no_picture(browser: Browser, api: HfApi, repo: str) -> None:
    api.create_discussion(repo, "A question", description="Why **this**?\n\n![x](https://evil.example/x.png) [y](z.md)")
    comment = api.comment_discussion(repo, 1, "To be hidden")
    with pytest.warns(UserWarning, match="irreversible"):
        api.hide_discussion_comment(repo, 1, comment.id)
    edited = api.comment_discussion(repo, 1, "first")
    api.edit_discussion_comment(repo, 1, edited.id, "second")
    api.rename_discussion(repo, 1, "A better question")
    api.change_discussion_status(repo, 1, "closed", comment="Done")
    page = browser.page(f"/{repo}/discussions/1")
    assert "A better question #1" in page.words
    for words in (
        "Why this?",
        "This comment is hidden.",
        "edited second",
        "from “A question”",
        "made it closed",
        "Done",
    ):
        assert words in page.words
    assert "To be hidden" not in page.text
    assert page.values("img", "src") == []
    assert "strong" in {tag for tag, _ in page.elements}


def test_a_pull_request_shows_its_commits_changes_and_conflicts(browser: Browser, api: HfApi, repo: str) -> None:
    api.create_commit(repo, [CommitOperationAdd("a.txt", b"1\n")], commit_message="base")
    made = api.create_commit(repo, [CommitOperationAdd("a.txt", b"2\n")], commit_message="Proposed", create_pr=True)
    more = api.create_commit(repo, [CommitOperationAdd("b.txt", b"b\n")], commit_message="More", revision="refs/pr/1")
    page = browser.page(f"/{repo}/discussions/1")
    assert {f"/{repo}/commit/{made.oid}", f"/{repo}/commit/{more.oid}", f"/{repo}/tree/refs%2Fpr%2F1"} <= set(
        page.links
    )
    assert "2 changed files" in page.words
    assert "conflicts" not in page.text
    api.create_commit(repo, [CommitOperationAdd("a.txt", b"3\n")], commit_message="meanwhile")
    page = browser.page(f"/{repo}/discussions/1")
    # Compared with where it began: what the default branch got since is no part of it.
    assert "2 changed files" in page.words
    assert "It conflicts with the default branch in 1 file: a.txt" in page.words


def test_a_merged_pull_request_still_shows_its_changes(browser: Browser, api: HfApi, repo: str) -> None:
    api.create_commit(repo, [CommitOperationAdd("a.txt", b"2\n")], commit_message="Proposed", create_pr=True)
    api.merge_pull_request(repo, 1)
    page = browser.page(f"/{repo}/discussions/1")
    assert "merged" in page.text
    assert "1 changed file" in page.words
    assert "Proposed" in page.text


def test_a_draft_has_no_changes(browser: Browser, api: HfApi, repo: str) -> None:
    api.create_pull_request(repo, title="Nothing yet")
    assert "0 changed files" in browser.page(f"/{repo}/discussions/1").words


def test_a_long_discussion_is_cut(browser: Browser, api: HfApi, repo: str, monkeypatch: pytest.MonkeyPatch) -> None:
    api.create_discussion(repo, "Long", description="x" * 100)
    for number in range(4):
        api.comment_discussion(repo, 1, f"comment {number}")
    monkeypatch.setattr(discussion_pages, "MOST_EVENTS", 3)
    page = browser.page(f"/{repo}/discussions/1")
    assert "2 later events are not shown." in page.text
    monkeypatch.setattr(discussion_pages, "MOST_MARKDOWN", 105)
    page = browser.page(f"/{repo}/discussions/1")
    assert "xxx" in page.text
    assert page.text.count("too long to show") == 2
