"""Pushes that git would never send: packs and objects by hand."""

import hashlib
import random
import struct
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from huggingface_hub import HfApi

from hublish.hub.server import EmbeddedHub
from hublish.hub.server.git.object_writer import object_id
from tests.hublish.hub.server.conftest import Answer
from tests.hublish.hub.server.routes.test_git_push import assert_sound, stored

Call = Callable[..., Any]
NOTHING = "0" * 40
AUTHOR = b"a <a@b> 1700000000 +0000"


def entry(kind: int, data: bytes, size: int | None = None, base: bytes = b"") -> bytes:
    size = len(data) if size is None else size
    header = bytearray([kind << 4 | size & 15])
    size >>= 4
    while size:
        header[-1] |= 128
        header.append(size & 127)
        size >>= 7
    return bytes(header) + base + zlib.compress(data)


def pack(*entries: bytes, count: int | None = None) -> bytes:
    body = struct.pack(">4sLL", b"PACK", 2, len(entries) if count is None else count) + b"".join(entries)
    return body + hashlib.sha1(body).digest()


def send(call: Call, repo: str, new: str, content: bytes, old: str = NOTHING, ref: str = "refs/heads/x") -> Answer:
    line = f"{old} {new} {ref}\0report-status\n".encode()
    answer = call("POST", f"/{repo}.git/git-receive-pack", b"%04x" % (len(line) + 4) + line + b"0000" + content)
    assert isinstance(answer, Answer)
    return answer


def tree(*items: tuple[str, bytes, str]) -> bytes:
    return b"".join(f"{mode} ".encode() + name + b"\0" + bytes.fromhex(sha) for mode, name, sha in items)


def written(tree_sha: str, extra: str = "", *, author: bytes = AUTHOR) -> bytes:
    return f"tree {tree_sha}\n{extra}".encode() + b"author " + author + b"\ncommitter " + author + b"\n\nmessage\n"


BLOB = b"content"
B = object_id(3, BLOB)
TREE = tree(("100644", b"a", B))
T = object_id(2, TREE)


def test_a_pack_by_hand_is_accepted(call: Call, api: HfApi, repo: str) -> None:
    """Otherwise, the refusals below would prove nothing."""
    body = written(T)
    answer = send(call, repo, object_id(1, body), pack(entry(3, BLOB), entry(2, TREE), entry(1, body)))
    assert answer.body.startswith(b"000eunpack ok\n"), answer.body
    assert b"ok refs/heads/x" in answer.body
    assert api.list_repo_files(repo, revision="x") == ["a"]


BAD_TREES = {
    "a folder outside": tree(("100644", b"..", B)),
    "git's own folder": tree(("40000", b".GIT", T)),
    "no order": tree(("100644", b"b", B), ("100644", b"a", B)),
    "duplicates": tree(("100644", b"a", B), ("100644", b"a", B)),
    "a file and a folder": tree(("100644", b"a", B), ("40000", b"a", T)),
    "a slash": tree(("100644", b"a/b", B)),
    "an empty name": tree(("100644", b"", B)),
    "padded modes": tree(("0100644", b"a", B)),
    "other modes": tree(("100664", b"a", B)),
    "a link": tree(("120000", b"a", B)),
    "no Unicode": tree(("100644", b"\xff", B)),
    "a missing file": tree(("100644", b"a", "1" * 40)),
    "a missing folder": tree(("40000", b"a", "1" * 40)),
    "a file as a folder": tree(("40000", b"a", B)),
    "a folder as a file": tree(("100644", b"a", T)),
    "half an entry": TREE[:-3],
}


@pytest.mark.parametrize("bad", BAD_TREES.values(), ids=BAD_TREES)
def test_trees_that_git_calls_damaged_are_refused(call: Call, hub: EmbeddedHub, repo: str, bad: bytes) -> None:
    body = written(object_id(2, bad))
    sent = pack(entry(3, BLOB), entry(2, TREE), entry(2, bad), entry(1, body))
    answer = send(call, repo, object_id(1, body), sent)
    assert (answer.status, b"ng refs/heads/x" in answer.body) == (200, True)
    assert_sound(stored(hub, repo))


BAD_COMMITS = {
    "no tree": b"author " + AUTHOR + b"\ncommitter " + AUTHOR + b"\n\nx",
    "a missing tree": written("1" * 40),
    "a blob as its tree": written(B),
    "a missing parent": written(T, f"parent {'1' * 40}\n"),
    "a tree as its parent": written(T, f"parent {T}\n"),
    "no email": written(T, author=b"a 1 +0000"),
    "no name": written(T, author=b"<a@b> 1 +0000"),
    "a padded time": written(T, author=b"a <a@b> 01 +0000"),
    "a time without end": written(T, author=b"a <a@b> 999999999999 +0000"),
    "a negative time": written(T, author=b"a <a@b> -1 +0000"),
    "a bad time zone": written(T, author=b"a <a@b> 1 0000"),
    "NUL": written(T) + b"\0",
    "two authors": written(T).replace(b"author", b"author x <x@y> 1 +0000\nauthor", 1),
}


@pytest.mark.parametrize("bad", BAD_COMMITS.values(), ids=BAD_COMMITS)
def test_commits_that_git_calls_damaged_are_refused(call: Call, hub: EmbeddedHub, repo: str, bad: bytes) -> None:
    answer = send(call, repo, object_id(1, bad), pack(entry(3, BLOB), entry(2, TREE), entry(1, bad)))
    assert (answer.status, b"ng refs/heads/x" in answer.body) == (200, True)
    assert_sound(stored(hub, repo))


