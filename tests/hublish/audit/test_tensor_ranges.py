"""Of large files, only the tensors of numbers are not searched for secrets."""

import json
import random
import struct
from dataclasses import dataclass

import pytest

from hublish.audit import tensor_ranges as subject
from hublish.audit.secret_scan import SecretScanner
from hublish.audit.tensor_ranges import tensor_ranges
from hublish.formats.blob import MemoryBlob
from tests.planted_tokens import TOKENS

Entry = tuple[str, int, int]
NUMBERS: list[Entry] = [("F32", 0, 400), ("BF16", 400, 800), ("U8", 800, 1000), ("I64", 1000, 1200)]


@dataclass(frozen=True)
class Large(MemoryBlob):
    """Bytes that count as a large file."""

    @property
    def size(self) -> int:
        return subject.LARGE + len(self.data)


def safetensors(entries: list[Entry]) -> bytes:
    header = {f"w{start}": {"dtype": kind, "shape": [1], "data_offsets": [start, end]} for kind, start, end in entries}
    text = json.dumps({"__metadata__": {"format": "pt"}, **header}).encode()
    return struct.pack("<Q", len(text)) + text + bytes(max(end for _, _, end in entries))


def gguf(kind: int) -> bytes:
    name = b"w"
    info = struct.pack("<Q", len(name)) + name + struct.pack("<IQIQ", 1, 32, kind, 0)
    head = b"GGUF" + struct.pack("<IQQ", 3, 1, 0) + info
    return head + bytes(-len(head) % 32) + bytes(128)


def relative(data: bytes) -> list[tuple[int, int]]:
    start = 8 + struct.unpack_from("<Q", data)[0]
    return [(first - start, last - start) for first, last in tensor_ranges(Large(data))]


def test_tensors_of_numbers_are_skipped_and_tensors_of_bytes_are_not() -> None:
    assert relative(safetensors(NUMBERS)) == [(0, 800), (1000, 1200)]


@pytest.mark.parametrize(("kind", "count"), [(0, 1), (1, 1), (8, 1), (24, 0)])
def test_tensors_of_gguf_are_skipped(kind: int, count: int) -> None:
    data = gguf(kind)
    ranges = tensor_ranges(Large(data))
    assert len(ranges) == count
    assert all(start == 64 for start, _ in ranges)


def test_a_small_file_is_searched_whole() -> None:
    assert tensor_ranges(MemoryBlob(safetensors(NUMBERS))) == ()


DAMAGED = {
    "no header": bytes(100),
    "a header that is not JSON": struct.pack("<Q", 10) + b"{" * 10 + bytes(100),
    "a list": struct.pack("<Q", 2) + b"[]" + bytes(100),
    "an entry without a type": struct.pack("<Q", 8) + b'{"a":{}}' + bytes(100),
    "offsets that are text": struct.pack("<Q", 52) + b'{"a":{"dtype":"F32","data_offsets":["x","y"]}}      ' + bytes(9),
    "deep nesting": struct.pack("<Q", 100_000) + b'{"a":' * 20_000,
    "GGUF cut short": b"GGUF" + bytes(3),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_file_with_a_damaged_header_is_searched_whole(name: str) -> None:
    assert tensor_ranges(Large(DAMAGED[name])) == ()


def test_a_piece_within_a_skipped_range_is_not_searched() -> None:
    secret = TOKENS["npm-token"](random.Random(1)).encode().ljust(100)
    scanner = SecretScanner(skipped=((100, 200), (250, 300)))
    for _ in range(3):
        scanner.feed(secret)
    assert len(scanner.found) == 2
