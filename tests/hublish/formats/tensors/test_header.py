"""The reader against what it must refuse, and both directions against the safetensors library."""

import json
import math
import struct
import tracemalloc
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors import SafetensorError, serialize
from safetensors import deserialize as untyped_deserialize
from safetensors.numpy import save

from hublish.formats.input_files import InvalidFileError
from hublish.formats.tensors.dtypes import DTYPES
from hublish.formats.tensors.header import MAX_TENSORS, Header, parse_header, render_header
from hublish.formats.tensors.tensor import Tensor
from hublish.formats.tensors.tensor_data import InMemoryArray

deserialize: Callable[[bytes], list[tuple[str, dict[str, Any]]]] = untyped_deserialize
NOWHERE = InMemoryArray(np.zeros(0), DTYPES["F64"])
SIMPLE = '{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}'


def entry(dtype: str = "U8", shape: object = (1,), begin: object = 0, end: object = 1) -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def parse(header: str | bytes | Mapping[str, object], data_size: int = 1) -> Header:
    text = json.dumps(header) if isinstance(header, Mapping) else header
    return parse_header(text if isinstance(text, bytes) else text.encode(), data_size)


HOSTILE: dict[str, tuple[Any, int, str]] = {
    "empty header": ("", 0, "does not begin with '{'"),
    "leading space": (" " + SIMPLE, 2, "does not begin with '{'"),
    "byte order mark": ("\ufeff" + SIMPLE, 2, "does not begin with '{'"),
    "a list": ("[]", 0, "does not begin with '{'"),
    "not UTF-8": (b'{"\xff":{}}', 0, "not UTF-8 at byte 2"),
    "not JSON": ("{nonsense}", 0, "malformed at character 1"),
    "cut short": (SIMPLE[:-1], 2, "malformed at character 1"),
    "trailing comma": (SIMPLE[:-1] + ",}", 2, "malformed at character"),
    "single quotes": (SIMPLE.replace('"', "'"), 2, "malformed at character 1"),
    "text after the end": (SIMPLE + "x", 2, "goes on after its end"),
    "newline after the end": (SIMPLE + "\n", 2, "goes on after its end"),
    "a second object": (SIMPLE + SIMPLE, 2, "goes on after its end"),
    "NUL after the end": (SIMPLE + "\0", 2, "goes on after its end"),
    "control character in a name": ('{"a\tb":{}}', 0, "malformed at character 1"),
    "escaped control character": (r'{"a\u0000":{}}', 0, "control character or is not Unicode"),
    "lone surrogate": (r'{"\ud800":{}}', 0, "control character or is not Unicode"),
    "invalid escape": (r'{"\x":{}}', 0, "invalid string"),
    "duplicate name": (SIMPLE[:-1] + "," + SIMPLE[1:], 2, "duplicate tensor name 'a'"),
    "duplicate name by escape": (
        SIMPLE[:-1] + "," + SIMPLE[1:].replace('"a"', r'"\u0061"'),
        2,
        "duplicate tensor name",
    ),
    "duplicate metadata": ('{"__metadata__":{},"__metadata__":{}}', 0, "duplicate tensor name '__metadata__'"),
    "duplicate metadata key": ('{"__metadata__":{"a":"1","a":"2"}}', 0, "duplicate key 'a' in __metadata__"),
    "metadata of numbers": ('{"__metadata__":{"a":1}}', 0, "malformed at character 1"),
    "nested metadata": ('{"__metadata__":{"a":{}}}', 0, "malformed at character"),
    "empty name": ({"": entry()}, 1, "empty name"),
    "name that climbs": ({"../x": entry()}, 1, r"has a '\.\.' segment"),
    "name that climbs inside": ({"a/../../x": entry()}, 1, r"has a '\.\.' segment"),
    "name that climbs on Windows": ({"..\\x": entry()}, 1, r"has a '\.\.' segment"),
    "entry is a number": ({"a": 1}, 1, "malformed at character 1"),
    "entry is null": ({"a": None}, 1, "malformed at character 1"),
    "unknown key": ({"a": {**entry(), "extra": 1}}, 1, "exactly the keys"),
    "missing key": ({"a": {"dtype": "U8", "shape": [1]}}, 1, "exactly the keys"),
    "duplicate key": ('{"a":{"dtype":"U8","shape":[1],"shape":[1],"data_offsets":[0,1]}}', 1, "exactly the keys"),
    "no JSON inside an entry": ('{"a":{"dtype":}}', 1, "its entry is not JSON"),
    "unknown dtype": ({"a": entry("F99")}, 1, "unknown dtype 'F99'"),
    "dtype in lower case": ({"a": entry("u8")}, 1, "unknown dtype 'u8'"),
    "dtype is a list": ('{"a":{"dtype":["U8"],"shape":[1],"data_offsets":[0,1]}}', 1, r"unknown dtype \['U8'\]"),
    "dtype is a number": ('{"a":{"dtype":8,"shape":[1],"data_offsets":[0,1]}}', 1, "unknown dtype 8"),
    "negative dimension": ({"a": entry(shape=[-1])}, 1, "shape must be a list of whole numbers"),
    "two negative dimensions": ({"a": entry(shape=[-1, -1])}, 1, "shape must be a list of whole numbers"),
    "fractional dimension": ({"a": entry(shape=[1.0])}, 1, "shape must be a list of whole numbers"),
    "true for a dimension": ({"a": entry(shape=[True])}, 1, "shape must be a list of whole numbers"),
    "shape is a number": ({"a": entry(shape=1)}, 1, "shape must be a list of whole numbers"),
    "dimension over 64 bits": ({"a": entry(shape=[2**64])}, 1, "shape must be a list of whole numbers"),
    "number of 5000 digits": (f'{{"a":{{"shape":[{"9" * 5000}]}}}}', 1, "longer than 4096 characters"),
    "number of 3000 digits": (SIMPLE.replace("[2]", f"[{'9' * 3000}]"), 2, "shape must be a list of whole numbers"),
    "product overflow": ({"a": entry(shape=[2**32, 2**32])}, 1, "overflows 64 bits"),
    "product overflow beside a zero": ({"a": entry(shape=[0, 2**40, 2**40], end=0)}, 0, "overflows 64 bits"),
    "too many dimensions": ({"a": entry(shape=[1] * 33)}, 1, "33 dimensions; the limit is 32"),
    "deeply nested shape": (SIMPLE.replace("[2]", "[" * 2000 + "]" * 2000), 2, "is not JSON|whole numbers"),
    "shape larger than its range": ({"a": entry(shape=[2])}, 1, r"takes 2 bytes, data_offsets span 1"),
    "shape smaller than its range": ({"a": entry(end=2)}, 2, r"takes 1 bytes, data_offsets span 2"),
    "half a byte": ({"a": entry("F4", [3], 0, 1)}, 1, "3 elements of F4 do not fill whole bytes"),
    "ends before it begins": ({"a": entry(begin=1, end=0)}, 1, r"ends \(0\) before it begins \(1\)"),
    "negative offset": ({"a": entry(begin=-1, end=0)}, 1, "data_offsets must be a list of whole numbers"),
    "one offset": ('{"a":{"dtype":"U8","shape":[1],"data_offsets":[0]}}', 1, "two numbers, not 1"),
    "three offsets": ('{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1,2]}}', 1, "two numbers, not 3"),
    "offsets are null": ('{"a":{"dtype":"U8","shape":[1],"data_offsets":null}}', 1, "data_offsets must be a list"),
    "infinite offset": ('{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1e999]}}', 1, "data_offsets must be a list"),
    "overlap": ({"a": entry(shape=[2], end=2), "b": entry(shape=[2], begin=1, end=3)}, 3, "an overlap with tensor 'b'"),
    "same range twice": ({"a": entry(), "b": entry()}, 1, "an overlap with tensor 'b'"),
    "hole": ({"a": entry(), "b": entry(begin=2, end=3)}, 3, "a hole before tensor 'b'"),
    "hole at the beginning": ({"a": entry(begin=1, end=2)}, 2, "a hole before tensor 'a'"),
    "trailing bytes": ({"a": entry()}, 2, "1 bytes follow the last tensor"),
    "data without tensors": ({}, 3, "3 bytes follow the last tensor"),
    "data cut short": ({"a": entry(shape=[9], end=9)}, 8, "cut short: the header names 9 bytes of data, 8 are there"),
    "data beyond 2^63": ({"a": entry(shape=[2**63 - 1], end=2**63 - 1)}, 8, "cut short"),
}


