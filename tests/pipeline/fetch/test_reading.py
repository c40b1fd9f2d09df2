"""A downloaded file is read once: hashed while it is searched, and while other files are still downloaded."""

import hashlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import hublish
from hublish.api.session import Session
from hublish.audit.containers import carried_pickle
from hublish.base.errors import IntegrityError
from hublish.base.values import Digest, DownloadPlan, LocalFile, LocalRelease, PromisedFile, Reference, RemoteRelease
from hublish.formats.blob import MemoryBlob
from hublish.hub.client import transfer
from hublish.pipeline.fetch.integrity import Check
from hublish.pipeline.fetch.reading import LARGE, HashedBlob, inspect
from hublish.schemas.documents.manifest import Load
from tests.faults.projects import noise
from tests.file_changes import rewrite_with_mtime_restored
from tests.hublish.audit.payloads import PICKLES

READS = st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300)), max_size=20)


def promised(data: bytes, algorithm: str = "sha256", name: str = "weights.bin") -> PromisedFile:
    if algorithm == "sha256":
        return PromisedFile(name, len(data), Digest("sha256", hashlib.sha256(data).hexdigest()))
    return PromisedFile(name, len(data), Digest("git-blob", hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()))


def written(path: Path, data: bytes, algorithm: str = "sha256") -> LocalFile:
    path.write_bytes(data)
    return LocalFile(promised(data, algorithm, path.name), path)


@given(data=st.binary(max_size=300), reads=READS, algorithm=st.sampled_from(["sha256", "git-blob"]))
def test_any_order_of_reads_hashes_every_byte_once(data: bytes, reads: list[tuple[int, int]], algorithm: str) -> None:
    hashed: list[int] = []
    expected = promised(data, algorithm).digest
    blob = HashedBlob(MemoryBlob(data), expected, hashed.append)
    for offset, length in reads:
        assert blob.read_at(offset, length) == data[offset : offset + length]
    assert blob.hexdigest() == expected.value
    assert sum(hashed) == len(data)


CONTENTS: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "text": lambda: b"hello\n",
    "large": lambda: noise(3 << 20, "large"),
    "large with a pickle at its end": lambda: noise(3 << 20, "more") + PICKLES["a call, protocol 4"](),
    **PICKLES,
}


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
@pytest.mark.parametrize("algorithm", ["sha256", "git-blob"])
def test_a_file_is_compared_and_searched(content: Callable[[], bytes], algorithm: str, tmp_path: Path) -> None:
    data = content()
    file = written(tmp_path / "weights.bin", data, algorithm)
    found = inspect(file, lambda _: None)
    assert (found.fault, found.pickle) == (None, carried_pickle(MemoryBlob(data)))
    assert found.identity is not None
    # With other bytes, only that is a finding.
    for other in (data + b"x", bytes([data[0] ^ 1]) + data[1:] if data else b"x"):
        file.path.write_bytes(other)
        found = inspect(file, lambda _: None)
        assert (found.fault, found.pickle) == (f"does not have the expected {algorithm} digest", None)
        assert found.identity is None


def test_a_missing_file_is_a_finding(tmp_path: Path) -> None:
    file = replace(written(tmp_path / "a", b"a"), path=tmp_path / "b")
    assert str(inspect(file, lambda _: None).fault).startswith("cannot be read")


def test_a_file_that_changes_while_it_is_read_has_no_identity(tmp_path: Path) -> None:
    file = written(tmp_path / "a", noise(3 << 20, "a"))
    found = inspect(file, lambda _: os.utime(file.path, ns=(1, 1)))
    assert (found.fault, found.identity) == (None, None)


@pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="only Linux counts the bytes")
def test_a_file_of_weights_is_read_once(tmp_path: Path) -> None:
    header = b'{"w":{"dtype":"U8","shape":[16777216],"data_offsets":[0,16777216]}}'
    file = written(tmp_path / "a", len(header).to_bytes(8, "little") + header + noise(16 << 20, "a"))

    def read() -> int:
        return int(Path("/proc/self/io").read_text().split()[1])

    before = read()
    assert inspect(file, lambda _: None).fault is None
    assert 16 << 20 <= read() - before < 17 << 20


