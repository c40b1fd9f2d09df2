"""Files and bytes are compared with the digest that is expected."""

import hashlib
import subprocess
from io import FileIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.base.digests import has_digest, listed_digest, matches
from hublish.base.values import Digest, RemoteFile


def test_the_digest_is_the_one_the_hub_lists() -> None:
    assert listed_digest(RemoteFile("a", 1, "b" * 40, "c" * 64)) == Digest("sha256", "c" * 64)
    assert listed_digest(RemoteFile("a", 1, "b" * 40)) == Digest("git-blob", "b" * 40)


@pytest.mark.parametrize("content", [b"", b"text\n", bytes(3 << 20)])
def test_a_blob_id_is_gits(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    blob = subprocess.run(["git", "hash-object", path], capture_output=True, text=True, check=True).stdout.strip()
    counted: list[int] = []
    with FileIO(path) as stream:
        assert matches(stream, len(content), Digest("git-blob", blob), counted.append)
    assert sum(counted) == len(content)


@given(st.binary(max_size=64), st.binary(max_size=64))
def test_only_the_promised_bytes_match(tmp_path_factory: pytest.TempPathFactory, held: bytes, wanted: bytes) -> None:
    path = tmp_path_factory.mktemp("digests") / "file"
    path.write_bytes(held)
    for digest in (
        Digest("sha256", hashlib.sha256(wanted).hexdigest()),
        Digest("git-blob", hashlib.sha1(b"blob %d\0" % len(wanted) + wanted).hexdigest()),
    ):
        with FileIO(path) as stream:
            assert matches(stream, len(wanted), digest, lambda _: None) is (held == wanted)
        assert has_digest(held, digest) is (held == wanted)


def test_a_file_of_another_size_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"abc")
    counted: list[int] = []
    with FileIO(tmp_path / "file") as stream:
        assert not matches(stream, 4, Digest("sha256", hashlib.sha256(b"abc").hexdigest()), counted.append)
    assert counted == []