@pytest.mark.parametrize(("header", "data_size", "problem"), HOSTILE.values(), ids=HOSTILE.keys())
def test_a_header_that_is_not_canonical_is_refused(header: Any, data_size: int, problem: str) -> None:
    with pytest.raises(InvalidFileError, match=problem):
        parse(header, data_size)


@pytest.mark.parametrize(
    ("header", "problem"),
    [
        ("{" + " " * 20_000_000, "malformed at character 1"),
        ('{"a":{"shape":[' + "[]," * 6_000_000 + "0]}}", "longer than 4096 characters"),
        ('{"a":[' + "[]," * 6_000_000 + "0]}", "malformed at character 1"),
        ("{" + '"a":1,' * 3_000_000 + '"b":1}', "malformed at character 1"),
        ('{"' + "a" * 20_000_000, "malformed at character 1"),
        ('{"' + '\\"' * 10_000_000 + '":{}}', "exactly the keys"),
        ('{"__metadata__":{' + ",".join(f'"{i}":""' for i in range(MAX_TENSORS + 1)) + "}}", "more than 100000 keys"),
        ("[" * 20_000_000, "does not begin"),
    ],
    ids=[
        "spaces",
        "lists in an entry",
        "lists for an entry",
        "numbers",
        "open string",
        "escapes",
        "metadata",
        "nesting",
    ],
)
def test_a_huge_hostile_header_builds_nothing(header: str, problem: str) -> None:
    raw = header.encode()
    tracemalloc.start()
    try:
        with pytest.raises(InvalidFileError, match=problem):
            parse_header(raw, 0)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # The decoded text, and at most two copies of one string of it.
    assert peak < 3 * len(raw) + 40_000_000


