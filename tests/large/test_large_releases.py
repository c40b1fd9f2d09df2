"""Releases of gigabytes and of thousands of files: the planned commits, exact downloads, and little memory."""

import hashlib
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from huggingface_hub import HfApi

import hublish
from hublish.base.values import Loaded
from tests.hublish.api.test_cache_faults import PLAN_TWICE
from tests.large.processes import LIMIT, Hub

pytestmark = pytest.mark.large

REPO = "acme/large"
SIZE = 2 << 30
BLOCK = 64 << 20
FILES = 5000
ARRAYS = 32


def test_one_file_of_two_gigabytes_is_published_and_pulled(hub: Hub) -> None:
    source = hub.root / "weights.bin"
    generator = np.random.default_rng(0)
    with source.open("wb") as file:
        for _ in range(SIZE // BLOCK):
            file.write(generator.bytes(BLOCK))
    publish(hub, "  - source: weights.bin")
    back = pull(hub)
    assert digest(back / "weights.bin") == digest(source)
    assert_small(hub)


def test_new_bytes_among_repeated_ones_are_published_in_little_memory(hub: Hub) -> None:
    # Only new chunks are sent, and each keeps the block in memory that it was read with.
    generator = np.random.default_rng(0)
    repeated = generator.bytes(15 << 16)
    with (hub.root / "weights.bin").open("wb") as file:
        for _ in range(1024):
            file.write(generator.bytes(1 << 16))
            file.write(repeated)
    publish(hub, "  - source: weights.bin")
    assert_small(hub)


def test_a_plan_of_an_unchanged_gibibyte_reads_no_content(hub: Hub) -> None:
    generator = np.random.default_rng(0)
    (hub.root / "weights").mkdir()
    for number in range(4):
        (hub.root / "weights" / f"{number}.bin").write_bytes(generator.bytes(SIZE // 8))
    publish(hub, "  - source: weights")
    command = [sys.executable, "-c", PLAN_TWICE, "plan", "--quiet", "--detailed-exitcode"]
    done = subprocess.run(command, env=hub.environ, cwd=hub.root, capture_output=True, text=True, check=True)
    assert int(done.stdout.rpartition("read: ")[2]) < 1 << 20


def test_five_thousand_files_are_published_and_pulled(hub: Hub) -> None:
    generator = np.random.default_rng(0)
    for number in range(FILES):
        path = hub.root / "files" / f"{number % 50:02}" / f"{number:04}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(generator.bytes(500).hex().encode())
    publish(hub, "  - source: files")
    back = pull(hub)
    sources = [path for path in (hub.root / "files").rglob("*") if path.is_file()]
    assert len(sources) == FILES
    for path in sources:
        assert (back / path.relative_to(hub.root / "files")).read_bytes() == path.read_bytes()
    assert_small(hub)


def test_two_gigabytes_of_arrays_converted_to_shards(hub: Hub) -> None:
    generator = np.random.default_rng(0)
    with zipfile.ZipFile(hub.root / "model.npz", "w") as archive:
        for number in range(ARRAYS):
            array = generator.integers(0, 1 << 32, SIZE // ARRAYS // 4, np.uint32).reshape(1024, -1)
            with archive.open(f"layer.{number}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array)
    publish(hub, "  - source: model.npz\n    serializer: safetensors\n    options: {max_shard_size: 600MB}")
    pull(hub)
    assert_small(hub)
    loaded = load(hub)
    assert len([file for file in loaded.release.files if file.path.name.endswith(".safetensors")]) > 1
    with np.load(hub.root / "model.npz") as wanted:
        assert set(loaded.arrays) == set(wanted.files)
        for name in wanted.files:
            np.testing.assert_array_equal(loaded.arrays[name], wanted[name])


def publish(hub: Hub, artifacts: str) -> None:
    """Publish in as many commits as planned, which is one except for thousands of files."""
    (hub.root / "hub.yaml").write_text(f"repo: {{repo_id: {REPO}}}\nartifacts:\n{artifacts}\n")
    receipt = json.loads(hub.hublish("publish", "-y", "--json"))
    assert receipt["created"]
    commits = HfApi(endpoint=hub.endpoint, token=hub.token).list_repo_commits(REPO)
    assert commits[0].commit_id == receipt["commit"]
    # The first one is the Hub's own.
    assert len(commits) - 1 == receipt["plan"]["commits"]


def pull(hub: Hub) -> Path:
    """Pull everything to a new folder."""
    hub.hublish("pull", REPO, "--cache-dir", "cache")
    (snapshot,) = (hub.root / "cache").glob("models--*/snapshots/*")
    return snapshot


def load(hub: Hub) -> Loaded:
    """Load the pulled release, in this process."""
    return hublish.load(REPO, cache_dir=hub.root / "cache", local_files_only=True, endpoint=hub.endpoint)


def digest(path: Path) -> str:
    """Hash a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def assert_small(hub: Hub) -> None:
    """Assert that every process stayed within its limit."""
    assert {figure.process: figure.peak >> 20 for figure in [*hub.figures, hub.figure()] if figure.peak > LIMIT} == {}