def local_release(*files: LocalFile) -> LocalRelease:
    promises = tuple(file.promised for file in files)
    remote = RemoteRelease(Reference("acme/model"), "0" * 40, promises, Load())
    return LocalRelease(DownloadPlan(remote, promises), files[0].path.parent, files)


class Counted:
    """Progress that adds up its units by label, and announces them."""

    visible = False

    def __init__(self) -> None:
        self.done: dict[str, int] = {}
        self.changed = threading.Condition()

    def begin(self, title: str) -> None: ...

    def end(self, title: str, seconds: float) -> None: ...

    @contextmanager
    def task(self, label: str, total: int, unit: str = "B") -> Iterator[Any]:
        counted = self

        class Task:
            def advance(self, amount: int) -> None:
                with counted.changed:
                    counted.done[label] = counted.done.get(label, 0) + amount
                    counted.changed.notify_all()

        yield Task()


CHANGES: dict[str, Callable[[Path], object]] = {
    "other bytes": lambda path: path.write_bytes(b"x" * path.stat().st_size),
    "other bytes, time restored": rewrite_with_mtime_restored,
    "removed": Path.unlink,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_file_that_changed_after_it_was_read_is_read_again(change: Callable[[Path], object], tmp_path: Path) -> None:
    file = written(tmp_path / "a", b"abc")
    file = replace(file, finding=inspect(file, lambda _: None))
    change(file.path)
    with pytest.raises(IntegrityError, match="'a'"):
        Check().run(local_release(file))


def test_a_file_that_was_read_on_arrival_is_not_read_again(tmp_path: Path) -> None:
    files = [written(tmp_path / name, name.encode()) for name in ("a", "bc")]
    progress = Counted()
    release = local_release(replace(files[0], finding=inspect(files[0], lambda _: None)), files[1])
    assert Check(progress).run(release).checked
    assert progress.done == {"checking": 2}


def test_wrong_bytes_found_on_arrival_are_certain(tmp_path: Path) -> None:
    file = written(tmp_path / "a", b"abc")
    file.path.write_bytes(b"abd")
    file = replace(file, finding=inspect(file, lambda _: None))
    with pytest.raises(IntegrityError):
        Check().run(local_release(file))
    file.path.write_bytes(b"abc")
    assert Check().run(local_release(file)).checked


@pytest.mark.parametrize("size", [LARGE, 9])
@pytest.mark.parametrize("into_folder", [False, True])
def test_files_are_read_while_others_are_downloaded(
    size: int, into_folder: bool, tmp_path: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "release"
    folder.mkdir()
    names = ["a.bin", "b.bin", "c.bin"]
    for name in names:
        (folder / name).write_bytes(noise(size, name))
    progress, real, first = Counted(), transfer.download, threading.Event()

    def download(hub: Any, repo_id: str, path: str, **options: Any) -> Path:
        # The second one arrives after the first has settled, and the last one after the first was read.
        if path == "b.bin" and size < LARGE:
            assert first.wait(60)
            time.sleep(0.5)
        if path == "c.bin":
            with progress.changed:
                assert progress.changed.wait_for(lambda: progress.done.get("checking", 0) >= size, timeout=60)
        found = real(hub, repo_id, path, **options)
        first.set()
        return found

    with Session(endpoint="embedded", folder=tmp_path) as session:
        session.hub.api.create_repo("acme/order")
        session.hub.api.upload_folder(repo_id="acme/order", folder_path=folder)
        monkeypatch.setattr(transfer, "download", download)
        local = hublish.pull(
            "acme/order",
            endpoint=session.hub.endpoint,
            token=session.hub.credential,
            allow_patterns="*.bin",
            local_dir=tmp_path / "here" if into_folder else None,
            progress=progress,
        )
    assert [file.path.read_bytes() for file in local.files] == [noise(size, name) for name in names]
    # Each byte once: the check has nothing left to read.
    assert progress.done == {"downloading": 3 * size, "checking": 3 * size}
