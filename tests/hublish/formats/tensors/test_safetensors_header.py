"""The reader against files that it must refuse, and both directions compared with the safetensors library."""

import json
import math
import struct
import tempfile
import tracemalloc
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
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
from hublish.formats.tensors.safetensors_file import SafetensorsFile, read_safetensors
from hublish.formats.tensors.safetensors_header import MAX_TENSORS, check_header, render_header
from hublish.formats.tensors.tensor import Tensor
from hublish.formats.tensors.tensor_data import InMemoryArray

deserialize: Callable[[bytes], list[tuple[str, dict[str, Any]]]] = untyped_deserialize
NOWHERE = InMemoryArray(np.zeros(0), DTYPES["F64"])
SIMPLE = '{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}'
REJECTED = "^m: the safetensors library rejects the file: .+"


def entry(dtype: str = "U8", shape: object = (1,), begin: object = 0, end: object = 1) -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def parse(header: str | bytes | Mapping[str, object], data_size: int = 1) -> SafetensorsFile:
    """Read a file with that header and so many zeros for data."""
    text = json.dumps(header) if isinstance(header, Mapping) else header
    raw = text if isinstance(text, bytes) else text.encode()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "m")
        path.write_bytes(len(raw).to_bytes(8, "little") + raw + bytes(data_size))
        return read_safetensors(path, "m")


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
    "text after the end": (SIMPLE + "x", 2, "continues after its end"),
    "newline after the end": (SIMPLE + "\n", 2, "continues after its end"),
    "a second object": (SIMPLE + SIMPLE, 2, "continues after its end"),
    "NUL after the end": (SIMPLE + "\0", 2, "continues after its end"),
    "control character in a name": ('{"a\tb":{}}', 0, "malformed at character 1"),
    "escaped control character": (r'{"a\u0000":{}}', 0, "a control character or is not Unicode"),
    "lone surrogate": (r'{"\ud800":{}}', 0, "a control character or is not Unicode"),
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
    "no JSON inside an entry": ('{"a":{"dtype":}}', 1, "exactly the keys"),
    "unknown dtype": ({"a": entry("F99")}, 1, REJECTED),
    "dtype in lower case": ({"a": entry("u8")}, 1, REJECTED),
    "dtype is a list": ('{"a":{"dtype":["U8"],"shape":[1],"data_offsets":[0,1]}}', 1, REJECTED),
    "dtype is a number": ('{"a":{"dtype":8,"shape":[1],"data_offsets":[0,1]}}', 1, "exactly the keys"),
    "negative dimension": ({"a": entry(shape=[-1])}, 1, REJECTED),
    "two negative dimensions": ({"a": entry(shape=[-1, -1])}, 1, REJECTED),
    "fractional dimension": ({"a": entry(shape=[1.0])}, 1, REJECTED),
    "true for a dimension": ({"a": entry(shape=[True])}, 1, REJECTED),
    "shape is a number": ({"a": entry(shape=1)}, 1, REJECTED),
    "dimension over 64 bits": ({"a": entry(shape=[2**64])}, 1, REJECTED),
    "number of 5000 digits": (f'{{"a":{{"shape":[{"9" * 5000}]}}}}', 1, "longer than 4096 characters"),
    "number of 3000 digits": (SIMPLE.replace("[2]", f"[{'9' * 3000}]"), 2, REJECTED),
    "product overflow": ({"a": entry(shape=[2**32, 2**32])}, 1, REJECTED),
    "product overflow beside a zero": ({"a": entry(shape=[0, 2**40, 2**40], end=0)}, 0, "overflows 64 bits"),
    "too many dimensions": ({"a": entry(shape=[1] * 33)}, 1, "33 dimensions; the limit is 32"),
    "deeply nested shape": (SIMPLE.replace("[2]", "[" * 2000 + "]" * 2000), 2, REJECTED),
    "shape larger than its range": ({"a": entry(shape=[2])}, 1, REJECTED),
    "shape smaller than its range": ({"a": entry(end=2)}, 2, REJECTED),
    "half a byte": ({"a": entry("F4", [3], 0, 1)}, 1, REJECTED),
    "ends before it begins": ({"a": entry(begin=1, end=0)}, 1, REJECTED),
    "negative offset": ({"a": entry(begin=-1, end=0)}, 1, REJECTED),
    "one offset": ('{"a":{"dtype":"U8","shape":[1],"data_offsets":[0]}}', 1, REJECTED),
    "three offsets": ('{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1,2]}}', 1, REJECTED),
    "offsets are null": ('{"a":{"dtype":"U8","shape":[1],"data_offsets":null}}', 1, REJECTED),
    "infinite offset": ('{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1e999]}}', 1, REJECTED),
    "overlap": ({"a": entry(shape=[2], end=2), "b": entry(shape=[2], begin=1, end=3)}, 3, REJECTED),
    "same range twice": ({"a": entry(), "b": entry()}, 1, REJECTED),
    "hole": ({"a": entry(), "b": entry(begin=2, end=3)}, 3, REJECTED),
    "hole at the beginning": ({"a": entry(begin=1, end=2)}, 2, REJECTED),
    "trailing bytes": ({"a": entry()}, 2, REJECTED),
    "data without tensors": ({}, 3, REJECTED),
    "data cut short": (
        {"a": entry(shape=[9], end=9)},
        8,
        "cut short: the header describes 9 bytes",
    ),
    "data beyond 2^63": (
        {"a": entry(shape=[2**63 - 1], end=2**63 - 1)},
        8,
        f"describes {2**63 - 1} bytes of data, the file has 8",
    ),
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
def test_a_huge_hostile_header_builds_no_values(header: str, problem: str) -> None:
    raw = header.encode()
    tracemalloc.start()
    try:
        with pytest.raises(InvalidFileError, match=problem):
            check_header(raw)
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
        '{"__metadata__":null,' + SIMPLE[1:],
        SIMPLE[:-1] + ', "__metadata__": null}',
        SIMPLE[:-1] + ',"__metadata__":{"a{b}":"{\\"c\\": [1]}"}}',
    ],
    ids=[
        "padded",
        "spaced",
        "escaped",
        "other key order",
        "empty metadata",
        "null",
        "null at the end",
        "metadata that looks like JSON",
    ],
)
def test_every_form_that_the_format_allows_is_read(header: str) -> None:
    (found,) = parse(header, 2).entries
    assert (found.name, found.dtype.name, found.shape, found.begin, found.end) == ("a", "U8", (2,), 0, 2)


