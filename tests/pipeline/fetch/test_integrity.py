"""Every byte is compared before anything is loaded, and broken files are removed from the cache."""

import hashlib
import random
from pathlib import Path

import pytest

from hublish.base.errors import IntegrityError
from hublish.base.values import Digest, DownloadPlan, LocalFile, LocalRelease, PromisedFile, Reference, RemoteRelease
from hublish.pipeline.fetch.integrity import Check, remove
from hublish.schemas.documents.manifest import Load
from tests.faults.projects import noise, rounds
from tests.pipeline.staging import Inline


def test_every_flipped_bit_is_caught(tmp_path: Path) -> None:
    chance = random.Random(1)
    content = noise(65_536, "flips")
    path = tmp_path / "weights.bin"
    digests = (
        Digest("git-blob", hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()),
        Digest("sha256", hashlib.sha256(content).hexdigest()),
    )
    caught = 0
    for number in range(rounds(1000)):
        promised = PromisedFile("weights.bin", len(content), digests[number % 2])
        at = chance.randrange(len(content))
        path.write_bytes(content[:at] + bytes([content[at] ^ 1 << chance.randrange(8)]) + content[at + 1 :])
        with pytest.raises(IntegrityError):
            Check().run(local_release(promised, path))
        caught += not path.exists()
    assert caught == rounds(1000)
    path.write_bytes(content)
    promised = PromisedFile("weights.bin", len(content), digests[0])
    assert Check().run(local_release(promised, path)).checked


def local_release(promised: PromisedFile, path: Path) -> LocalRelease:
    remote = RemoteRelease(Reference("acme/model"), "0" * 40, (promised,), Load())
    return LocalRelease(DownloadPlan(remote, (promised,)), path.parent, (LocalFile(promised, path),))


def test_a_file_that_vanishes_before_it_is_checked_is_named(tmp_path: Path) -> None:
    promised = PromisedFile("weights.bin", 3, Digest("sha256", "0" * 64))
    with pytest.raises(IntegrityError, match=r"weights.bin' cannot be read"):
        Check().run(local_release(promised, tmp_path / "weights.bin"))


def test_every_broken_file_is_named_and_the_right_ones_stay(tmp_path: Path) -> None:
    files = []
    for name, size in (("a.bin", 3), ("b.bin", 3), ("c.bin", 4)):
        (tmp_path / name).write_bytes(b"abc")
        promised = PromisedFile(name, size, Digest("sha256", hashlib.sha256(b"abc").hexdigest()))
        files.append(LocalFile(promised, tmp_path / name))
    (tmp_path / "b.bin").write_bytes(b"abd")
    promises = tuple(file.promised for file in files)
    remote = RemoteRelease(Reference("acme/model"), "0" * 40, promises, Load())
    release = LocalRelease(DownloadPlan(remote, promises), tmp_path, tuple(files))
    with pytest.raises(IntegrityError) as failure:
        Check(executor=Inline()).run(release)
    assert [problem.message.split("'")[1] for problem in failure.value.problems] == ["b.bin", "c.bin"]
    assert [path.name for path in tmp_path.iterdir()] == ["a.bin"]


def test_a_link_is_removed_with_its_target(tmp_path: Path) -> None:
    (tmp_path / "blob").write_bytes(b"x")
    (tmp_path / "link").symlink_to(tmp_path / "blob")
    assert remove(tmp_path / "link") == f"removed {tmp_path / 'blob'}"
    assert list(tmp_path.iterdir()) == []


def test_removing_a_missing_file_is_not_an_error(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "blob")
    remove(tmp_path / "link")
    remove(tmp_path / "link")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_removed_is_reported(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    assert f"remove {tmp_path / 'folder'} yourself" in remove(tmp_path / "folder")
