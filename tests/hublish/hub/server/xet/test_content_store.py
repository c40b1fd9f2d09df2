from __future__ import annotations

import hashlib
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hublish.hub.server.objects import ObjectStore
from hublish.hub.server.xet import content_store as store_module
from hublish.hub.server.xet.content_store import XetStore
from hublish.hub.server.xet.hashing import MalformedError, hash_chunk, to_text
from hublish.hub.server.xet.shard_format import Term
from hublish.hub.server.xet.tokens import Access
from tests.hublish.hub.server.xet.conftest import File

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.hublish.hub.server.xet.conftest import Uploader, Writers, Xorb


def test_a_file_is_rebuilt_from_parts_of_several_xorbs(
    upload: Uploader, store: XetStore, objects: ObjectStore, write: Writers, xorb: Xorb
) -> None:
    other = write.xorb(b"!" * 70_000, b"?")
    file = write.file((xorb, 0, 1), (xorb, 3, 4), (other, 0, 1))
    assert upload.xorb(xorb)
    assert upload.xorb(other)
    assert upload.shard(write.shard(file))

    content = b"hello world" + b"!" * 70_000
    sha256 = hashlib.sha256(content).hexdigest()
    assert objects.path(sha256).read_bytes() == content
    assert store.xet_hash(sha256) == to_text(file.digest)
    record = store.file(file.digest)
    assert record is not None
    assert (record.sha256, record.size) == (sha256, len(content))


def test_known_content_is_not_new(upload: Uploader, write: Writers, xorb: Xorb) -> None:
    shard = write.shard(write.file((xorb, 0, 4)))
    known = [hashlib.sha256(b"hello big wide world").hexdigest()]
    assert (upload.xorb(xorb), upload.shard(shard)) == (True, known)
    assert (upload.xorb(xorb), upload.shard(shard)) == (False, known)


def test_a_file_consists_of_xorbs_of_its_sender(upload: Uploader, store: XetStore, write: Writers, xorb: Xorb) -> None:
    """Neither the xorbs of a file nor its hash give access to it."""
    upload.xorb(xorb)
    file = write.file((xorb, 0, 4))
    upload.shard(write.shard(file))
    eve = replace(upload, user="eve")
    own = write.xorb(b"own")
    eve.xorb(own)
    mixed = write.file((own, 0, 1), (xorb, 1, 2))
    for stolen in (file, mixed, replace(file, terms=(own.term(),)), replace(file, terms=())):
        with pytest.raises(MalformedError, match=r"not stored here|hash to"):
            eve.shard(write.shard(stolen))
    assert store.dedup_shard(hash_chunk(b"hello "), "eve") is None
    assert store.dedup_shard(hash_chunk(b"hello "), None) is not None
    eve.xorb(xorb)
    assert eve.shard(write.shard(file)) == [file.sha256]
    assert store.dedup_shard(hash_chunk(b"hello "), "eve") is not None


def test_a_known_file_with_missing_content_is_rebuilt(
    upload: Uploader, objects: ObjectStore, write: Writers, xorb: Xorb
) -> None:
    file = write.file((xorb, 0, 4))
    upload.xorb(xorb)
    for _ in range(2):
        assert upload.shard(write.shard(file))
        assert file.sha256
        objects.path(file.sha256).unlink()


def test_a_missing_sha256_is_computed(
    upload: Uploader, store: XetStore, objects: ObjectStore, write: Writers, xorb: Xorb
) -> None:
    upload.xorb(xorb)
    upload.shard(write.shard(replace(write.file((xorb, 1, 3)), sha256=None), proofs=False))
    sha256 = hashlib.sha256(b"big wide ").hexdigest()
    assert objects.has(sha256)
    assert store.xet_hash(sha256) is not None


def test_an_empty_file_is_stored(upload: Uploader, store: XetStore, objects: ObjectStore, write: Writers) -> None:
    file = write.file()
    upload.shard(write.shard(file))
    assert objects.size(hashlib.sha256().hexdigest()) == 0
    record = store.file(file.digest)
    assert record is not None
    assert store.plan(record, 0, 0).terms == ()


def test_a_shard_can_list_many_files(upload: Uploader, store: XetStore, objects: ObjectStore, write: Writers) -> None:
    xorb = write.xorb(*(b"file %d" % number for number in range(200)), schemes=[0])
    files = [write.file((xorb, at, at + 1)) for at in range(200)]
    upload.xorb(xorb)
    upload.shard(write.shard(*files))
    assert all(file.sha256 and objects.has(file.sha256) and store.xet_hash(file.sha256) for file in files)


def test_content_that_was_not_uploaded_by_xet_has_no_xet_hash(store: XetStore) -> None:
    assert store.xet_hash("0" * 64) is None


def wrong_sha256(file: File, xorb: Xorb) -> File:
    return replace(file, sha256="0" * 64)


def wrong_file_hash(file: File, xorb: Xorb) -> File:
    return replace(file, digest=b"f" * 32)


def unknown_xorb(file: File, xorb: Xorb) -> File:
    return replace(file, terms=(replace(file.terms[0], xorb=b"x" * 32),))


def chunks_beyond_the_xorb(file: File, xorb: Xorb) -> File:
    return replace(file, terms=(replace(file.terms[0], stop=5),))


def chunks_backwards(file: File, xorb: Xorb) -> File:
    return replace(file, terms=(Term(xorb.digest, 0, 3, 1),))


def no_chunks(file: File, xorb: Xorb) -> File:
    return replace(file, terms=(Term(xorb.digest, 0, 2, 2),))


