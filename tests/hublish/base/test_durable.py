"""Writing a file: after any crash it has the old content or the new one."""

import fcntl
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import hublish
from hublish.base import durable
from tests.faults.projects import Release

OLD, NEW = b"old " * 50_000, b"new " * 60_000

LOOP = """
import pathlib, sys
from hublish.pipeline import durable
path = pathlib.Path(sys.argv[1])
print(flush=True)
while True:
    durable.write(path, b"new " * 60_000)
    durable.write(path, b"old " * 50_000)
"""


def test_a_file_is_created_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "hub.lock"
    assert durable.write(path, OLD)
    assert durable.write(path, NEW)
    assert path.read_bytes() == NEW
    assert list(tmp_path.iterdir()) == [path]


def test_the_same_content_is_not_written_again(tmp_path: Path) -> None:
    path = tmp_path / "hub.lock"
    durable.write(path, OLD)
    before = path.stat()
    assert not durable.write(path, OLD)
    assert path.stat().st_ino == before.st_ino


@pytest.mark.parametrize(
    ("there", "is_written"), [(None, True), (b"abc", False), (b"ab", True), (b"abcd", True), (b"abd", True)]
)
def test_pieces_are_written_unless_the_file_has_them(tmp_path: Path, there: bytes | None, is_written: bool) -> None:
    path = tmp_path / "hub.lock"
    if there is not None:
        path.write_bytes(there)
        assert durable.holds(path, lambda: (b"ab", b"", b"c")) is not is_written
    assert durable.write(path, lambda: (b"ab", b"", b"c")) is is_written
    assert path.read_bytes() == b"abc"
    assert [each.name for each in tmp_path.iterdir()] == ["hub.lock"]


def test_a_failure_between_pieces_leaves_the_old_file(tmp_path: Path) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"new"
        raise ValueError("no more")

    path = tmp_path / "hub.lock"
    path.write_bytes(OLD)
    with pytest.raises(ValueError, match="no more"):
        durable.write(path, pieces)
    assert path.read_bytes() == OLD
    assert [each.name for each in tmp_path.iterdir()] == ["hub.lock"]


def test_the_file_has_the_mode_of_any_new_file(tmp_path: Path) -> None:
    durable.write(tmp_path / "one", OLD)
    (tmp_path / "other").write_bytes(OLD)
    assert (tmp_path / "one").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_an_existing_folder_is_an_error_and_leaves_no_draft(tmp_path: Path) -> None:
    (tmp_path / "hub.lock").mkdir()
    with pytest.raises(OSError, match="directory"):
        durable.write(tmp_path / "hub.lock", OLD)
    assert [path.name for path in tmp_path.iterdir()] == ["hub.lock"]


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        durable.write(tmp_path / "nowhere" / "hub.lock", OLD)


@pytest.mark.parametrize("round_", range(5))
def test_a_killed_writer_leaves_old_or_new(tmp_path: Path, round_: int) -> None:
    path = tmp_path / "hub.lock"
    path.write_bytes(OLD)
    writer = subprocess.Popen([sys.executable, "-c", LOOP, str(path)], stdout=subprocess.PIPE)
    with writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(random.Random(round_).uniform(0, 0.05))
        os.kill(writer.pid, signal.SIGKILL)
    assert path.read_bytes() in (OLD, NEW)
    left = [name.name for name in tmp_path.iterdir() if name != path]
    assert all(durable.is_leftover(name, of="hub.lock") for name in left)
    durable.write(path, NEW)
    assert list(tmp_path.iterdir()) == [path]


def test_the_draft_of_a_killed_writer_is_removed_even_when_nothing_is_written(tmp_path: Path) -> None:
    path = tmp_path / "hub.lock"
    path.write_bytes(NEW)
    (tmp_path / ".hub.lock.abc12345.tmp").write_bytes(b"half")
    assert not durable.write(path, NEW)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    "name", [".hub.lock.mine.tmp", ".hub.lock.tmp", "hub.lock.abc12345.tmp", ".hub.yaml.abc12345.tmp"]
)
def test_a_file_that_only_looks_like_a_draft_stays(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"mine")
    durable.write(tmp_path / "hub.lock", NEW)
    assert (tmp_path / name).read_bytes() == b"mine"


def test_the_draft_of_a_living_writer_stays(tmp_path: Path) -> None:
    draft = tmp_path / ".hub.lock.abc12345.tmp"
    with draft.open("wb") as file:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX)
        durable.write(tmp_path / "hub.lock", NEW)
        assert draft.exists()


def test_concurrent_writers_all_succeed_and_leave_no_draft(tmp_path: Path) -> None:
    path = tmp_path / "hub.lock"
    contents = [bytes([number]) * 5_000 for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(lambda data: durable.write(path, data), contents))
    assert path.read_bytes() in contents
    assert list(tmp_path.iterdir()) == [path]


def test_the_draft_of_a_killed_writer_is_not_part_of_the_release(release: Release) -> None:
    (release.folder / ".hub.lock.abc12345.tmp").write_text("half a lo")
    release.declare(sources=("./",))
    assert {file.path_in_repo for file in hublish.files(release.manifest).files} == release.planned_tree().keys()
    assert ".hub.lock.abc12345.tmp" not in release.planned_tree()


def test_a_finished_file_replaces_an_old_one(tmp_path: Path) -> None:
    (tmp_path / "draft").write_bytes(NEW)
    (tmp_path / "old").write_bytes(OLD)
    durable.settle(tmp_path / "draft", tmp_path / "old")
    assert (tmp_path / "old").read_bytes() == NEW
    durable.settle(tmp_path / "old", tmp_path / "made" / "new")
    assert [path.name for path in tmp_path.iterdir()] == ["made"]
