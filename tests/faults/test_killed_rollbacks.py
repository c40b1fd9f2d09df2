"""kill -9 during a rollback, and two at once: main has the old or the new tree, and a rerun makes no second commit."""

import os
import random
import signal
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import pytest

from hublish.hub.server import EmbeddedHub
from tests.faults.projects import noise, polling, rounds
from tests.faults.proxy import Proxy
from tests.faults.test_kill import KILLED, Killer
from tests.faults.zygote import Zygote
from tests.hublish.api.released_project import FIRST, SECOND, ReleasedProject

TAGS = ("v1.0.0", "v1.1.0")
# The least number of requests of a rollback.
LEAST = 10


@pytest.fixture
def project(own_hub: EmbeddedHub, proxy: Proxy, own_home: Path, tmp_path: Path) -> ReleasedProject:
    """Two releases; main is at the second one, and so are the names that follow it."""
    names = {"moving_tags": ["latest"], "moving_branches": ["stable"]}
    made = ReleasedProject(tmp_path / tmp_path.name, own_hub, proxy.endpoint, **names)
    made.publish(TAGS[0], FIRST)
    made.publish(TAGS[1], SECOND)
    return made


def job(project: ReleasedProject, tag: str) -> dict[str, object]:
    return {
        "do": "rollback",
        "revision": tag,
        "manifest": str(project.manifest),
        **project.options,
        "home": str(project.folder.parent / "hf"),
        "errors": str(project.folder.parent / "errors.txt"),
        "xet": False,
    }


class Turns:
    """Rollbacks from one of two releases to the other, in turn."""

    def __init__(self, project: ReleasedProject) -> None:
        self._project = project
        self._trees = {tag: project.tree(tag) for tag in TAGS}
        self._commits = len(project.titles())
        self._turn = 0

    @property
    def tag(self) -> str:
        return TAGS[self._turn % 2]

    def is_old_or_new(self, tree: Mapping[str, str]) -> bool:
        return tree in self._trees.values()

    def converge(self) -> None:
        """Run again without a fault, check the result, and turn around."""
        project = self._project
        receipt = project.rollback(self.tag)
        assert project.tree() == self._trees[self.tag]
        self._commits += 1
        assert len(project.titles()) == self._commits
        assert project.titles()[0] == f"Roll back to {self.tag}"
        assert project.lock["commit"] == receipt.commit
        assert (receipt.moving_tags, receipt.moving_branches) == (("latest",), ("stable",))
        assert project.is_verified()
        assert not [path for path in project.folder.iterdir() if path.name.endswith(".tmp")]
        project.git("commit", "-qam", self.tag)
        self._turn += 1


# To the Hub, before a request is the same as after the one before: one of the two is enough.
@pytest.mark.parametrize("moment", ["after", *(["before"] if rounds(1) > 1 else [])])
def test_a_rollback_killed_at_any_request_leaves_the_old_or_new_tree_and_converges(
    project: ReleasedProject, proxy: Proxy, publishers: Zygote, moment: str
) -> None:
    turns, ended, number = Turns(project), KILLED, 0
    while ended == KILLED:
        number += 1
        killer = Killer(number, moment)
        proxy.clear()
        proxy.on("", killer)
        killer.aim(publishers.start(job(project, turns.tag)))
        ended = int(publishers.line())
        proxy.clear()
        assert turns.is_old_or_new(project.tree())
        turns.converge()
    assert ended == 0, (project.folder.parent / "errors.txt").read_text()
    assert number > LEAST


def test_a_rollback_killed_at_any_time_leaves_the_old_or_new_tree_and_converges(
    project: ReleasedProject, publishers: Zygote
) -> None:
    turns, chance = Turns(project), random.Random(0)
    for _ in range(rounds(30)):
        with polling(project.tree, 0.01) as seen:
            pid = publishers.start(job(project, turns.tag))
            time.sleep(chance.uniform(0, 0.6))
            with suppress(ProcessLookupError):  # it had ended
                os.kill(pid, signal.SIGKILL)
            publishers.line()
            turns.converge()
        assert all(map(turns.is_old_or_new, seen))


def test_a_rollback_in_parts_that_is_killed_converges(
    own_hub: EmbeddedHub, proxy: Proxy, own_home: Path, publishers: Zygote, tmp_path: Path
) -> None:
    project = ReleasedProject(tmp_path / tmp_path.name, own_hub, proxy.endpoint, files_per_commit=4)
    for tag in TAGS:
        project.publish(tag, {f"part/{number:02}.bin": noise(70_000, (tag, number)) for number in range(6)})
        project.publish(f"{tag}-small", {"part/a.txt": tag, "part/b.txt": f"{tag}\n"})
    trees = [project.tree(tag) for tag in (TAGS[1], TAGS[0])]
    ended = KILLED
    for number in range(1, 40, 2):
        killer = Killer(number, "after")
        proxy.clear()
        proxy.on("", killer)
        killer.aim(publishers.start(job(project, TAGS[0])))
        ended = int(publishers.line())
        proxy.clear()
        assert project.tree() in (*trees, project.tree(f"{TAGS[1]}-small"))
        project.rollback(TAGS[0])
        assert project.tree() == trees[1]
        assert project.is_verified()
        drafts = [each for each in project.api.get_repo_discussions(project.repo_id) if each.status == "draft"]
        assert drafts == []
        project.git("commit", "-qam", "rolled back")
        project.rollback(TAGS[1])
        project.git("commit", "-qam", "and back")
        if ended == 0:
            break
    assert ended == 0


def test_two_rollbacks_at_once_make_one_commit(project: ReleasedProject, publishers: Zygote, servers: Zygote) -> None:
    turns = Turns(project)
    for _ in range(rounds(10)):
        pids = [zygote.start(job(project, turns.tag)) for zygote in (publishers, servers)]
        assert all(pids)
        ended = [int(zygote.line()) for zygote in (publishers, servers)]
        # One of them may be refused, and then says that the other one was faster.
        assert 0 in ended
        turns.converge()
