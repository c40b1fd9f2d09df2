import hashlib
import random
from pathlib import Path

import hf_xet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.hub.server.xet.hashing import (
    NOTHING,
    MalformedError,
    from_text,
    hash_chunk,
    hash_file,
    hash_xorb,
    is_sampled,
    keyed,
    to_text,
)


@given(st.binary(min_size=32, max_size=32))
def test_a_hash_survives_its_text_form(digest: bytes) -> None:
    assert from_text(to_text(digest)) == digest


def test_the_text_form_reverses_each_run_of_eight_bytes() -> None:
    assert to_text(bytes(range(32))) == "07060504030201000f0e0d0c0b0a090817161514131211101f1e1d1c1b1a1918"


@pytest.mark.parametrize(
    "text", ["", "0" * 63, "0" * 65, "G" * 64, "A" * 64, "0x" + "0" * 62, "-" + "0" * 63, "٣" * 64]
)
def test_other_text_is_not_a_hash(text: str) -> None:
    with pytest.raises(MalformedError, match="not a xet hash"):
        from_text(text)


@pytest.mark.parametrize("content", [b"hello", b"x", bytes(5000), random.Random(1).randbytes(8000)])
def test_a_file_of_one_chunk_hashes_as_in_hf_xet(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    [expected] = hf_xet.hash_files([str(path)])
    assert to_text(hash_file([(hash_chunk(content), len(content))])) == expected.hash


def test_an_empty_file_hashes_to_zeros() -> None:
    assert hash_file([]) == hash_xorb([]) == NOTHING


def test_a_single_chunk_is_the_root_of_its_xorb() -> None:
    assert hash_xorb([(hash_chunk(b"a"), 1)]) == hash_chunk(b"a")


@given(st.lists(st.binary(min_size=1, max_size=9), min_size=1, max_size=80))
def test_different_lists_of_chunks_have_different_hashes(chunks: list[bytes]) -> None:
    nodes = [(hash_chunk(chunk), len(chunk)) for chunk in chunks]
    assert hash_xorb(nodes) != hash_xorb([*nodes, nodes[0]])
    assert hash_xorb(nodes) != hash_xorb([(nodes[0][0], nodes[0][1] + 1), *nodes[1:]]) or len(nodes) == 1
    assert hash_file(nodes) != hash_xorb(nodes)


def test_one_hash_in_1024_is_sampled() -> None:
    hashes = (hashlib.sha256(number.to_bytes(4, "little")).digest() for number in range(20_000))
    assert 10 <= sum(map(is_sampled, hashes)) <= 30


def test_a_keyed_hash_depends_on_the_key() -> None:
    assert keyed(bytes(32), NOTHING) != keyed(b"k" * 32, NOTHING)
