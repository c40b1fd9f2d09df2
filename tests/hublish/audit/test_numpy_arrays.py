"""The type of an array decides whether its body is a pickle; numpy itself is the reference."""

import ast
import io
import pickle
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.audit.containers import carried_pickle
from hublish.formats.blob import MemoryBlob
from tests.hublish.audit.payloads import call, npy, object_array, zipped

LATE_CALL = b"V" + b"a" * 5000 + b"\n0" + call(0)


def written(descr: str, body: bytes = b"", shape: str = "(1,)", version: int = 1, padding: int = 0) -> bytes:
    """Return an array with this spelling of its type."""
    header = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}".encode() + b" " * padding + b"\n"
    length = struct.pack("<H" if version == 1 else "<I", len(header))
    return b"\x93NUMPY" + bytes([version, 0]) + length + header + body


def found_in(data: bytes) -> str | None:
    return carried_pickle(MemoryBlob(data))


OBJECTS = {
    "O": "'O'",
    "|O": "'|O'",
    "|O8": "'|O8'",
    "O4": "'O4'",
    ">O": "'>O'",
    "object": "'object'",
    "object_": "'object_'",
    "a list of types": "'i4,O'",
    "a list of types with lengths": "'(2,)i4, 3O'",
    "an escaped letter": r"'\x4f'",
    "joined strings": "'i4,' 'O'",
    "a record": "[('a', '<i4'), ('b', '|O')]",
    "a record in a record": "[('a', [('b', [('c', 'O')])])]",
    "a record with a title": "[(('title', 'a'), 'O')]",
    "an array in a record": "[('a', '|O', (2, 3))]",
    "an array of objects": "('O', (2,))",
    "the last of equal keys": "'<f4', 'descr': 'O'",
    "a late field": "[" + ", ".join(f"('field {number}', '<f4')" for number in range(900)) + ", ('o', 'O')]",
}


@pytest.mark.parametrize("version", [1, 2, 3])
@pytest.mark.parametrize("descr", OBJECTS.values(), ids=OBJECTS)
def test_an_array_with_objects_is_refused_however_its_type_is_written(descr: str, version: int) -> None:
    assert found_in(written(descr, LATE_CALL, version=version)) == "a NumPy array of Python objects, which are pickled"


@pytest.mark.parametrize("padding", [9_000, 20_000, 60_000, 100_000])
def test_a_type_behind_a_long_header_is_read(padding: int) -> None:
    header = written(" " * padding + "'O'", LATE_CALL, version=2)
    assert found_in(header) == "a NumPy array of Python objects, which are pickled"
    assert found_in(written(" " * padding + "'<f4'", bytes(4), version=2)) is None


CLEAN = {
    "a field named O": ("[('a', '<i4'), ('O', '<f4')]", 8),
    "a field named object": ("[('object', '|O8', (0,)), ]".replace("|O8", "<f4"), 0),
    "a title O": ("[(('O', 'a'), '<f4')]", 4),
    "a list of types": ("'i4,f4'", 8),
    "datetime": ("'<M8[ns]'", 8),
    "datetime of 25 seconds": ("'<m8[25s]'", 8),
    "strings": ("'<U3'", 12),
    "bytes": ("'|S5'", 5),
    "raw": ("'|V7'", 7),
    "an array in a record": ("[('a', '<f8', (2, 2)), ('', '|V4')]", 36),
    "a record in a record": ("[('a', [('O', '|b1')])]", 1),
    "big-endian": ("'>c16'", 16),
}


@pytest.mark.parametrize("version", [1, 2, 3])
@pytest.mark.parametrize(("descr", "size"), CLEAN.values(), ids=CLEAN)
def test_an_array_without_objects_is_clean(descr: str, size: int, version: int) -> None:
    assert not np.load(io.BytesIO(written(descr, bytes(size)))).dtype.hasobject
    assert found_in(written(descr, bytes(size), version=version)) is None


