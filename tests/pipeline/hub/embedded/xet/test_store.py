from __future__ import annotations

import hashlib
import signal
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hublish.pipeline.hub.embedded.objects import ObjectStore
from hublish.pipeline.hub.embedded.xet import store as store_module
from hublish.pipeline.hub.embedded.xet.errors import MalformedError
from hublish.pipeline.hub.embedded.xet.hashing import hash_chunk, to_text
from hublish.pipeline.hub.embedded.xet.shard import Term
from hublish.pipeline.hub.embedded.xet.store import XetStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.pipeline.hub.embedded.xet.conftest import File, Writers, Xorb


def add_xorb(store: XetStore, xorb: Xorb, session: str = "session", *, body: bytes | None = None) -> bool:
    with store.xorbs.receive() as spool:
        spool.write(xorb.body if body is None else body)
        return store.xorbs.add(spool, xorb.digest, session)


def add_shard(store: XetStore, shard: bytes) -> bool:
    with store.receive_shard() as body:
        body.write(shard)
        return store.add_shard(body)


@pytest.fixture
def xorb(write: Writers) -> Xorb:
    return write.xorb(b"hello ", b"big ", b"wide ", b"world")


def test_a_file_is_rebuilt_from_parts_of_several_xorbs(
    store: XetStore, objects: ObjectStore, write: Writers, xorb: Xorb
) -> None:
    other = write.xorb(b"!" * 70_000, b"?")
    file = write.file((xorb, 0, 1), (xorb, 3, 4), (other, 0, 1))
    assert add_xorb(store, xorb)
    assert add_xorb(store, other)
    assert add_shard(store, write.shard(file))

    content = b"hello world" + b"!" * 70_000
    sha256 = hashlib.sha256(content).hexdigest()
    assert objects.path(sha256).read_bytes() == content
    assert store.xet_hash(sha256) == to_text(file.digest)
    record = store.file(file.digest)
    assert record is not None
    assert (record.sha256, record.size) == (sha256, len(content))


def test_what_is_known_is_not_new(store: XetStore, write: Writers, xorb: Xorb) -> None:
    shard = write.shard(write.file((xorb, 0, 4)))
    assert (add_xorb(store, xorb), add_shard(store, shard)) == (True, True)
    assert (add_xorb(store, xorb), add_shard(store, shard)) == (False, False)


def test_a_sha256_the_client_left_out_is_computed(
    store: XetStore, objects: ObjectStore, write: Writers, xorb: Xorb
) -> None:
    add_xorb(store, xorb)
    add_shard(store, write.shard(replace(write.file((xorb, 1, 3)), sha256=None), proofs=False))
    sha256 = hashlib.sha256(b"big wide ").hexdigest()
    assert objects.has(sha256)
    assert store.xet_hash(sha256) is not None


def test_an_empty_file_is_a_file(store: XetStore, objects: ObjectStore, write: Writers) -> None:
    file = write.file()
    add_shard(store, write.shard(file))
    assert objects.size(hashlib.sha256().hexdigest()) == 0
    record = store.file(file.digest)
    assert record is not None
    assert store.plan(record, 0, 0).terms == ()


def test_a_shard_may_list_many_files(store: XetStore, objects: ObjectStore, write: Writers) -> None:
    xorb = write.xorb(*(b"file %d" % number for number in range(200)), schemes=[0])
    files = [write.file((xorb, at, at + 1)) for at in range(200)]
    add_xorb(store, xorb)
    add_shard(store, write.shard(*files))
    assert all(file.sha256 and objects.has(file.sha256) and store.xet_hash(file.sha256) for file in files)


def test_content_that_did_not_come_by_xet_has_no_xet_hash(store: XetStore) -> None:
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
def test_a_file_that_is_not_what_the_shard_says_is_refused_with_all_others(
    store: XetStore, write: Writers, xorb: Xorb, spoil: Callable[[File, Xorb], File]
) -> None:
    add_xorb(store, xorb)
    good, bad = write.file((xorb, 0, 2)), spoil(write.file((xorb, 0, 4)), xorb)
    with pytest.raises(MalformedError):
        add_shard(store, write.shard(good, bad))
    assert store.file(good.digest) is None
    assert store.file(bad.digest) is None


