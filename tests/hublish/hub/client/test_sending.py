"""xet reports the digest of the bytes that it sends, and compresses what a sample shows to be compressible."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from hublish.api.session import Session
from hublish.base.content import OnDisk
from hublish.base.values import Origin, ReleaseFile, Target
from hublish.hub.client import sending, xet_memory
from hublish.hub.client.hub import Hub
from hublish.hub.client.sending import Addition

REPO = Target("acme/large")
DATA = bytes(range(256)) * 400
SHA256 = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def hub(tmp_path: Path, own_home: Path) -> Iterator[Hub]:
    with Session(endpoint="embedded", folder=tmp_path) as session:
        session.hub.api.create_repo(REPO.repo_id)
        yield session.hub


def addition(folder: Path, *, sha256: str = SHA256, data: bytes = DATA) -> Addition:
    path = folder / "model.safetensors"
    path.write_bytes(data)
    content = OnDisk.at(path)
    return Addition(
        ReleaseFile(path.name, len(data), sha256, "0" * 40, content, Origin(0, path.name, "copy")), path, "lfs"
    )


def sent_digest(hub: Hub, large: Addition) -> str:
    with sending.sending(hub, REPO, [large]) as sent:
        return sent.digests["model.safetensors"]


def test_xet_computes_the_digest_of_the_bytes_that_it_sends(hub: Hub, tmp_path: Path) -> None:
    assert sent_digest(hub, addition(tmp_path)) == SHA256
    assert sent_digest(hub, addition(tmp_path, sha256="0" * 64)) == SHA256


@pytest.mark.parametrize("sizes", [[1], [1 << 20], [10, 1 << 20, 0, 3], [0, 0], [70_000] * 9], ids=str)
def test_the_sample_is_part_of_the_files(tmp_path: Path, sizes: list[int]) -> None:
    large = []
    for number, size in enumerate(sizes):
        (tmp_path / str(number)).mkdir()
        large.append(addition(tmp_path / str(number), data=bytes([number]) * size))
    sample = sending._sample(large)
    assert len(sample) <= 8 * 65536
    assert set(sample) <= {number for number, size in enumerate(sizes) if size}
    assert bool(sample) == any(sizes)


def test_a_file_that_has_gone_is_no_sample(tmp_path: Path) -> None:
    large = addition(tmp_path)
    (tmp_path / "model.safetensors").unlink()
    assert sending._sample([large]) == b""


def test_the_sample_decides_about_compression(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    samples: list[tuple[Mapping[str, int], bytes]] = []
    real = xet_memory.bounded

    def bounded(sizes: Mapping[str, int], sample: bytes) -> AbstractContextManager[None]:
        samples.append((sizes, sample))
        return real(sizes, sample)

    monkeypatch.setattr(xet_memory, "bounded", bounded)
    sent_digest(hub, addition(tmp_path))
    assert [sizes for sizes, _ in samples] == [{"model.safetensors": len(DATA)}]
    assert samples[0][1]
