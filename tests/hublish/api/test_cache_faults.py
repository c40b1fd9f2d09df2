"""Whatever happens to the cache of digests, every result is the one of `--no-cache`."""

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import hublish
from hublish.audit.fingerprint_cache import FingerprintCache
from tests.faults.projects import noise
from tests.file_changes import rewrite_with_mtime_restored
from tests.hublish.audit.payloads import PICKLES
from tests.hublish.audit.test_fingerprint_cache import TOKEN, damage
from tests.hublish.base.test_errors import limited_files

HOUR = 3600 * 10**9
# Runs as a command does, and prints the bytes that a second run reads: the first one imports modules.
PLAN_TWICE = """
import sys
from pathlib import Path
from hublish.cli import main

def read():
    return int(dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())["rchar"])

assert main(sys.argv[1:]) == 0
before = read()
assert main(sys.argv[1:]) == 0
print(f"\\nread: {read() - before}")
"""


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """A release with findings, written long ago."""
    folder = tmp_path / "release"
    (folder / "data").mkdir(parents=True)
    for number in range(8):
        (folder / "data" / f"{number}.bin").write_bytes(noise(2000, str(number)))
    (folder / "data" / "notes.txt").write_text(f"line\ntoken {TOKEN}\n")
    (folder / "data" / "object.bin").write_bytes(PICKLES["a call, protocol 4"]())
    manifest = folder / "hub.yaml"
    policy = "policy: {pickle: warn, secrets: warn}"
    manifest.write_text(f"repo: {{repo_id: acme/digits}}\nartifacts: [{{source: data}}]\n{policy}\n")
    time.sleep(0.05)
    return manifest


def result(manifest: Path, *, digest_cache: bool = True) -> object:
    release = hublish.files(manifest, digest_cache=digest_cache)
    return [(each.path_in_repo, each.sha256, each.blob_id) for each in release.files], release.warnings


def assert_same(manifest: Path) -> None:
    assert result(manifest) == result(manifest, digest_cache=False)


def test_two_hundred_damaged_caches(manifest: Path, home: Path) -> None:
    chance = random.Random(11)
    cache = home / "hublish" / "fingerprints.sqlite"
    expected = result(manifest, digest_cache=False)
    assert result(manifest) == expected
    whole = cache.read_bytes()
    for number in range(200):
        cache.write_bytes(damage(whole, chance))
        assert result(manifest) == expected, number


@pytest.mark.parametrize("size", [0, 4096, 10_000])
def test_a_disk_without_room(size: int, manifest: Path) -> None:
    expected = result(manifest, digest_cache=False)
    with limited_files(size):
        assert result(manifest) == expected
    assert_same(manifest)


def below_a_file(home: Path) -> Path:
    file = home.with_name("file")
    file.write_text("")
    return file / "home"


# Permissions do not stop root, but these places do.
HOMES: dict[str, Callable[[Path], Path]] = {
    "below a file": below_a_file,
    "in a file system of the kernel": lambda _: Path("/proc/hublish"),
    "a device": lambda _: Path("/dev/null"),
}


@pytest.mark.parametrize("place", HOMES.values(), ids=HOMES)
def test_a_home_that_cannot_be_written(
    place: Callable[[Path], Path], manifest: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HOME", str(place(home)))
    for _ in range(2):
        assert_same(manifest)


def test_a_clock_that_is_set_back_and_forth(manifest: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (one, *others) = sorted((manifest.parent / "data").glob("*.bin"))
    # A change within the tick of the last one, times from the future, and times from long ago.
    os.utime(others[0], ns=(time.time_ns() + HOUR,) * 2)
    os.utime(others[1], ns=(0, 0))
    for shift in (0, 2 * HOUR, -2 * HOUR, HOUR, -HOUR, 0):
        clock = lambda shift=shift: time.time_ns() + shift  # noqa: E731
        monkeypatch.setattr(FingerprintCache.__init__, "__defaults__", (clock,))
        assert_same(manifest)
        rewrite_with_mtime_restored(one)
        assert_same(manifest)
        one.write_bytes(noise(2000, str(shift)))
        assert_same(manifest)


@pytest.mark.slow
def test_twenty_commands_at_once(manifest: Path) -> None:
    command = [sys.executable, "-m", "hublish", "files", "--json", "-f", str(manifest)]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) for _ in range(20)]
    outputs = {json.dumps(json.loads(each.communicate(timeout=300)[0])) for each in started}
    alone = subprocess.run([*command, "--no-cache"], capture_output=True, check=True)
    assert outputs == {json.dumps(json.loads(alone.stdout))}


@pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="only Linux counts the bytes")
@pytest.mark.usefixtures("home")
def test_a_plan_of_an_unchanged_tree_reads_no_content(manifest: Path) -> None:
    with (manifest.parent / "data" / "weights.bin").open("wb") as file:
        for number in range(64):
            file.write(noise(1 << 20, str(number)))
    time.sleep(0.05)
    hublish.files(manifest)
    command = [sys.executable, "-c", PLAN_TWICE, "plan", "--local", "-q", "-f", str(manifest)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert int(done.stdout.rpartition("read: ")[2]) < 1 << 20
