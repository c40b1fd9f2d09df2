"""The real client with xet on, against the embedded Hub."""

import os
import random
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from huggingface_hub import CommitOperationAdd, HfApi, constants, hf_hub_download, snapshot_download

from hublish.hub.server.server import EmbeddedHub

REPO = "me/model"


@pytest.fixture(autouse=True)
def xet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Switch xet on, as it is for users; the shared fixtures, which run first, switch it off."""
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", False)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[EmbeddedHub]:
    with EmbeddedHub(tmp_path / "hub") as hub:
        yield hub


@pytest.fixture
def api(hub: EmbeddedHub) -> HfApi:
    api = HfApi(endpoint=hub.endpoint, token=hub.token)
    api.create_repo(REPO)
    return api


def noise(size: int, seed: int = 0) -> bytes:
    return random.Random(seed).randbytes(size)


def stored(hub: EmbeddedHub) -> int:
    """Return the bytes of the stored xorbs: the large content that clients sent."""
    return sum(path.stat().st_size for path in (hub.root / "xet" / "xorbs").glob("*/*"))


def download(hub: EmbeddedHub, path: str, target: Path, revision: str = "main") -> bytes:
    found = hf_hub_download(
        REPO, path, revision=revision, endpoint=hub.endpoint, token=hub.token, cache_dir=target / "cache"
    )
    return Path(found).read_bytes()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(noise(3_000_000), id="noise, which is stored"),
        pytest.param(b"abc" * 1_000_000, id="text, which is compressed"),
        pytest.param((7 * np.arange(700_001, dtype="<u4")).tobytes() + b"xyz", id="numbers, grouped"),
        pytest.param(b"x", id="one byte"),
        pytest.param(b"", id="nothing at all"),
    ],
)
def test_an_uploaded_file_downloads_unchanged(hub: EmbeddedHub, api: HfApi, tmp_path: Path, content: bytes) -> None:
    source = tmp_path / "weights.safetensors"
    source.write_bytes(content)
    api.upload_file(path_or_fileobj=source, path_in_repo="weights.safetensors", repo_id=REPO)
    assert download(hub, "weights.safetensors", tmp_path) == content
    [info] = api.get_paths_info(REPO, "weights.safetensors")
    assert (info.xet_hash is not None) == bool(content)  # type: ignore[union-attr]  # it is a file


def test_a_client_without_xet_gets_the_same_bytes(hub: EmbeddedHub, api: HfApi, tmp_path: Path) -> None:
    content = noise(2_000_000)
    api.upload_file(path_or_fileobj=content, path_in_repo="a.bin", repo_id=REPO)
    script = "import sys; from huggingface_hub import hf_hub_download as get; print(get(sys.argv[1], 'a.bin'))"
    environment = os.environ | {
        "HF_ENDPOINT": hub.endpoint,
        "HF_HOME": str(tmp_path / "home"),
        "HF_HUB_DISABLE_XET": "1",
    }
    run = subprocess.run(
        [sys.executable, "-c", script, REPO], env=environment, capture_output=True, text=True, check=True
    )
    assert Path(run.stdout.strip()).read_bytes() == content


def test_an_uploaded_folder_downloads_as_a_snapshot(hub: EmbeddedHub, api: HfApi, tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    (source / "sub").mkdir(parents=True)
    files = {
        "one.bin": noise(200_000, 1),
        "sub/two.bin": noise(300_000, 2),
        "sub/empty.bin": b"",
        "config.json": b"{}",
    }
    for path, content in files.items():
        (source / path).write_bytes(content)
    api.upload_folder(folder_path=source, repo_id=REPO)
    snapshot_download(REPO, endpoint=hub.endpoint, token=hub.token, local_dir=target)
    assert {path: (target / path).read_bytes() for path in files} == files


def test_many_small_files_fit_in_one_commit(hub: EmbeddedHub, api: HfApi, tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.mkdir()
    for number in range(60):
        (source / f"{number}.bin").write_bytes(noise(50 + number, number))
    operations = [CommitOperationAdd(path.name, path) for path in source.iterdir()]
    api.create_commit(REPO, operations, commit_message="many")
    snapshot_download(REPO, endpoint=hub.endpoint, token=hub.token, local_dir=target)
    assert all((target / path.name).read_bytes() == path.read_bytes() for path in source.iterdir())
    assert len(api.list_repo_commits(REPO)) == 2


def test_the_same_content_is_sent_once(hub: EmbeddedHub, api: HfApi) -> None:
    content = noise(4_000_000)
    api.upload_file(path_or_fileobj=content, path_in_repo="a.bin", repo_id=REPO)
    once = stored(hub)
    assert len(content) <= once < len(content) + 10_000
    api.upload_file(path_or_fileobj=content, path_in_repo="b.bin", repo_id=REPO)
    assert stored(hub) == once


def test_a_client_without_a_cache_does_not_send_known_content(hub: EmbeddedHub, api: HfApi, tmp_path: Path) -> None:
    source = tmp_path / "a.bin"
    source.write_bytes(noise(4_000_000))
    api.upload_file(path_or_fileobj=source, path_in_repo="a.bin", repo_id=REPO)
    once = stored(hub)
    script = """
        import sys
        from huggingface_hub import HfApi
        api = HfApi(endpoint=sys.argv[1], token=sys.argv[2])
        api.create_repo("me/other")
        api.upload_file(path_or_fileobj=sys.argv[3], path_in_repo="a.bin", repo_id="me/other")
    """
    environment = os.environ | {"HF_HOME": str(tmp_path / "home"), "HF_XET_CACHE": str(tmp_path / "fresh")}
    command = [sys.executable, "-c", textwrap.dedent(script), hub.endpoint, hub.token, str(source)]
    subprocess.run(command, env=environment, check=True, capture_output=True)
    assert stored(hub) == once


def test_only_the_changed_chunks_of_a_file_are_sent(hub: EmbeddedHub, api: HfApi, tmp_path: Path) -> None:
    before = noise(8_000_000)
    after = before[:4_000_000] + b"a change that also moves the rest" + before[4_001_000:]
    api.upload_file(path_or_fileobj=before, path_in_repo="a.bin", repo_id=REPO)
    once = stored(hub)
    api.upload_file(path_or_fileobj=after, path_in_repo="a.bin", repo_id=REPO)
    assert stored(hub) - once < 500_000
    assert download(hub, "a.bin", tmp_path) == after


def test_a_pull_request_accepts_large_files(hub: EmbeddedHub, api: HfApi, tmp_path: Path) -> None:
    content = noise(100_000)
    commit = api.upload_file(path_or_fileobj=content, path_in_repo="a.bin", repo_id=REPO, create_pr=True)
    assert commit.pr_revision is not None
    assert download(hub, "a.bin", tmp_path, commit.pr_revision) == content
    assert not api.file_exists(REPO, "a.bin")


def test_a_new_hub_on_an_old_port_gets_all_content(tmp_path: Path) -> None:
    """The client remembers for weeks which chunks an address knows; a fresh hub knows none of them."""
    content = noise(1_000_000)
    port = 0
    for root in (tmp_path / "first", tmp_path / "second"):
        with EmbeddedHub(root, port=port) as hub:
            port = int(hub.endpoint.rpartition(":")[2])
            api = HfApi(endpoint=hub.endpoint, token=hub.token)
            api.create_repo(REPO)
            api.upload_file(path_or_fileobj=content, path_in_repo="a.bin", repo_id=REPO)
            assert download(hub, "a.bin", root) == content


def test_content_survives_a_restart(tmp_path: Path) -> None:
    content = noise(1_000_000)
    with EmbeddedHub(tmp_path / "hub") as hub:
        api = HfApi(endpoint=hub.endpoint, token=hub.token)
        api.create_repo(REPO)
        api.upload_file(path_or_fileobj=content, path_in_repo="a.bin", repo_id=REPO)
    with EmbeddedHub(tmp_path / "hub") as hub:
        assert download(hub, "a.bin", tmp_path) == content