def test_a_known_file_keeps_its_sha256_whatever_a_later_shard_claims(
    store: XetStore, write: Writers, xorb: Xorb
) -> None:
    add_xorb(store, xorb)
    file = write.file((xorb, 0, 4))
    add_shard(store, write.shard(file))
    with pytest.raises(MalformedError, match="expected sha256"):
        add_shard(store, write.shard(replace(file, sha256="1" * 64)))
    assert store.xet_hash("1" * 64) is None


@pytest.mark.parametrize("limit", ["MAX_FILE", "MAX_FILE_CHUNKS"])
def test_a_file_beyond_the_limits_is_refused_before_it_is_built(
    store: XetStore, write: Writers, xorb: Xorb, limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_xorb(store, xorb)
    monkeypatch.setattr(store_module, limit, 3)
    with pytest.raises(MalformedError, match="is larger than"):
        add_shard(store, write.shard(write.file((xorb, 0, 4))))


def test_an_empty_shard_body_is_refused(store: XetStore) -> None:
    with pytest.raises(MalformedError, match="empty"):
        add_shard(store, b"")


def test_a_body_larger_than_any_xorb_is_refused_while_it_arrives(store: XetStore, tmp_path: Path) -> None:
    with store.xorbs.receive() as body:
        for _ in range(66):
            body.write(bytes(1 << 20))
        with pytest.raises(MalformedError, match="larger than"):
            body.write(b"x")
    assert list((tmp_path / "incoming").iterdir()) == []


def test_a_xorb_under_a_wrong_hash_is_refused(store: XetStore, write: Writers, xorb: Xorb, tmp_path: Path) -> None:
    with pytest.raises(MalformedError, match="hashes to"):
        add_xorb(store, xorb, body=write.xorb(b"other").body)
    assert not store.xorbs.has(xorb.digest)
    assert not store.xorbs.path(xorb.digest).exists()
    assert list((tmp_path / "incoming").iterdir()) == []


def test_a_footer_is_not_stored(store: XetStore, xorb: Xorb) -> None:
    add_xorb(store, xorb, body=xorb.body + b"XETBLOB\1" + bytes(50))
    assert store.xorbs.path(xorb.digest).read_bytes() == xorb.body


def test_a_xorb_that_was_damaged_on_disk_makes_no_file(store: XetStore, write: Writers, xorb: Xorb) -> None:
    add_xorb(store, xorb)
    path = store.xorbs.path(xorb.digest)
    path.chmod(0o644)
    path.write_bytes(xorb.body[:-1] + b"X")
    with pytest.raises(MalformedError):
        add_shard(store, write.shard(write.file((xorb, 0, 4))))


def test_two_stores_on_one_root_see_each_others_changes(
    store: XetStore, objects: ObjectStore, tmp_path: Path, write: Writers, xorb: Xorb
) -> None:
    file = write.file((xorb, 0, 4))
    with closing(XetStore(tmp_path, objects)) as other:
        assert other.identity == store.identity
        assert other.signer.check(store.signer.issue("read", "acme/x")[0])
        assert not other.xorbs.has(xorb.digest)
        add_xorb(store, xorb)
        assert other.xorbs.has(xorb.digest)
        assert other.file(file.digest) is None
        add_shard(other, write.shard(file))
        assert store.file(file.digest) == other.file(file.digest)


def test_two_roots_have_nothing_in_common(store: XetStore, tmp_path: Path) -> None:
    root = tmp_path / "other"
    with closing(XetStore(root, ObjectStore(root))) as other:
        assert other.identity != store.identity
        assert other.signer.check(store.signer.issue("read", "acme/x")[0]) is None


def test_many_threads_may_bring_the_same_content_at_once(store: XetStore, write: Writers, xorb: Xorb) -> None:
    shard = write.shard(write.file((xorb, 0, 4)))

    def upload(_: int) -> bool:
        inserted = add_xorb(store, xorb)
        add_shard(store, shard)
        return inserted

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(upload, range(16))) == 1


