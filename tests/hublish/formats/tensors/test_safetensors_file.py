from pathlib import Path
from typing import Any

import pytest

from hublish.formats.input_files import InvalidFileError
from hublish.formats.tensors.safetensors_file import read_safetensors

HEADER = b'{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}'


def length(number: int) -> bytes:
    return number.to_bytes(8, "little")


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b"", "too short to be a safetensors file: 0 bytes"),
        (b"1234567", "too short to be a safetensors file: 7 bytes"),
        (length(0), "does not begin with '{'"),
        (length(2**63), f"a header of {2**63} bytes; the limit is 25000000"),
        (length(2**64 - 1), f"a header of {2**64 - 1} bytes"),
        (length(25_000_001), "a header of 25000001 bytes; the limit is 25000000"),
        (length(100) + HEADER, "the header's 100 bytes run past the end of the file"),
        (length(len(HEADER)) + HEADER + b"x", "cut short: the header names 2 bytes of data, 1 are there"),
        (length(len(HEADER)) + HEADER + b"xyz", "1 bytes follow the last tensor"),
        (b"\x80\4\x95\0\0\0\0\0" + bytes(50), "a header of|run past"),
        (b"PK\3\4" + bytes(50), "run past the end|a header of"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a header of"),
    ],
    ids=[
        "empty",
        "7 bytes",
        "no header",
        "2^63",
        "2^64",
        "25 MB",
        "beyond",
        "cut",
        "trailing",
        "pickle",
        "zip",
        "pointer",
    ],
)
def test_what_is_not_safetensors_is_refused_and_named(tmp_path: Path, raw: bytes, problem: str) -> None:
    (tmp_path / "raw").write_bytes(raw)
    with pytest.raises(InvalidFileError, match=f"^model.safetensors: .*({problem})"):
        read_safetensors(tmp_path / "raw", "model.safetensors")


def test_only_the_header_of_a_sparse_terabyte_is_read(raw_safetensors: Any) -> None:
    size = 10**12
    path = raw_safetensors({"a": {"dtype": "U8", "shape": [size], "data_offsets": [0, size]}})
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size + size)
    assert read_safetensors(path, "a").data_size == size
