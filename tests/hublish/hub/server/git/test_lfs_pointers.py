from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.hub.server.git.lfs_pointers import BlobFacts, Pointer, parse_pointer
from hublish.hub.server.git.object_writer import init_repository
from hublish.hub.server.git.repository import GitRepository

SHA256 = "ab" * 32
GOOD = f"version https://git-lfs.github.com/spec/v1\noid sha256:{SHA256}\nsize 12345\n".encode()


@given(st.binary(min_size=32, max_size=32), st.integers(0, 2**63))
def test_pointers_survive_a_round_trip(digest: bytes, size: int) -> None:
    pointer = Pointer(digest.hex(), size)
    assert parse_pointer(pointer.serialize()) == pointer


def test_pointers_are_written_in_the_form_of_git_lfs() -> None:
    assert Pointer(SHA256, 12345).serialize() == GOOD
    assert parse_pointer(GOOD[:-1]) == Pointer(SHA256, 12345)


@pytest.mark.parametrize(
    "data",
    [b"", b"text", GOOD + b"more\n", GOOD.upper(), GOOD.replace(b"size 1", b"size -1"), GOOD * 10, b"\n" + GOOD],
)
def test_other_data_is_not_a_pointer(data: bytes) -> None:
    assert parse_pointer(data) is None


@pytest.mark.parametrize("content", [b"", b"text", GOOD, b"x" * 5000], ids=["empty", "short", "pointer", "long"])
def test_facts_that_were_learned_are_those_of_the_stored_blob(tmp_path: Path, content: bytes) -> None:
    init_repository(tmp_path / "r.git", "main")
    learned, read = BlobFacts(), BlobFacts()
    with GitRepository(tmp_path / "r.git") as git, git.writer() as writer:
        sha = writer.add(3, content)
        learned.learn(sha, content)
        before = learned.of(git, sha)  # not stored yet
        writer.finish()
        assert before == read.of(git, sha)
