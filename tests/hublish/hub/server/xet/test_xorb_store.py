from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hublish.hub.server.xet.content_store import XetStore
from hublish.hub.server.xet.hashing import MalformedError

if TYPE_CHECKING:
    from tests.hublish.hub.server.xet.conftest import Uploader, Writers, Xorb


def test_a_body_larger_than_any_xorb_is_refused_while_it_arrives(store: XetStore, tmp_path: Path) -> None:
    with store.xorbs.receive() as body:
        for _ in range(66):
            body.write(bytes(1 << 20))
        with pytest.raises(MalformedError, match="larger than"):
            body.write(b"x")
    assert list((tmp_path / "incoming").iterdir()) == []


def test_a_xorb_under_a_wrong_hash_is_refused(
    upload: Uploader, store: XetStore, write: Writers, xorb: Xorb, tmp_path: Path
) -> None:
    with pytest.raises(MalformedError, match="hashes to"):
        upload.xorb(xorb, body=write.xorb(b"other").body)
    assert not store.xorbs.has(xorb.digest, None)
    assert not store.xorbs.path(xorb.digest).exists()
    assert list((tmp_path / "incoming").iterdir()) == []


def test_each_user_sends_a_xorb_of_their_own(upload: Uploader, store: XetStore, write: Writers, xorb: Xorb) -> None:
    """A stored xorb looks as if it were missing to a user who has not sent it, and knowing its hash is not enough."""
    assert upload.xorb(xorb)
    eve = replace(upload, user="eve")
    assert not store.xorbs.has(xorb.digest, "eve")
    for lie in (write.xorb(b"other").body, xorb.body[:-1], b""):
        with pytest.raises(MalformedError):
            eve.xorb(xorb, body=lie)
    assert not store.xorbs.has(xorb.digest, "eve")
    assert eve.xorb(xorb)
    assert not eve.xorb(xorb)
    assert store.xorbs.has(xorb.digest, "eve")


def test_another_compression_of_a_xorb_does_not_replace_it(
    upload: Uploader, store: XetStore, write: Writers, xorb: Xorb
) -> None:
    """The offsets of its chunks are those of the first writer."""
    upload.xorb(xorb)
    other = write.xorb(*xorb.chunks, schemes=[1, 2, 0])
    assert other.digest == xorb.digest
    assert len(other.body) != len(xorb.body)
    replace(upload, user="eve").xorb(other)
    assert store.xorbs.path(xorb.digest).read_bytes() == xorb.body
    assert b"".join(store.xorbs.content([xorb.term()])) == b"".join(xorb.chunks)


def test_a_footer_is_not_stored(upload: Uploader, store: XetStore, xorb: Xorb) -> None:
    upload.xorb(xorb, body=xorb.body + b"XETBLOB\1" + bytes(50))
    assert store.xorbs.path(xorb.digest).read_bytes() == xorb.body


KILLED_WHILE_STORING = """
    import os, signal, sys
    from pathlib import Path
    from hublish.hub.server.objects import ObjectStore
    from hublish.hub.server.xet.database import Database
    from hublish.hub.server.xet.content_store import XetStore

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
        Database.add_xorb = die
    with store.xorbs.receive() as spool:
        spool.write(body)
        store.xorbs.add(spool, bytes.fromhex(digest), "session", "ann")
"""


@pytest.mark.parametrize("moment", ["fsync of the file", "rename", "fsync of the folder", "record"])
def test_a_xorb_can_be_stored_after_a_kill_during_the_first_attempt(
    upload: Uploader, store: XetStore, write: Writers, xorb: Xorb, tmp_path: Path, moment: str
) -> None:
    script = textwrap.dedent(KILLED_WHILE_STORING)
    command = [sys.executable, "-c", script, moment, str(tmp_path), xorb.digest.hex()]
    assert subprocess.run(command, input=xorb.body).returncode == -signal.SIGKILL

    assert not store.xorbs.has(xorb.digest, None)
    assert upload.xorb(xorb)
    assert upload.shard(write.shard(write.file((xorb, 0, 4))))


def test_the_content_of_terms_is_read_chunk_by_chunk(upload: Uploader, store: XetStore, xorb: Xorb) -> None:
    upload.xorb(xorb)
    assert list(store.xorbs.content([xorb.term(1, 3), xorb.term(0, 1)])) == [b"big ", b"wide ", b"hello "]
