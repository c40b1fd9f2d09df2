"""The view of releases."""

from datetime import UTC, datetime

import pytest

from hublish.api.recorded_releases import RecordedReleases
from hublish.api.releases import PublishedRelease, Releases, ReleaseState
from hublish.base.values import Target
from hublish.base.values.moving_ref import MovingRef
from hublish.cli.views.releases import ReleasesView
from tests.hublish.cli.running import Golden
from tests.hublish.cli.views.values import COMMIT, PARENT, Show

DATE = datetime(2026, 1, 31, 23, 59, tzinfo=UTC)


@pytest.fixture
def found() -> Releases:
    target = Target("acme/digits", "dataset", "main", "https://hub.example")
    paths = ("a.json", "b.json", "c\x1b[31m.json", "d.json")
    listed = (
        PublishedRelease("v1.2.0", COMMIT, ReleaseState.VERIFIED, "Release 1.2.0", DATE, COMMIT, at_head=True),
        PublishedRelease("v1.1.0", PARENT, ReleaseState.MOVED, "Oh \x1b]0;x\x07 @acme #1", DATE, COMMIT),
        PublishedRelease("v1.0.0", PARENT, ReleaseState.DIFFERENT, "Release", DATE, PARENT, paths),
        PublishedRelease("by-<b>hand", PARENT, ReleaseState.UNKNOWN, "a | b"),
        PublishedRelease("v0.9.0", None, ReleaseState.GONE, locked_commit=PARENT),
    )
    moving = (MovingRef("tag", "latest", COMMIT), MovingRef("branch", "stable", PARENT), MovingRef("tag", "old", None))
    return Releases(target, COMMIT, listed, RecordedReleases((), is_complete=False, unreadable=2), moving)


def test_every_tag_takes_one_line(found: Releases, show: Show, golden: Golden) -> None:
    golden("releases", show(ReleasesView(found)))
    assert all(len(line) <= 80 for line in show(ReleasesView(found), width=80).splitlines()[:-4])


def test_as_markdown_names_stay_names(found: Releases, as_markdown: Show, golden: Golden) -> None:
    golden("releases_markdown", as_markdown(ReleasesView(found)))


def test_json_has_every_path_and_the_completeness_of_the_locks(found: Releases) -> None:
    document = ReleasesView(found).document()
    assert document["ok"] is False
    assert (document["locks_complete"], document["locks_unreadable"]) == (False, 2)
    assert document["moving"][1:] == [
        {"kind": "branch", "name": "stable", "at": PARENT},
        {"kind": "tag", "name": "old", "at": None},
    ]
    assert document["releases"][2] == {
        "tag": "v1.0.0",
        "commit": PARENT,
        "state": "different",
        "title": "Release",
        "locked_commit": PARENT,
        "different": ["a.json", "b.json", "c\x1b[31m.json", "d.json"],
        "at_head": False,
        "date": "2026-01-31T23:59:00+00:00",
    }


def test_quiet_prints_the_tags_that_the_hub_has(found: Releases) -> None:
    assert list(ReleasesView(found).quiet()) == ["v1.2.0", "v1.1.0", "v1.0.0", "by-<b>hand"]


def test_a_repo_without_tags_takes_a_sentence(show: Show) -> None:
    none = Releases(Target("acme/digits", endpoint="embedded"), COMMIT, (), RecordedReleases())
    assert show(ReleasesView(none)) == "acme/digits on embedded\n\nNo releases: the repo has no tag.\n"
