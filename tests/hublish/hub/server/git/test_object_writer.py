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