def test_entries_come_in_the_order_of_their_bytes() -> None:
    header = parse({"last": entry(begin=1, end=2), "first": entry(), "none": entry(shape=[0], begin=1, end=1)}, 2)
    assert [found.name for found in header.entries] == ["first", "none", "last"]


def test_metadata_is_read() -> None:
    assert parse({"__metadata__": {"format": "pt", "é": "ü\n"}}, 0).metadata == {"format": "pt", "é": "ü\n"}


def test_a_header_beyond_the_limits_of_readers_is_not_written() -> None:
    tensors = [Tensor(f"{number:05d}" + "x" * 250, DTYPES["U8"], (0,), NOWHERE) for number in range(90_000)]
    with pytest.raises(InvalidFileError, match="the limits are 25000000 bytes") as caught:
        render_header(tensors, {})
    assert caught.value.hint == "lower max_shard_size, so that each file holds fewer tensors"


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@given(st.dictionaries(texts, texts, max_size=6), st.booleans(), st.sampled_from([None, 1]))
def test_metadata_is_read_however_its_json_is_written(
    value: dict[str, str], ascii_only: bool, indent: int | None
) -> None:
    written = json.dumps({"__metadata__": value}, ensure_ascii=ascii_only, indent=indent)
    assert parse(written, 0).metadata == value


@given(st.text('{}[]":,\\u0dx1 \n', max_size=40))
def test_metadata_that_is_not_json_is_refused(text: str) -> None:
    raw = '{"__metadata__":{' + text
    try:
        check_header(raw.encode())
    except InvalidFileError:
        return
    assert set(json.loads(raw)) == {"__metadata__"}


# ---------------------------------------------------------------------------------- compared with the library

names = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20).filter(
    lambda name: ".." not in name.replace("\\", "/").split("/") and name != "__metadata__"
)
shapes = st.lists(st.integers(0, 4), max_size=4).map(tuple)
held = st.sampled_from([dtype for dtype in DTYPES.values() if dtype.numpy is not None])


@given(
    st.dictionaries(names, st.tuples(held, shapes), max_size=8),
    st.dictionaries(names, st.text(max_size=20), max_size=3),
)
def test_a_rendered_header_is_read_back(
    tensors: dict[str, tuple[Any, tuple[int, ...]]], metadata: dict[str, str]
) -> None:
    listed = [Tensor(name, dtype, shape, NOWHERE) for name, (dtype, shape) in tensors.items()]
    rendered = render_header(
        listed, {key: value.encode("utf-8", "replace").decode() for key, value in metadata.items()}
    )
    header = parse(rendered[8:], sum(tensor.nbytes for tensor in listed))
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
def test_every_accepted_header_has_the_tensors_that_the_library_reads(
    tensors: dict[str, tuple[int, ...]], changes: list[tuple[int, str]]
) -> None:
    whole = bytes(save({name: np.zeros(shape, "u1") for name, shape in tensors.items()}, {"format": "pt"}))
    length = int.from_bytes(whole[:8], "little")
    text = list(whole[8 : 8 + length].decode())
    for place, character in changes:
        text[place % len(text)] = character
    raw, data = "".join(text).encode(), whole[8 + length :]
    try:
        header = parse(raw, len(data))
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
            parse(header, 0)


@pytest.mark.parametrize("dtype", DTYPES.values(), ids=DTYPES.keys())
def test_every_dtype_is_known_to_the_library_under_the_same_name_and_size(dtype: Any) -> None:
    shape = (8,)
    header = render_header([Tensor("a", dtype, shape, NOWHERE)], {})
    ((name, found),) = deserialize(header + bytes(dtype.nbytes(math.prod(shape))))
    assert (name, found["dtype"], len(found["data"])) == ("a", dtype.name, dtype.bits)


def test_every_dtype_of_the_library_is_known() -> None:
    raw = b'{"a":{"dtype":"?","shape":[],"data_offsets":[0,0]}}'
    with pytest.raises(SafetensorError) as caught:
        deserialize(len(raw).to_bytes(8, "little") + raw)
    known = str(caught.value).partition("expected one of ")[2].partition(" at line")[0]
    assert [name.strip("`") for name in known.split(", ")] == list(DTYPES)


def test_an_empty_file_equals_the_librarys() -> None:
    assert bytes(serialize({}, metadata=None)) == render_header([], {})
