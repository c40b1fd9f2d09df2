"""Columns and rows of csv and JSON Lines."""

import csv
import io
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.formats import text_tables
from hublish.formats.blob import MemoryBlob
from hublish.formats.input_files import InvalidFileError
from hublish.formats.text_tables import count_rows, log_entries, table_columns


def rows(path: str, data: bytes) -> int | None:
    """Return the number of rows of a file."""
    return count_rows(path, MemoryBlob(data), len(data))


def columns(path: str, data: bytes) -> dict[str, str]:
    """Return the columns of a file."""
    return dict(table_columns(path, MemoryBlob(data), len(data)))


TABLES: dict[str, tuple[str, bytes, dict[str, str], int]] = {
    "csv": ("a.csv", b"a,b,c\n1,x,1.5\n2,y,2\n", {"a": "int64", "b": "string", "c": "float64"}, 2),
    "without a last line end": ("a.csv", b"a\n1\n2", {"a": "int64"}, 2),
    "lines of Windows": ("a.csv", b"a,b\r\n1,x\r\n\r\n2,y\r\n", {"a": "int64", "b": "string"}, 2),
    "lines of old Macs": ("a.csv", b"a,b\r1,x\r2,y\r", {"a": "int64", "b": "string"}, 2),
    "tabs": ("a.tsv", b"a\tb\n1\tx,y\n", {"a": "int64", "b": "string"}, 1),
    "a byte order mark": ("a.csv", b"\xef\xbb\xbfa\n1\n", {"a": "int64"}, 1),
    "empty lines": ("a.csv", b"\n\na\n\n\n1\n\n2\n\n", {"a": "int64"}, 2),
    "a line end within quotes": ("a.csv", b'a,b\n1,"x\ny"\n2,"""z"""\n', {"a": "int64", "b": "string"}, 2),
    "a quote within a field": ("a.csv", b'a,b\n1,5" pipe\n2,y\n', {"a": "int64", "b": "string"}, 2),
    "missing values": ("a.csv", b"a,b,c\n1,,\n,NA,\n", {"a": "float64", "b": "null", "c": "null"}, 2),
    "booleans": ("a.csv", b"a,b\nTrue,True\nFalse,\n", {"a": "bool", "b": "string"}, 2),
    "numbers of other scripts": ("a.csv", "a\n\u0661\n1_000\n".encode(), {"a": "string"}, 2),
    "a header alone": ("a.csv", b"a,b\n", {"a": "null", "b": "null"}, 0),
    "rows of other lengths": ("a.csv", b"a,b\n1\n1,2,3\n", {"a": "int64", "b": "int64"}, 2),
    "JSON Lines": ("a.jsonl", b'{"a": 1, "b": [1]}\n{"a": 2.5, "b": null}\n', {"a": "float64", "b": "list"}, 2),
    "JSON Lines of many types": (
        "a.ndjson",
        b'{"a": true, "b": {}, "c": "x", "d": 1}\n\n{"d": "x"}',
        {"a": "bool", "b": "struct", "c": "string", "d": "mixed"},
        2,
    ),
}


@pytest.mark.parametrize("case", TABLES)
def test_reads_the_shape_of_a_table(case: str) -> None:
    path, data, expected, count = TABLES[case]
    assert columns(path, data) == expected
    assert rows(path, data) == count


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("a.csv", b""),
        ("a.csv", b"a,a\n1,2\n"),
        ("a.csv", b"\xff\xfe\n1\n"),
        ("a.csv", b"a\n" + b"1" * 200_000 + b'"\n'),
        ("a.csv", b",".join(b"c%d" % index for index in range(20_000)) + b"\n"),
        ("a.jsonl", b"[1]\n"),
        ("a.jsonl", b"noise\n"),
        ("a.jsonl", b"[" * 100_000 + b"\n"),
        ("a.jsonl", b"\n".join(b'{"c%d": 1}' % index for index in range(11_000))),
    ],
)
def test_a_file_that_is_not_a_table_is_refused(path: str, data: bytes) -> None:
    with pytest.raises(InvalidFileError):
        columns(path, data)


def test_types_come_from_the_first_rows_and_the_count_from_all() -> None:
    data = b"a,b\n" + b"1,x\n" * 200_000 + b"z,z\n"
    assert columns("a.csv", data) == {"a": "int64", "b": "string"}
    assert rows("a.csv", data) == 200_001
    lines = b'{"a": 1}\n' * 200_000
    assert (columns("a.jsonl", lines), rows("a.jsonl", lines)) == ({"a": "int64"}, 200_000)


def test_larger_files_are_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_tables, "MAX_COUNTED", 20)
    monkeypatch.setattr(text_tables, "MAX_QUOTED", 9)
    assert rows("a.csv", b"a\n" + b"1\n" * 9) == 9
    assert rows("a.csv", b"a\n" + b"1\n" * 10) is None
    assert rows("a.csv", b'a\n"1"\n"2"\n') is None
    assert rows("a.csv", b'a\n"1"\n') == 1


# Blocks of a few bytes, so that line ends fall on their borders.
@given(st.integers(1, 5), st.lists(st.sampled_from(["a", "b,c", "\n", "\r\n", "\n\n", '"', ",", " "]), max_size=30))
def test_counts_the_rows_that_pythons_reader_finds(block: int, parts: list[str]) -> None:
    text = "".join(parts)
    expected = sum(1 for row in csv.reader(io.StringIO(text, newline="")) if row)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_tables, "_BLOCK", block)
        assert rows("a.csv", text.encode()) == max(0, expected - 1)


@given(st.binary(max_size=100), st.sampled_from(["a.csv", "a.tsv", "a.jsonl"]))
def test_noise_raises_no_other_error(data: bytes, path: str) -> None:
    with suppress(InvalidFileError):
        columns(path, data)
    with suppress(InvalidFileError):
        rows(path, data)
    list(log_entries(path, data))


def test_log_entries_are_rows_of_numbers() -> None:
    assert list(log_entries("a.csv", b"step, loss,note\n1,0.5,x\n2,,\n")) == [{"step": 1, "loss": 0.5}, {"step": 2}]
    assert list(log_entries("a.jsonl", b'{"a": 1}\nnoise\n[2]\n{"a": "x"}')) == [{"a": 1}, {"a": "x"}]
