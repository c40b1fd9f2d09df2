import hashlib
import threading
from pathlib import Path

import pytest

from hublish.hub.server.objects import MismatchError, ObjectStore

CONTENT = b"content" * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    return ObjectStore(tmp_path)


def put(store: ObjectStore, content: bytes = CONTENT) -> str:
    with store.incoming() as incoming:
        for start in range(0, len(content), 999):
            incoming.write(content[start : start + 999])
        return incoming.seal()


def test_sealed_content_can_be_read_by_its_digest(store: ObjectStore) -> None:
    assert not store.has(SHA256)
    assert put(store) == SHA256
    assert store.has(SHA256)
    assert store.size(SHA256) == len(CONTENT)
    assert store.path(SHA256).read_bytes() == CONTENT
    assert store.path(SHA256).stat().st_mode & 0o777 == 0o444


def test_without_a_seal_nothing_is_stored(store: ObjectStore) -> None:
    with store.incoming() as incoming:
        incoming.write(CONTENT)
    assert store.size(SHA256) is None
    assert list(store.scratch.iterdir()) == []


@pytest.mark.parametrize(
    ("sha256", "size"), [("0" * 64, None), (None, 1), (SHA256, len(CONTENT) + 1), ("0" * 64, len(CONTENT))]
)
def test_content_that_differs_from_the_announced_one_is_refused(
    store: ObjectStore, sha256: str | None, size: int | None
) -> None:
    with store.incoming() as incoming:
        incoming.write(CONTENT)
        with pytest.raises(MismatchError, match="expected"):
            incoming.seal(sha256, size)
    assert not store.has(SHA256)
    assert list(store.scratch.iterdir()) == []


def test_concurrent_writers_of_one_object_store_it_once(store: ObjectStore) -> None:
    threads = [threading.Thread(target=put, args=(store,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.path(SHA256).read_bytes() == CONTENT
    assert list(store.scratch.iterdir()) == []


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 64, "0" * 63, "0" * 65, "0" * 63 + "\n"])
def test_only_a_digest_becomes_a_path(store: ObjectStore, name: str) -> None:
    with pytest.raises(ValueError, match="sha256"):
        store.path(name)
