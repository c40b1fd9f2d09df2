"""Files that change after they were sealed: only planned bytes are ever committed."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from hublish.base.errors import SourceChangedError
from tests.faults.projects import COMMIT, REGULAR, Release, noise
from tests.faults.proxy import doing, instead

LARGE = "model/weights.bin"
SMALL = "model/small.bin"
SECRET = b"not for publication " * 20_000

# The first request after the seal.
PLANNED = "^POST /api/models/[^?]*/preupload/"
# A request between the last check of a large file and the reading of its bytes.
SENT = {"lfs": "^POST .*/info/lfs/objects/batch", "xet": "^GET .*/xet-write-token/"}


def grown(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


def truncated(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def rewritten_with_its_times_restored(path: Path) -> None:
    status = path.stat()
    with path.open("r+b") as file:
        file.write(SECRET[: status.st_size])
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def replaced_by_another_file(path: Path) -> None:
    status = path.stat()
    other = path.with_name("other")
    other.write_bytes(SECRET[: status.st_size])
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    other.replace(path)


def swapped_for_a_link(path: Path) -> None:
    outside = path.parents[2] / "outside.txt"
    outside.write_bytes(SECRET[: path.stat().st_size])
    path.unlink()
    path.symlink_to(outside)


def swapped_for_a_fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def swapped_for_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def folder_swapped_for_a_link(path: Path) -> None:
    outside = path.parents[2] / "outside"
    outside.mkdir()
    for file in path.parent.iterdir():
        (outside / file.name).write_bytes(SECRET[: file.stat().st_size])
    shutil.rmtree(path.parent)
    path.parent.symlink_to(outside)


def deleted(path: Path) -> None:
    path.unlink()


def renamed(path: Path) -> None:
    path.rename(path.with_name("renamed"))


MUTATIONS = [
    grown,
    truncated,
    rewritten_with_its_times_restored,
    replaced_by_another_file,
    swapped_for_a_link,
    swapped_for_a_fifo,
    swapped_for_a_folder,
    folder_swapped_for_a_link,
    deleted,
    renamed,
]
# The client itself opens large files by their path, and would wait for a FIFO's writer.
WHILE_SENT = [mutation for mutation in MUTATIONS if mutation is not swapped_for_a_fifo]
Mutation = Callable[[Path], None]


@pytest.fixture
def project(release: Release) -> Release:
    """Return a project for an existing repo: a large file, a small one that is also sent by LFS, and a regular one."""
    release.create()
    (release.folder / "model").mkdir()
    (release.folder / LARGE).write_bytes(noise(200_000, release.folder))
    (release.folder / SMALL).write_bytes(noise(2_000, release.folder))
    shutil.move(release.folder / REGULAR, release.folder / "model" / REGULAR)
    release.declare(sources=(LARGE, SMALL, f"model/{REGULAR}"))
    return release


def refuses(project: Release, before: str, name: str) -> None:
    with pytest.raises(SourceChangedError, match=name) as failure:
        project.publish()
    assert "nothing was committed" in failure.value.message
    assert project.head() == before
    assert not project.lock.exists()
    assert b"not for publication" not in b"".join(call.body for call in project.proxy.calls)


@pytest.mark.parametrize("mutation", MUTATIONS)
@pytest.mark.parametrize("name", [LARGE, SMALL, f"model/{REGULAR}"])
def test_a_file_that_changes_before_it_is_sent_is_refused_by_name(
    project: Release, by_lfs: None, name: str, mutation: Mutation
) -> None:
    before = project.head()
    project.proxy.on(PLANNED, doing(lambda: mutation(project.folder / name)), times=1)
    refuses(project, before, name)


@pytest.mark.parametrize("mutation", MUTATIONS)
@pytest.mark.parametrize("name", [LARGE, f"model/{REGULAR}"])
def test_a_file_that_changes_while_the_repo_is_created_is_refused_by_name(
    project: Release, by_lfs: None, name: str, mutation: Mutation
) -> None:
    project.api.delete_repo(project.repo_id)
    project.proxy.on("^POST /api/repos/create", doing(lambda: mutation(project.folder / name)), times=1)
    with pytest.raises(SourceChangedError, match=name):
        project.publish()
    assert project.titles() == []
    assert b"not for publication" not in b"".join(call.body for call in project.proxy.calls)


@pytest.mark.parametrize("mutation", WHILE_SENT)
def test_a_large_file_that_changes_while_it_is_sent_is_refused_by_name(
    project: Release, by: str, sleeps: list[float], mutation: Mutation
) -> None:
    before = project.head()
    project.proxy.on(SENT[by], doing(lambda: mutation(project.folder / LARGE)), times=1)
    with pytest.raises(SourceChangedError, match=LARGE):
        project.publish()
    assert project.head() == before
    assert project.proxy.count(COMMIT) == 0
    assert not project.lock.exists()


@pytest.mark.parametrize("mutation", WHILE_SENT)
def test_a_hub_that_does_not_check_lfs_uploads_gets_no_commit_of_a_changed_file(
    project: Release, by_lfs: None, mutation: Mutation
) -> None:
    before = project.head()
    project.proxy.on(SENT["lfs"], doing(lambda: mutation(project.folder / LARGE)), times=1)
    project.proxy.on("^PUT ", instead(200))
    with pytest.raises(SourceChangedError, match=LARGE):
        project.publish()
    assert project.head() == before


@pytest.mark.parametrize("name", [SMALL, f"model/{REGULAR}"])
@pytest.mark.parametrize("mutation", [one for one in MUTATIONS if one is not folder_swapped_for_a_link])
def test_a_small_file_is_sent_as_sealed_even_when_it_changes_meanwhile(
    project: Release, by_lfs: None, name: str, mutation: Mutation
) -> None:
    planned = project.planned_tree()
    project.proxy.on(SENT["lfs"], doing(lambda: mutation(project.folder / name)), times=1)
    assert project.publish().verified
    assert project.tree() == planned


def test_a_file_that_appears_after_the_seal_is_not_sent(release: Release, by_lfs: None) -> None:
    release.create()
    release.declare(sources=("*.bin", "*.json"))
    planned = release.planned_tree()
    release.proxy.on(PLANNED, doing(lambda: (release.folder / "late.json").write_text("{}")), times=1)
    release.publish()
    assert "late.json" not in release.tree()
    assert release.tree().keys() == planned.keys()
