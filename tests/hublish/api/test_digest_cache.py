"""Unchanged files are not read again, and changed ones always are: in every verb that reads files."""

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import hublish
from tests.faults.projects import noise
from tests.file_changes import rewrite_with_mtime_restored
from tests.hublish.audit.payloads import PICKLES
from tests.hublish.audit.test_fingerprint_cache import TOKEN

LARGE = 6 << 20

pytestmark = pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="only Linux counts the bytes")


@pytest.fixture
def large(manifest: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A large file of the project, written long ago."""
    path = manifest.parent / "data" / "large.bin"
    path.write_bytes(noise(LARGE, "large"))
    manifest.write_text("repo: {repo_id: acme/digits}\nartifacts: [{source: data}]\n")
    monkeypatch.chdir(manifest.parent)
    grow_older()
    return path


def grow_older() -> None:
    """Wait until a file that was just written can be remembered: it must be older than a tick of the clock."""
    time.sleep(0.05)


@contextmanager
def counting() -> Iterator[Callable[[], int]]:
    """Give a function that returns the bytes this process has read since."""
    before = read_bytes()
    yield lambda: read_bytes() - before


def read_bytes() -> int:
    """Return the bytes that all threads have read with system calls, of files as well as of sockets."""
    counters = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(counters["rchar"])


VERBS: dict[str, Callable[[Path], object]] = {
    "files": hublish.files,
    "plan": lambda manifest: hublish.plan(manifest, endpoint="embedded"),
    "publish": lambda manifest: hublish.publish(manifest, endpoint="embedded"),
    "status": lambda manifest: hublish.status(manifest, endpoint="embedded"),
}


@pytest.mark.usefixtures("hub")
@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
def test_an_unchanged_tree_is_not_read_again(verb: Callable[[Path], object], large: Path) -> None:
    manifest = large.parents[1] / "hub.yaml"
    hublish.publish(manifest, endpoint="embedded")
    with counting() as read:
        verb(manifest)
        assert read() < 1 << 20


def test_a_check_does_not_search_a_large_file_that_an_earlier_run_searched(large: Path) -> None:
    manifest = large.parents[1] / "hub.yaml"
    large.write_bytes(noise(20 << 20, "large"))
    grow_older()
    with counting() as read:
        hublish.check(manifest)
        assert read() > 20 << 20
    hublish.files(manifest)
    # The small files of the project are searched again: that takes less time than opening the cache.
    with counting() as read:
        hublish.check(manifest)
        assert read() < 5 << 20
    large.write_bytes(noise(20 << 20, "large")[:-60] + f" {TOKEN} ".encode())
    for _ in range(2):
        with pytest.raises(hublish.HublishError) as caught:
            hublish.check(manifest)
        assert [each.code for each in caught.value.problems if each.severity == "error"] == ["policy.secret"]
        with pytest.raises(hublish.HublishError):
            hublish.files(manifest)


def test_the_first_run_and_a_run_without_the_cache_read_everything(large: Path) -> None:
    manifest = large.parents[1] / "hub.yaml"
    for digest_cache in (True, False):
        with counting() as read:
            hublish.files(manifest, digest_cache=digest_cache)
            assert read() > LARGE


def test_a_changed_byte_with_restored_time_is_found(large: Path) -> None:
    manifest = large.parents[1] / "hub.yaml"
    before = {file.path_in_repo: file.sha256 for file in hublish.files(manifest).files}
    rewrite_with_mtime_restored(large)
    after = {file.path_in_repo: file.sha256 for file in hublish.files(manifest).files}
    assert after == {**before, "large.bin": hashlib.sha256(b"X" * LARGE).hexdigest()}


@pytest.mark.usefixtures("hub")
@pytest.mark.parametrize("into_folder", [False, True])
def test_a_second_pull_reads_nothing(into_folder: bool, large: Path, tmp_path: Path) -> None:
    hublish.publish(large.parents[1] / "hub.yaml", endpoint="embedded")
    where = tmp_path / "here" if into_folder else None

    def pull(*, digest_cache: bool = True) -> int:
        with counting() as read:
            hublish.pull(
                "acme/digits", allow_patterns="*", endpoint="embedded", local_dir=where, digest_cache=digest_cache
            )
            return read()

    # Right after its download, a file is too young.
    pull()
    grow_older()
    pull()
    assert pull() < 1 << 20
    assert pull(digest_cache=False) > LARGE


@pytest.mark.usefixtures("hub")
def test_pull_finds_a_changed_byte_with_restored_time(large: Path) -> None:
    hublish.publish(large.parents[1] / "hub.yaml", endpoint="embedded")
    local = hublish.pull("acme/digits", allow_patterns="*", endpoint="embedded")
    grow_older()
    hublish.pull("acme/digits", allow_patterns="*", endpoint="embedded")
    cached = (local.folder / "large.bin").resolve()
    rewrite_with_mtime_restored(cached)
    with pytest.raises(hublish.HublishError, match="other bytes than expected"):
        hublish.pull("acme/digits", allow_patterns="*", endpoint="embedded")
    assert not cached.exists()


def test_findings_are_remembered_as_well(large: Path, home: Path) -> None:
    manifest = large.parents[1] / "hub.yaml"
    large.write_bytes(PICKLES["a call, protocol 4"]())
    grow_older()
    for _ in range(2):
        with pytest.raises(hublish.HublishError) as caught:
            hublish.files(manifest)
        assert [each.code for each in caught.value.problems if each.severity == "error"] == ["policy.pickle"]
    assert (home / "hublish" / "fingerprints.sqlite").exists()