def copying(size: int, result: int) -> bytes:
    """Return a delta that repeats the first bytes of a base of `size` bytes."""

    def number(value: int) -> bytes:
        return (bytes([value & 127 | 128]) + number(value >> 7)) if value > 127 else bytes([value])

    repeat = b"\x80" + b"\xb0\xff\xff" * (result // 0xFFFF) if result > 0xFFFF else bytes([0x90, result])
    return number(size) + number(result) + repeat


C = written(T)
GOOD = (entry(3, BLOB), entry(2, TREE), entry(1, C))
BAD_PACKS = {
    "nothing": b"",
    "no pack": b"x" * 100,
    "another checksum": pack(*GOOD)[:-1] + b"x",
    "another number": pack(*GOOD, count=2),
    "a large number": pack(*GOOD, count=2**32 - 1),
    "more after it": pack(*GOOD, b"more"),
    "an unknown type": pack(*GOOD, entry(5, b"x"), count=4),
    "no type": pack(*GOOD, entry(0, b"x"), count=4),
    "longer than announced": pack(*GOOD, entry(3, b"x" * 99, 9), count=4),
    "shorter than announced": pack(*GOOD, entry(3, b"x" * 99, 999), count=4),
    "a bomb": pack(*GOOD, entry(3, bytes(6 << 20), 9), count=4),
    "a large object": pack(*GOOD, entry(3, bytes(1), 1 << 40), count=4),
    "no compression": pack(*GOOD, b"\x39" + b"x" * 99, count=4),
    "a delta without a base": pack(*GOOD, entry(7, copying(7, 7), base=b"1" * 20), count=4),
    "a delta of itself": pack(*GOOD, entry(6, copying(7, 7), base=b"\0"), count=4),
    "a delta of what was before the pack": pack(*GOOD, entry(6, copying(7, 7), base=b"\xff\xff\x7f"), count=4),
    "a delta of another size": pack(*GOOD, entry(7, copying(8, 7), base=bytes.fromhex(B)), count=4),
    "a delta that copies too much": pack(*GOOD, entry(7, copying(7, 9), base=bytes.fromhex(B)), count=4),
    "a delta that grows": pack(*GOOD, entry(7, copying(7, 1 << 30), base=bytes.fromhex(B)), count=4),
    "an empty delta": pack(*GOOD, entry(7, b"", base=bytes.fromhex(B)), count=4),
}


@pytest.mark.parametrize("content", BAD_PACKS.values(), ids=BAD_PACKS)
def test_damaged_packs_are_refused_and_leave_nothing(call: Call, hub: EmbeddedHub, repo: str, content: bytes) -> None:
    before = sorted(stored(hub, repo).glob("objects/**/*"))
    answer = send(call, repo, object_id(1, C), content)
    assert answer.status == 200
    assert b"ng refs/heads/x" in answer.body
    assert sorted(stored(hub, repo).glob("objects/**/*")) == before
    assert not list(stored(hub, repo).glob("hub/scratch/*"))


def test_a_small_pack_cannot_describe_an_endless_tree(call: Call, repo: str) -> None:
    for names, depth in (([b"a", b"b", b"c", b"d"], 30), ([b"a"], 300), ([b"n" * 200], 20)):
        trees = [TREE]
        for _ in range(depth):
            trees.append(tree(*(("40000", name, object_id(2, trees[-1])) for name in names)))
        body = written(object_id(2, trees[-1]))
        sent = pack(entry(3, BLOB), *(entry(2, one) for one in trees), entry(1, body))
        assert b"unpack a " in send(call, repo, object_id(1, body), sent).body


def test_what_no_ref_reaches_cannot_be_taken_over(api: HfApi, hub: EmbeddedHub, call: Call, repo: str) -> None:
    """Neither as a part of a tree, nor as the base of a delta, nor as the target of a ref."""
    api.upload_file(repo_id=repo, path_in_repo="key.txt", path_or_fileobj=b"s3cret-key")
    old = api.model_info(repo).sha
    hidden = object_id(3, b"s3cret-key")
    api.delete_file("key.txt", repo)
    api.super_squash_history(repo)
    content = tree(("100644", b"a", hidden))
    body = written(object_id(2, content))
    for parts in ((entry(2, content), entry(1, body)), (entry(7, copying(10, 10), base=bytes.fromhex(hidden)), *GOOD)):
        new = object_id(1, body) if len(parts) == 2 else object_id(1, C)
        assert b"ng refs/heads/x" in send(call, repo, new, pack(*parts)).body
    assert old is not None
    assert b"ng refs/heads/x" in send(call, repo, old, pack()).body
    assert [branch.name for branch in api.list_repo_refs(repo).branches] == ["main"]


@pytest.mark.parametrize("seed", range(3))
def test_a_push_with_changed_bytes_never_fails_inside(call: Call, hub: EmbeddedHub, repo: str, seed: int) -> None:
    rng = random.Random(seed)
    whole = pack(*GOOD, entry(7, copying(7, 7), base=bytes.fromhex(B)))
    for _ in range(60):
        changed = bytearray(whole[:-20])
        for _ in range(rng.randint(1, 4)):
            changed[rng.randrange(12, len(changed))] = rng.randrange(256)
        sent = bytes(changed) + hashlib.sha1(changed).digest()
        assert send(call, repo, object_id(1, C), sent, ref=f"refs/heads/{rng.random()}").status == 200
    assert_sound(stored(hub, repo))


@pytest.mark.parametrize(
    "content", [b"", b"zzzz", b"0003", b"0009hello", b"ffff", b"0000" + b"x" * 99, b"00a0" + b"x" * 200]
)
def test_what_is_not_the_protocol_is_refused(call: Call, repo: str, content: bytes) -> None:
    answer = call("POST", f"/{repo}.git/git-receive-pack", content)
    assert (answer.status, answer.body) == (200, b"") if content[:4] == b"0000" else answer.status == 400
