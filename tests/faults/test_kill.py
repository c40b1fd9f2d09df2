"""kill -9 at every request and at random times: main has the old or the new state, and a rerun ends with one commit."""

import os
import random
import signal
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from hublish.api.read_project import read_lock_file
from hublish.base.errors import HublishError
from hublish.hub.server import EmbeddedHub
from tests.faults.projects import COMMIT, Release, polling, rounds
from tests.faults.proxy import Answer, Call, Forward, HangupError, Proxy
from tests.faults.zygote import Zygote

KILLED = -signal.SIGKILL
# The least number of requests before the commit.
BEFORE_COMMIT = 8
WRITES = r"^(POST|PUT)"


@dataclass(frozen=True)
class Elsewhere:
    """A hub in its own process."""

    endpoint: str
    token: str


class Killer:
    """Kills a process at its `number`-th call, before or after the hub processes the request."""

    def __init__(self, number: int, moment: str) -> None:
        self._number = number
        self._moment = moment
        self._known = threading.Event()
        self._seen = 0
        self._pid = 0

    def aim(self, pid: int) -> None:
        self._pid = pid
        self._known.set()

    def __call__(self, call: Call, forward: Forward) -> Answer:
        assert self._known.wait(60)  # a pid of 0 would kill this process group
        self._seen += 1
        if self._seen != self._number:
            return forward(call)
        if self._moment == "after":
            forward(call)
        os.kill(self._pid, signal.SIGKILL)
        raise HangupError


def job(release: Release, *, xet: bool) -> dict[str, object]:
    return {
        "do": "publish",
        "manifest": str(release.manifest),
        "endpoint": release.proxy.endpoint,
        "token": release.hub.token,
        "home": str(release.folder.parent / "hf"),
        "errors": str(release.folder.parent / "errors.txt"),
        "xet": xet,
    }


def check_release(release: Release) -> None:
    """Assert that one commit contains the release, and that tag and lock name it."""
    assert release.tree() == release.planned_tree()
    assert release.titles() == ["Release v1"]
    head = release.head()
    assert release.head("v1") == head
    lock = read_lock_file(release.lock)
    assert (lock.commit, lock.tag) == (head, "v1")
    assert [path.name for path in release.folder.iterdir() if path.name.endswith(".tmp")] == []


# To the hub, before a request is the same as after the one before: one of the two is enough.
KILLS = [("lfs", "before"), ("xet", "after"), *([("lfs", "after"), ("xet", "before")] if rounds(1) > 1 else [])]


@pytest.mark.parametrize(("by", "moment"), KILLS, indirect=["by"])
def test_a_publisher_killed_at_any_request_leaves_the_old_or_new_state_and_converges(
    proxy: Proxy, own_hub: EmbeddedHub, publishers: Zygote, by: str, tmp_path: Path, moment: str
) -> None:
    ended, number = KILLED, 0
    while ended == KILLED:
        number += 1
        repo_id = f"acme/killed-{by}-{moment}-{number}"
        release = Release.make(tmp_path / str(number), repo_id, proxy, own_hub, tag="v1")
        killer = Killer(number, moment)
        proxy.clear()
        proxy.on("", killer)
        killer.aim(publishers.start(job(release, xet=by == "xet")))
        ended = int(publishers.line())
        assert release.tree() in ({}, release.planned_tree())
        proxy.clear()
        release.publish()
        check_release(release)
    assert ended == 0, (tmp_path / "errors.txt").read_text()
    assert number > BEFORE_COMMIT  # it made more requests than that


@pytest.mark.parametrize("round_", range(rounds(6)))
def test_a_publisher_killed_at_any_time_leaves_the_old_or_new_state_and_converges(
    release: Release, publishers: Zygote, by: str, round_: int
) -> None:
    release.declare(tag="v1")
    with polling(release.tree) as seen:
        pid = publishers.start(job(release, xet=by == "xet"))
        time.sleep(random.Random(round_).uniform(0, 0.5))
        with suppress(ProcessLookupError):  # it had ended
            os.kill(pid, signal.SIGKILL)
        publishers.line()
        release.publish()
    check_release(release)
    assert all(tree in ({}, release.planned_tree()) for tree in seen)


@pytest.mark.parametrize(("by", "moment"), KILLS, indirect=["by"])
def test_a_hub_killed_at_any_request_keeps_the_old_or_new_state_and_converges(
    servers: Zygote, by: str, sleeps: list[float], tmp_path: Path, moment: str
) -> None:
    serve = {"do": "serve", "root": str(tmp_path / "hub"), "port": 0, "token": "hf_" + "k" * 34}
    serve["errors"] = str(tmp_path / "errors.txt")
    pid = servers.start(serve)
    endpoint = servers.line()
    serve["port"] = int(endpoint.rpartition(":")[2])
    hub = Elsewhere(endpoint, str(serve["token"]))

    def restart() -> None:
        nonlocal pid
        assert int(servers.line()) == KILLED
        pid = servers.start(serve)
        assert servers.line() == endpoint

    class Interrupted(Killer):
        def __call__(self, call: Call, forward: Forward) -> Answer:
            try:
                return super().__call__(call, forward)
            except HangupError:
                if self._seen == self._number:
                    restart()
                raise

    # Requests that only read change nothing in the hub.
    pattern = "" if rounds(1) > 1 else WRITES
    with Proxy(endpoint).running() as proxy:
        number, seen = 0, 1
        while seen > number:
            number += 1
            release = Release.make(tmp_path / str(number), f"acme/shaken-{number}", proxy, hub, tag="v1")
            killer = Interrupted(number, moment)
            killer.aim(pid)
            proxy.clear()
            proxy.on(pattern, killer)
            with suppress(HublishError):
                release.publish()
            assert release.tree() in ({}, release.planned_tree())
            seen = proxy.count(pattern)
            release.publish()
            check_release(release)
        assert seen > 4
        os.kill(pid, signal.SIGKILL)
        servers.line()


def test_a_publisher_killed_after_it_opened_a_pull_request_finds_it_on_the_next_run(
    release: Release, publishers: Zygote
) -> None:
    main = release.create()
    release.declare(create_pr=True)
    killer = Killer(1, "after")
    release.proxy.on(COMMIT, killer)
    killer.aim(publishers.start(job(release, xet=False)))
    assert int(publishers.line()) == KILLED
    release.proxy.clear()
    receipt = release.publish()
    assert (receipt.created, receipt.pull_request) == (False, 1)
    assert release.tree("refs%2Fpr%2F1") == release.planned_tree()
    assert release.head() == main
    assert len(list(release.api.get_repo_discussions(release.repo_id))) == 1