def wrong_length(file: File, xorb: Xorb) -> File:
    return replace(file, terms=(replace(file.terms[0], length=19),))


def chunks_in_another_order(file: File, xorb: Xorb) -> File:
    return replace(file, terms=(xorb.term(2, 4), xorb.term(0, 2)))


@pytest.mark.parametrize(
    "spoil",
    [
        wrong_sha256,
        wrong_file_hash,
        unknown_xorb,
        chunks_beyond_the_xorb,
        chunks_backwards,
        no_chunks,
        wrong_length,
        chunks_in_another_order,
    ],
)
def test_a_file_that_does_not_match_its_shard_is_refused_with_all_others(
    upload: Uploader, store: XetStore, write: Writers, xorb: Xorb, spoil: Callable[[File, Xorb], File]
) -> None:
    upload.xorb(xorb)
    good, bad = write.file((xorb, 0, 2)), spoil(write.file((xorb, 0, 4)), xorb)
    with pytest.raises(MalformedError):
        upload.shard(write.shard(good, bad))
    assert store.file(good.digest) is None
    assert store.file(bad.digest) is None


def test_a_later_shard_cannot_change_the_sha256_of_a_known_file(
    upload: Uploader, store: XetStore, write: Writers, xorb: Xorb
) -> None:
    upload.xorb(xorb)
    file = write.file((xorb, 0, 4))
    upload.shard(write.shard(file))
    with pytest.raises(MalformedError, match="expected sha256"):
        upload.shard(write.shard(replace(file, sha256="1" * 64)))
    assert store.xet_hash("1" * 64) is None


@pytest.mark.parametrize("limit", ["MAX_FILE", "MAX_FILE_CHUNKS"])
def test_a_file_beyond_the_limits_is_refused_before_it_is_built(
    upload: Uploader, write: Writers, xorb: Xorb, limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload.xorb(xorb)
    monkeypatch.setattr(store_module, limit, 3)
    with pytest.raises(MalformedError, match="is larger than"):
        upload.shard(write.shard(write.file((xorb, 0, 4))))


def test_an_empty_shard_body_is_refused(upload: Uploader) -> None:
    with pytest.raises(MalformedError, match="empty"):
        upload.shard(b"")


def test_a_damaged_xorb_does_not_become_a_file(upload: Uploader, store: XetStore, write: Writers, xorb: Xorb) -> None:
    upload.xorb(xorb)
    path = store.xorbs.path(xorb.digest)
    path.chmod(0o644)
    path.write_bytes(xorb.body[:-1] + b"X")
    with pytest.raises(MalformedError):
        upload.shard(write.shard(write.file((xorb, 0, 4))))


def test_two_stores_on_one_root_see_each_others_changes(
    upload: Uploader, store: XetStore, objects: ObjectStore, tmp_path: Path, write: Writers, xorb: Xorb
) -> None:
    file = write.file((xorb, 0, 4))
    with closing(XetStore(tmp_path, objects)) as other:
        assert other.identity("") == store.identity("")
        assert other.signer.check(store.signer.issue(Access("read", "model:acme:x", ""))[0])
        assert not other.xorbs.has(xorb.digest, None)
        upload.xorb(xorb)
        assert other.xorbs.has(xorb.digest, None)
        assert other.file(file.digest) is None
        replace(upload, store=other).shard(write.shard(file))
        assert store.file(file.digest) == other.file(file.digest)


def test_two_roots_have_nothing_in_common(store: XetStore, tmp_path: Path) -> None:
    root = tmp_path / "other"
    with closing(XetStore(root, ObjectStore(root))) as other:
        assert other.identity("") != store.identity("")
        assert other.signer.check(store.signer.issue(Access("read", "model:acme:x", ""))[0]) is None


def test_concurrent_uploads_of_the_same_content_store_it_once(upload: Uploader, write: Writers, xorb: Xorb) -> None:
    shard = write.shard(write.file((xorb, 0, 4)))

    def bring(_: int) -> bool:
        inserted = upload.xorb(xorb)
        upload.shard(shard)
        return inserted

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(bring, range(16))) == 1


def test_each_user_has_an_address(store: XetStore) -> None:
    """The client remembers chunks by address: one user's chunks are not those of another one on the same machine."""
    assert len({store.identity(user) for user in ("", "ann", "eve")}) == 3


@pytest.mark.parametrize(("chunks", "at"), [(70_000, 1), (70_000, 4096)])
def test_a_file_of_more_chunks_or_terms_than_any_client_makes_is_refused(
    upload: Uploader, write: Writers, chunks: int, at: int
) -> None:
    """They cost the server time and memory, and the client nothing."""
    xorb = write.xorb(*(b"%d" % number for number in range(at)), schemes=[0])
    upload.xorb(xorb)
    term = xorb.term()
    file = File(bytes(32), (term,) * -(-chunks // at))
    with pytest.raises(MalformedError, match="is larger than"):
        upload.shard(write.shard(file))


def test_processes_that_open_a_new_root_at_once_agree_on_its_secret(tmp_path: Path) -> None:
    script = """
        import sys
        from pathlib import Path
        from hublish.hub.server.objects import ObjectStore
        from hublish.hub.server.xet.content_store import XetStore
        root = Path(sys.argv[1])
        print(XetStore(root, ObjectStore(root)).identity(""))
    """
    command = [sys.executable, "-c", textwrap.dedent(script), str(tmp_path)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    identities = {process.communicate()[0] for process in running}
    assert len(identities) == 1
    assert len(identities.pop().strip()) == 16
