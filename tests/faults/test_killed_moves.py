"""kill -9 while tags and branches follow a release: it stays published, and a rerun moves the rest."""

import random
import time
from contextlib import suppress
from os import kill
from pathlib import Path
from signal import SIGKILL

import pytest

from hublish.api.read_project import read_lock_file
from hublish.hub.server import EmbeddedHub
from tests.faults.projects import REGULAR, Release, rounds
from tests.faults.proxy import Proxy
from tests.faults.test_kill import KILLED, Killer, job
from tests.faults.zygote import Zygote

NAMES = ("latest", "stable")


def declare(release: Release, version: int) -> None:
    (release.folder / REGULAR).write_text(f'{{"layers": {version}}}\n')
    release.declare(tag=f"v{version}", moving_tags=["latest"], moving_branches=["stable"])


def check_release(release: Release) -> None:
    """Assert that the second release is complete, and made by one commit."""
    head = release.head()
    assert {release.head(name) for name in ("v2", *NAMES)} == {head}
    assert release.titles() == ["Release v2", "Release v1"]
    lock = read_lock_file(release.lock)
    assert (lock.commit, lock.moving_tags, lock.moving_branches) == (head, ("latest",), ("stable",))


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_publisher_killed_at_any_request_leaves_nothing_that_a_rerun_does_not_move(
    proxy: Proxy, own_hub: EmbeddedHub, publishers: Zygote, by_lfs: None, tmp_path: Path, moment: str
) -> None:
    ended, number = KILLED, 0
    while ended == KILLED:
        number += 1
        release = Release.make(tmp_path / str(number), f"acme/killed-moves-{moment}-{number}", proxy, own_hub)
        proxy.clear()
        declare(release, 1)
        first = release.publish().commit
        declare(release, 2)
        killer = Killer(number, moment)
        proxy.clear()
        proxy.on("", killer)
        killer.aim(publishers.start(job(release, xet=False)))
        ended = int(publishers.line())
        proxy.clear()
        # Each is at one of the two releases or, for the shortest time, gone.
        refs = release.api.list_repo_refs(release.repo_id)
        found = {ref.name: ref.target_commit for ref in (*refs.tags, *refs.branches)}
        assert {found.get(name) for name in NAMES} <= {first, found["main"], None}
        assert "stable" in found  # a branch moves in one request
        release.publish()
        check_release(release)
    assert ended == 0, (tmp_path / "errors.txt").read_text()


@pytest.mark.parametrize("round_", range(rounds(6)))
def test_a_publisher_killed_at_any_time_leaves_nothing_that_a_rerun_does_not_move(
    release: Release, publishers: Zygote, by_lfs: None, round_: int
) -> None:
    declare(release, 1)
    release.publish()
    declare(release, 2)
    pid = publishers.start(job(release, xet=False))
    time.sleep(random.Random(round_).uniform(0, 0.6))
    with suppress(ProcessLookupError):  # it had ended
        kill(pid, SIGKILL)
    publishers.line()
    release.publish()
    check_release(release)


def test_two_publishers_of_one_release_at_once_agree(release: Release, publishers: Zygote, by_lfs: None) -> None:
    declare(release, 1)
    release.publish()
    declare(release, 2)
    for _ in range(2):
        publishers.start(job(release, xet=False))
    for _ in range(2):
        publishers.line()
    release.publish()  # if one of them was refused
    check_release(release)