def test_one_tensor_too_many_is_refused() -> None:
    many = ",".join(f'"{i}":{{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}' for i in range(MAX_TENSORS))
    assert len(parse("{" + many + "}", 0).entries) == MAX_TENSORS
    with pytest.raises(InvalidFileError, match="more than 100000 tensors"):
        parse("{" + many + ',"one more":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}', 0)


@pytest.mark.parametrize(
    "header",
    [
        SIMPLE + "   ",
        SIMPLE.replace(":", " :\t").replace(",", " ,\n "),
        SIMPLE.replace('"a"', r'"\u0061"'),
        '{"a":{"data_offsets":[0,2],"shape":[2],"dtype":"U8"}}',
        '{"__metadata__":{},' + SIMPLE[1:],
        SIMPLE[:-1] + ',"__metadata__":{"a{b}":"{\\"c\\": [1]}"}}',
    ],
    ids=["padded", "spaced", "escaped", "other key order", "empty metadata", "metadata that looks like JSON"],
)
def test_what_the_format_allows_is_read(header: str) -> None:
    (found,) = parse(header, 2).entries
    assert (found.name, found.dtype.name, found.shape, found.begin, found.end) == ("a", "U8", (2,), 0, 2)


def test_entries_come_in_the_order_of_their_bytes() -> None:
    header = parse({"late": entry(begin=1, end=2), "early": entry(), "none": entry(shape=[0], begin=1, end=1)}, 2)
    assert [found.name for found in header.entries] == ["early", "none", "late"]


def test_metadata_is_read() -> None:
    assert parse({"__metadata__": {"format": "pt", "é": "ü\n"}}, 0).metadata == {"format": "pt", "é": "ü\n"}


def test_a_header_that_readers_would_refuse_is_not_written() -> None:
    tensors = [Tensor(f"{number:05d}" + "x" * 250, DTYPES["U8"], (0,), NOWHERE) for number in range(90_000)]
    with pytest.raises(InvalidFileError, match="the limits are 25000000 bytes") as caught:
        render_header(tensors, {})
    assert caught.value.hint == "lower max_shard_size, so that each file holds fewer tensors"


# ------------------------------------------------------------------------------------- against the library

names = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20).filter(
    lambda name: ".." not in name.replace("\\", "/").split("/") and name != "__metadata__"
)
shapes = st.lists(st.integers(0, 4), max_size=4).map(tuple)
held = st.sampled_from([dtype for dtype in DTYPES.values() if dtype.numpy is not None])