def test_a_header_of_python_2_is_read() -> None:
    assert found_in(written("'<f4'", bytes(8), "(2L,)")) is None
    assert found_in(written("'|O'", LATE_CALL, "(2L,)")) == "a NumPy array of Python objects, which are pickled"


UNREADABLE = {
    "a mapping as type": written("{'names': ['a'], 'formats': ['O']}"),
    "an unknown type": written("'j4'"),
    "a call": written("__import__('os')"),
    "an operator": written("'i4,' + 'O'"),
    "deep nesting": written("[" * 5000 + "]" * 5000),
    "bytes": written("b'O'"),
    "three quotes": written("'''O'''"),
    "a further key": written("'<f4', 'more': 1", bytes(4)),
    "a missing key": written("'<f4'", bytes(4)).replace(b"fortran_order", b"fortran_ordes"),
    "a negative length": written("'<f4'", bytes(4), "(-1,)"),
    "a truth value as length": written("'<f4'", bytes(4), "(True,)"),
    "a list as shape": written("'<f4'", bytes(4), "[1]"),
    "too few elements": written("'<f4'", bytes(4), "(2,)"),
    "a product beyond 64 bits": written("'<f4'", bytes(4), "(4294967296, 4294967296)"),
    "an unknown version": b"\x93NUMPY\4\0" + written("'O'")[8:],
    "a header cut short": written("'O'")[:30],
    "a header beyond the limit": written("'O'", version=2, padding=1 << 18),
}


@pytest.mark.parametrize("data", UNREADABLE.values(), ids=UNREADABLE)
def test_an_array_that_numpy_would_not_write_is_refused(data: bytes) -> None:
    found = found_in(data)
    assert found is not None
    assert found.endswith("which cannot be inspected")


def test_all_arrays_of_a_file_are_inspected() -> None:
    plain = npy(np.arange(3))
    assert found_in(plain * 5) is None
    assert found_in(plain * 5 + npy(object_array())) == "a NumPy array of Python objects, which are pickled"


def test_the_data_after_the_last_array_is_inspected() -> None:
    plain = npy(np.arange(3))
    assert found_in(plain * 2 + call()) == "the data after the array in it is a pickle of protocol 4"
    assert found_in(plain + zipped({"a.npy": npy(object_array())})) is not None
    assert found_in(plain + bytes(100)) is None


def test_more_arrays_than_the_limit_are_refused() -> None:
    found = found_in(npy(np.zeros(0)) * 10_001)
    assert found == "more than 10000 NumPy arrays in a row, which cannot be inspected"


def test_a_pickle_in_the_bytes_of_an_array_is_found() -> None:
    assert found_in(npy(np.frombuffer(call(), "u1"))) == "a pickle of protocol 4 after a NumPy header"


SCALARS = ["<f4", ">i8", "|b1", "<U4", "|S3", "<M8[us]", "|V2", "O", "|O", "object", "i4,O", "f4,(2,)i2"]
NAMES = st.sampled_from(["O", "object", "a", "b", "f0", "|O"])


@st.composite
def types(draw: st.DrawFn, depth: int = 2) -> Any:
    if depth and draw(st.booleans()):
        names = draw(st.lists(NAMES, min_size=1, max_size=3, unique=True))
        return [(name, draw(types(depth - 1)), *draw(st.sampled_from([(), ((2,),)]))) for name in names]
    return draw(st.sampled_from(SCALARS))


@given(types(), st.booleans())
def test_the_result_is_that_of_numpy(descr: Any, double_quotes: bool) -> None:
    spelled = repr(descr).replace("'", '"') if double_quotes else repr(descr)
    assert ast.literal_eval(spelled) == descr
    data = written(spelled, pickle.dumps([None], 4), "(0,)")
    try:
        expected = np.lib.format.descr_to_dtype(descr).hasobject
    except (TypeError, ValueError):
        expected = True
    found = found_in(data)
    assert (found is not None and "pickle after" not in found) or not expected
    if not expected:
        assert found == "the data after the array in it is a pickle of protocol 4"
