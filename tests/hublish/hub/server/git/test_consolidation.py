"""Many packs and loose objects become few, and no reader misses an object, whenever the process dies."""

import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
from dulwich.objects import Blob
from huggingface_hub import CommitOperationAdd, HfApi

from hublish.hub.server import EmbeddedHub
from hublish.hub.server.git import consolidation
from hublish.hub.server.git.consolidation import MAX_PACKS, consolidate, is_due
from hublish.hub.server.git.git_trees import FILE_MODE, Entry, TreeEditor
from hublish.hub.server.git.object_writer import init_repository
from hublish.hub.server.git.repository import GitRepository, Signature, add_commit, write_tree
from hublish.hub.server.repo_ids import RepoId
from hublish.hub.server.repositories import MAIN_REF, Repositories

AUTHOR = Signature("me", 1_700_000_000)


def commit(git: GitRepository, step: int, files: int) -> None:
    """Add a commit, whose objects are a pack when it has many files."""
    head = git.refs.get(MAIN_REF)
    editor = TreeEditor(git.load_tree, git.commit(head).tree if head else None)
    with git.writer() as writer:
        for number in range(files):
            blob = writer.add(Blob.type_num, f"{step} {number}".encode())
            editor.put([f"d{number % 3}", str(number)], Entry(FILE_MODE, blob))
        made = add_commit(writer, write_tree(writer, editor), (head,) if head else (), AUTHOR, str(step))
        writer.finish()
    git.refs.set(MAIN_REF, made, expected=head)


def check(path: Path) -> list[str]:
    """Return all objects of a sound repository."""
    checked = subprocess.run(["git", "fsck", "--full", "--strict"], cwd=path, capture_output=True, text=True)
    assert (checked.returncode, checked.stderr) == (0, ""), checked.stderr
    command = ["git", "cat-file", "--batch-all-objects", "--batch-check=%(objectname) %(objecttype) %(objectsize)"]
    return subprocess.run(command, cwd=path, capture_output=True, text=True, check=True).stdout.splitlines()


def packs(path: Path) -> int:
    return len(list((path / "objects" / "pack").glob("*.idx")))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "r.git"
    init_repository(path, "main")
    with GitRepository(path) as git:
        for step in range(MAX_PACKS + 4):
            commit(git, step, 20)
            commit(git, step, 2)
        with git.writer() as writer:  # of a deleted branch: no ref reaches it
            writer.add(Blob.type_num, b"lost")
            writer.finish()
    return path


def test_many_packs_and_loose_objects_become_one_pack(path: Path) -> None:
    before = check(path)
    assert is_due(path)
    assert consolidate(path, nullcontext)
    assert check(path) == before
    assert packs(path) == 1
    assert not list((path / "objects").glob("??/*"))
    assert not is_due(path)
    assert not consolidate(path, nullcontext), "nothing to do"


def test_an_object_is_copied_a_few_times_however_many_commits_follow(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consolidation, "MAX_PACKS", 4)
    copied = 0
    with GitRepository(path) as git:
        for step in range(100, 220):
            commit(git, step, 20)
            if is_due(path):
                before = {pack.name for pack in (path / "objects" / "pack").glob("*.idx")}
                consolidate(path, nullcontext)
                made = {pack.name for pack in (path / "objects" / "pack").glob("*.idx")} - before
                copied += sum((path / "objects" / "pack" / name).stat().st_size // 28 for name in made)
    total = len(check(path))
    assert packs(path) <= 10
    assert copied < 8 * total


KILLED = """
import os, sys
from contextlib import nullcontext
from pathlib import Path
from hublish.hub.server import durable_files
from hublish.hub.server.git.consolidation import consolidate

left = [int(sys.argv[2])]

def dies(name):
    call = getattr(os, name)
    def replaced(*arguments, **options):
        left[0] -= 1
        if left[0] < 0:
            os.kill(os.getpid(), 9)
        return call(*arguments, **options)
    setattr(os, name, replaced)

for name in ("rename", "replace", "unlink", "fsync"):
    dies(name)
consolidate(Path(sys.argv[1]), nullcontext)
"""


def test_a_kill_at_any_step_leaves_every_object(path: Path) -> None:
    before = check(path)
    for step in (*range(7), 10, 40):
        with GitRepository(path) as git:
            commit(git, 1000 + step, 20)
            commit(git, 1000 + step, 1)
        before = check(path)
        subprocess.run([sys.executable, "-c", KILLED, str(path), str(step)], capture_output=True)
        assert check(path) == before, step
    assert consolidate(path, nullcontext)
    assert check(path) == before
    assert len(list((path / "objects" / "pack").iterdir())) == 2 * packs(path), "no pack without an index"


def test_a_repository_that_took_the_place_of_another_is_left_alone(path: Path) -> None:
    def swap() -> nullcontext[None]:
        path.rename(path.with_name("moved.git"))
        init_repository(path, "main")
        return nullcontext()

    assert not consolidate(path, swap)
    assert packs(path) == 0
    assert is_due(path.with_name("moved.git"))


def test_of_two_processes_one_does_the_work(path: Path) -> None:
    started, may_end = threading.Event(), threading.Event()

    def wait() -> nullcontext[None]:
        started.set()
        may_end.wait(60)
        return nullcontext()

    done: list[bool] = []
    thread = threading.Thread(target=lambda: done.append(consolidate(path, wait)))
    thread.start()
    started.wait(60)
    assert not consolidate(path, nullcontext)
    may_end.set()
    thread.join()
    assert done == [True]


@pytest.fixture
def small_limits() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(consolidation, "MAX_PACKS", 2)
        patch.setattr(consolidation, "MAX_LOOSE_IN_FOLDER", 0)
        yield


@pytest.mark.usefixtures("small_limits")
def test_readers_miss_nothing_while_packs_are_merged(hub: EmbeddedHub, api: HfApi, repo: str) -> None:
    path = Repositories(hub.root).path(RepoId.parse("model", repo))
    problems: list[BaseException] = []
    done = threading.Event()

    def read() -> None:
        chance = random.Random(1)
        try:
            while not done.is_set():
                with GitRepository(path) as git:
                    head = git.refs.get(MAIN_REF)
                    assert head is not None
                    for _ in range(20):
                        tree = git.load_tree(git.commit(head).tree)
                        git.raw(chance.choice(list(tree.values())).sha)
        except BaseException as error:
            problems.append(error)

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for step in range(12):
        adds = [CommitOperationAdd(f"{step % 4}/{number}", f"{step} {number}".encode()) for number in range(20)]
        api.create_commit(repo, adds, commit_message=str(step))
    done.set()
    for thread in threads:
        thread.join()
    assert problems == []
    assert packs(path) < 8
    check(path)