@given(
    st.dictionaries(names, st.tuples(held, shapes), max_size=8),
    st.dictionaries(names, st.text(max_size=20), max_size=3),
)
def test_what_is_rendered_is_parsed_back(
    tensors: dict[str, tuple[Any, tuple[int, ...]]], metadata: dict[str, str]
) -> None:
    listed = [Tensor(name, dtype, shape, NOWHERE) for name, (dtype, shape) in tensors.items()]
    rendered = render_header(
        listed, {key: value.encode("utf-8", "replace").decode() for key, value in metadata.items()}
    )
    header = parse_header(rendered[8:], sum(tensor.nbytes for tensor in listed))
    assert {(found.name, found.dtype, found.shape) for found in header.entries} == {
        (tensor.name, tensor.dtype, tensor.shape) for tensor in listed
    }
    assert header.metadata == {key: value.encode("utf-8", "replace").decode() for key, value in metadata.items()}
    assert struct.unpack("<Q", rendered[:8]) == (len(rendered) - 8,)
    assert len(rendered) % 8 == 0


@given(st.dictionaries(names, shapes, min_size=1, max_size=6))
def test_the_header_equals_the_librarys_byte_for_byte(tensors: dict[str, tuple[int, ...]]) -> None:
    theirs = save({name: np.zeros(shape, "<f4") for name, shape in tensors.items()}, {"format": "pt"})
    ours = render_header(
        [Tensor(name, DTYPES["F32"], tensors[name], NOWHERE) for name in sorted(tensors)], {"format": "pt"}
    )
    assert theirs.startswith(ours)


mutations = st.lists(
    st.tuples(st.integers(0, 400), st.sampled_from(list('{}[]",:0123456789 \\ab-.eE\n\x00é'))), max_size=6
)


@given(st.dictionaries(st.sampled_from("abc"), shapes, min_size=1, max_size=3), mutations)
def test_whatever_is_accepted_the_library_reads_alike(
    tensors: dict[str, tuple[int, ...]], changes: list[tuple[int, str]]
) -> None:
    whole = bytes(save({name: np.zeros(shape, "u1") for name, shape in tensors.items()}, {"format": "pt"}))
    length = int.from_bytes(whole[:8], "little")
    text = list(whole[8 : 8 + length].decode())
    for place, character in changes:
        text[place % len(text)] = character
    raw, data = "".join(text).encode(), whole[8 + length :]
    try:
        header = parse_header(raw, len(data))
    except InvalidFileError:
        return
    theirs = dict(deserialize(len(raw).to_bytes(8, "little") + raw + data))
    assert {found.name: list(found.shape) for found in header.entries} == {
        name: tensor["shape"] for name, tensor in theirs.items()
    }


@given(st.binary(max_size=60))
def test_any_bytes_are_refused_or_read_and_never_crash(raw: bytes) -> None:
    for header in (raw, b"{" + raw, b'{"a":{' + raw + b"}}"):
        with suppress(InvalidFileError):
            parse_header(header, 0)


@pytest.mark.parametrize("dtype", DTYPES.values(), ids=DTYPES.keys())
def test_every_dtype_is_known_to_the_library_under_the_same_name_and_size(dtype: Any) -> None:
    shape = (8,)
    header = render_header([Tensor("a", dtype, shape, NOWHERE)], {})
    ((name, found),) = deserialize(header + bytes(dtype.nbytes(math.prod(shape))))
    assert (name, found["dtype"], len(found["data"])) == ("a", dtype.name, dtype.bits)


def test_the_library_has_no_dtype_that_is_unknown_here() -> None:
    raw = b'{"a":{"dtype":"?","shape":[],"data_offsets":[0,0]}}'
    with pytest.raises(SafetensorError) as caught:
        deserialize(len(raw).to_bytes(8, "little") + raw)
    known = str(caught.value).partition("expected one of ")[2].partition(" at line")[0]
    assert [name.strip("`") for name in known.split(", ")] == list(DTYPES)


def test_the_library_writes_an_empty_file_alike() -> None:
    assert bytes(serialize({}, metadata=None)) == render_header([], {})
