"""A large release, and what readers and users see of it on the Hub."""

from typing import Any

import pytest

from hublish.base.errors import HublishError
from tests.faults.projects import LARGE, Release, noise
from tests.faults.proxy import Answer, Call, Forward, lost_before

FILES = 12
OPEN = r"^POST /api/models/[^?]*/discussions$"
STATUS = r"^POST /api/models/[^?]*/discussions/\d+/status"
MERGE = r"^POST /api/models/[^?]*/discussions/\d+/merge"


def make_parts(release: Release) -> Release:
    """Make a release of 14 files that is sent in three parts, to a repo with one file to delete."""
    folder = release.folder / "files"
    folder.mkdir()
    for number in range(FILES):
        (folder / f"{number:02}.txt").write_text(f"text {number}\n")
    (folder / LARGE).write_bytes(noise(100_000, folder))
    declare(release)
    release.create()
    release.commit_as_other("old.txt")
    release.proxy.clear()
    return release


def declare(release: Release, **repo: Any) -> None:
    patterns = {"delete_patterns": ["old.txt"]}
    release.declare(sources=("files",), patterns=patterns, **{"files_per_commit": 6, **repo})


def discussions(release: Release) -> list[tuple[int, str]]:
    """Return number and status of each pull request, oldest first."""
    found = release.api.get_repo_discussions(release.repo_id)
    return sorted((each.num, each.status) for each in found)


def check_merged_once(release: Release) -> None:
    """Assert that main has the release by one merge, and that no pull request is open."""
    assert release.tree() == release.planned_tree()
    assert [status for _, status in discussions(release)].count("merged") == 1
    assert {status for _, status in discussions(release)} <= {"merged", "closed"}


def killed_after(release: Release, pattern: str, count: int) -> None:
    """Publish until `count` requests are done; all later ones fail for good, without a chance to clean up."""
    done = iter(range(count))

    def behave(call: Call, forward: Forward) -> Answer:
        answer = forward(call)
        if next(done, None) == count - 1:
            release.proxy.on("", lost_before)
        return answer

    release.proxy.on(pattern, behave, times=count)
    with pytest.raises(HublishError):
        release.publish()
    release.proxy.clear()