def test_processes_that_open_a_new_root_at_once_agree_on_its_secret(tmp_path: Path) -> None:
    script = """
        import sys
        from pathlib import Path
        from hublish.pipeline.hub.embedded.objects import ObjectStore
        from hublish.pipeline.hub.embedded.xet.store import XetStore
        root = Path(sys.argv[1])
        print(XetStore(root, ObjectStore(root)).identity)
    """
    command = [sys.executable, "-c", textwrap.dedent(script), str(tmp_path)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    identities = {process.communicate()[0] for process in running}
    assert len(identities) == 1
    assert len(identities.pop().strip()) == 16


KILLED_WHILE_STORING = """
    import os, signal, sys
    from pathlib import Path
    from hublish.pipeline.hub.embedded.objects import ObjectStore
    from hublish.pipeline.hub.embedded.xet.index import Index
    from hublish.pipeline.hub.embedded.xet.store import XetStore

    moment, root, body, digest = sys.argv[1], Path(sys.argv[2]), sys.stdin.buffer.read(), sys.argv[3]
    store = XetStore(root, ObjectStore(root))
    syncs = []

    def die(*_, **__):
        os.kill(os.getpid(), signal.SIGKILL)

    def fsync(descriptor):
        syncs.append(descriptor)
        if len(syncs) == {"fsync of the file": 1, "fsync of the folder": 2}.get(moment):
            die()

    os.fsync = fsync
    if moment == "rename":
        Path.replace = die
    if moment == "record":
        Index.add_xorb = die
    with store.xorbs.receive() as spool:
        spool.write(body)
        store.xorbs.add(spool, bytes.fromhex(digest), "session")
"""


@pytest.mark.parametrize("moment", ["fsync of the file", "rename", "fsync of the folder", "record"])
def test_a_kill_while_a_xorb_is_stored_leaves_a_store_that_takes_it_again(
    store: XetStore, write: Writers, xorb: Xorb, tmp_path: Path, moment: str
) -> None:
    script = textwrap.dedent(KILLED_WHILE_STORING)
    command = [sys.executable, "-c", script, moment, str(tmp_path), xorb.digest.hex()]
    assert subprocess.run(command, input=xorb.body).returncode == -signal.SIGKILL

    assert not store.xorbs.has(xorb.digest)
    assert add_xorb(store, xorb)
    assert add_shard(store, write.shard(write.file((xorb, 0, 4))))


def test_a_chunk_that_starts_a_file_leads_to_all_xorbs_of_the_newest_such_file(
    store: XetStore, write: Writers, xorb: Xorb
) -> None:
    other = write.xorb(b"other")
    for session, brought in enumerate([xorb, other]):
        add_xorb(store, brought, str(session))
    add_shard(store, write.shard(write.file((xorb, 1, 2)), write.file((xorb, 1, 3), (other, 0, 1))))
    answer = store.dedup_shard(hash_chunk(b"big "))
    assert answer is not None
    assert xorb.digest in answer
    assert other.digest in answer


def test_the_first_chunk_of_a_xorb_leads_to_what_its_session_brought_from_there_on(
    store: XetStore, write: Writers
) -> None:
    """An upload that was interrupted has xorbs and no files; its next try must not send them again."""
    xorbs = [write.xorb(b"chunk %d" % number) for number in range(4)]
    for session, brought in zip(["one", "one", "two", "one"], xorbs, strict=True):
        add_xorb(store, brought, session)
    answer = store.dedup_shard(hash_chunk(b"chunk 1"))
    assert answer is not None
    assert [brought.digest in answer for brought in xorbs] == [False, True, False, True]


def test_an_answer_reveals_no_chunk_hash(store: XetStore, xorb: Xorb) -> None:
    add_xorb(store, xorb)
    answer = store.dedup_shard(hash_chunk(xorb.chunks[0]))
    assert answer is not None
    assert not [chunk for chunk in xorb.chunks if hash_chunk(chunk) in answer]


def test_an_answer_is_bounded(store: XetStore, write: Writers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "MAX_CHUNKS", 5)
    xorbs = [write.xorb(*(b"%d %d" % (number, chunk) for chunk in range(2))) for number in range(4)]
    for brought in xorbs:
        add_xorb(store, brought)
    answer = store.dedup_shard(hash_chunk(b"0 0"))
    assert answer is not None
    assert [brought.digest in answer for brought in xorbs] == [True, True, False, False]


def test_an_unknown_chunk_gets_no_answer(store: XetStore) -> None:
    assert store.dedup_shard(bytes(32)) is None


def test_the_content_of_terms_comes_chunk_by_chunk(store: XetStore, xorb: Xorb) -> None:
    add_xorb(store, xorb)
    assert list(store.xorbs.content([xorb.term(1, 3), xorb.term(0, 1)])) == [b"big ", b"wide ", b"hello "]
