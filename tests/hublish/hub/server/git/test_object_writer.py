import random
import subprocess
from pathlib import Path

import pytest

from hublish.hub.server.git.object_writer import LOOSE_BYTES, LOOSE_OBJECTS, init_repository, object_id
from hublish.hub.server.git.repository import GitRepository

BLOB = 3


@pytest.fixture
def path(tmp_path: Path) -> Path:
    init_repository(tmp_path / "r.git", "main")
    return tmp_path / "r.git"


def cat(path: Path, sha: str) -> bytes:
    return subprocess.run(["git", "cat-file", "blob", sha], cwd=path, capture_output=True, check=True).stdout


@pytest.mark.parametrize("count", [1, LOOSE_OBJECTS, LOOSE_OBJECTS + 1, 300])
def test_git_reads_the_written_objects(path: Path, count: int) -> None:
    contents = [b"blob %d\n" % number * 50 for number in range(count)]
    with GitRepository(path) as git, git.writer() as writer:
        ids = [writer.add(BLOB, content) for content in contents * 2]
        writer.finish()
        assert [git.blob(sha) for sha in ids] == contents * 2
    assert cat(path, ids[count - 1]) == contents[-1]
    packs = list((path / "objects" / "pack").glob("*.pack"))
    assert len(packs) == (count > LOOSE_OBJECTS)
    for pack in packs:
        assert subprocess.run(["git", "verify-pack", pack], cwd=path).returncode == 0


def test_large_objects_are_written_to_a_pack_at_once(path: Path) -> None:
    with GitRepository(path) as git, git.writer() as writer:
        sha = writer.add(BLOB, b"x" * (LOOSE_BYTES + 1))
        writer.finish()
    assert cat(path, sha) == b"x" * (LOOSE_BYTES + 1)
    assert len(list((path / "objects" / "pack").glob("*.idx"))) == 1


@pytest.mark.parametrize("size", [0, 1, 4095, 4096, 4097, 8192, 8193, 40_000])
def test_git_reads_objects_of_any_size_from_a_pack(path: Path, size: int) -> None:
    # Repeated at the greatest distance that fits, so that a window that is too small would show.
    content = (random.Random(size).randbytes(size // 2) * 2)[:size]
    with GitRepository(path) as git, git.writer(packed=True) as writer:
        sha = writer.add(BLOB, content)
        writer.finish()
        assert git.blob(sha) == content
    assert cat(path, sha) == content
    assert subprocess.run(["git", "fsck", "--full"], cwd=path, capture_output=True).returncode == 0


def test_without_finish_no_files_remain(path: Path) -> None:
    with GitRepository(path) as git, git.writer() as writer:
        for number in range(100):
            writer.add(BLOB, b"%d" % number)
    left = [found for found in path.rglob("*") if found.is_file() and found.name not in ("HEAD", "config")]
    assert left == []


@pytest.mark.parametrize("content", [b"", b"hello\n", b"\0" * 1000])
def test_ids_equal_those_of_git(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)
    printed = subprocess.run(["git", "hash-object", "file"], cwd=tmp_path, capture_output=True, text=True).stdout
    assert object_id(BLOB, content) == printed.strip()
