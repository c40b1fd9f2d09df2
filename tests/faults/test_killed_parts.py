"""kill -9 at random times while a large release is sent: main has the old or the new state, by one merge a release."""

import hashlib
import os
import random
import signal
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.faults.projects import Release, polling, rounds
from tests.faults.zygote import Zygote

KILLED = -signal.SIGKILL


@dataclass(frozen=True)
class Many:
    """A release of many small files, which all change from one version to the next."""

    release: Release
    files: int

    def write(self, version: int) -> Mapping[str, str]:
        """Write a version, and return its tree."""
        written = {}
        for number in range(self.files):
            path = Path(f"{number // 100:03}", f"{number:05}.txt")
            data = f"{number} of {version}\n".encode()
            place = self.release.folder / "files" / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
            written[path.as_posix()] = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
        return written

    def tree(self) -> Mapping[str, str]:
        """Return the files of main, without the manifest and the Hub's own."""
        listed = self.release.api.list_repo_tree(self.release.repo_id, recursive=True)
        return {each.path: each.blob_id for each in listed if hasattr(each, "blob_id") and each.path.endswith(".txt")}

    def statuses(self) -> list[str]:
        """Return the status of each pull request."""
        return [each.status for each in self.release.api.get_repo_discussions(self.release.repo_id)]


def publish_through_kills(many: Many, publishers: Zygote, *, kills: int, longest: float) -> None:
    """Kill a publisher again and again; after each kill main has the old or the new state, and a rerun converges."""
    release, times, version = many.release, random.Random(many.files), 1
    old_head = release.create()
    allowed, new = {old_head}, many.write(version)
    job = {
        "do": "publish",
        "manifest": str(release.manifest),
        "endpoint": release.hub.endpoint,
        "token": release.hub.token,
        "home": str(release.folder.parent / "hf"),
        "errors": str(release.folder.parent / "errors.txt"),
        "xet": False,
    }
    with polling(lambda: release.ask("/revision/main")["sha"], pause=0.05) as seen:
        while kills:
            pid = publishers.start(job)
            time.sleep(times.uniform(0, longest))
            with suppress(ProcessLookupError):  # it had ended
                os.kill(pid, signal.SIGKILL)
            ended = int(publishers.line())
            assert ended in (KILLED, 0), Path(str(job["errors"])).read_text()
            kills -= ended == KILLED
            if (head := release.head()) not in allowed:
                assert many.tree() == new
                allowed.add(head)
            if ended == 0:
                assert head != old_head
                assert many.statuses().count("merged") == version
                assert set(many.statuses()) == {"merged"}
                version, old_head = version + 1, head
                new = many.write(version)
        release.publish()
    allowed.add(release.head())
    assert many.tree() == new
    # No reader has found a head between two versions.
    assert set(seen) <= allowed
    assert many.statuses() == ["merged"] * version
    assert [branch.name for branch in release.api.list_repo_refs(release.repo_id).branches] == ["main"]


def test_a_publisher_of_parts_killed_at_any_time_leaves_the_old_or_new_state_and_converges(
    release: Release, publishers: Zygote, by_lfs: None
) -> None:
    release.declare(sources=("files",), files_per_commit=100)
    publish_through_kills(Many(release, 1500), publishers, kills=rounds(10), longest=4)
