"""Tables are compared by columns and rows, and tables of text by their first rows."""

import pytest

from hublish.diffs.named_parts import MOST_ENTRIES
from tests.hublish.diffs.sides import compared, entries, marked
from tests.hublish.formats.parquet import BYTES, DOUBLE, INT64, UTF8, parquet


@pytest.mark.parametrize(
    ("path", "before", "after", "summary", "changes", "lines"),
    [
        (
            "t.csv", b"a,b\n1,x\n", b"a,b,c\n1,x,2.5\n2,y,3.5\n", "2 -> 3 columns, 1 -> 2 rows; +3 -2 lines",
            [("c", None, "float64")], ["-a,b", "-1,x", "+a,b,c", "+1,x,2.5", "+2,y,3.5"],
        ),
        (
            "t.csv", b"a\n1\n", b"a\nx\n", "1 of 1 column changed, the same 1 row; +1 -1 lines",
            [("a", "int64", "string")], ["-1", "+x"],
        ),
        (
            "t.tsv", b"a\tb\n1\t2\n", b"a\tb\n1\t3\n", "the same 2 columns, the same 1 row; +1 -1 lines",
            [], ["-1\t2", "+1\t3"],
        ),
        ("t.csv", b"a,b\n1,2\n", b"b,a\n2,1\n", "2 columns in another order, the same 1 row; +2 -2 lines", [], None),
        (
            "t.jsonl", b'{"a": 1}\n', b'{"a": 1}\n{"a": 2, "b": []}\n', "1 -> 2 columns, 1 -> 2 rows; +1 -0 lines",
            [("b", None, "list")], ['+{"a": 2, "b": []}'],
        ),
        ("t.ndjson", b'{"a": 1}\n', b'{"c": 1}\n', "2 of 1 column changed, the same 1 row; +1 -1 lines", None, None),
    ],
)  # fmt: skip
def test_a_table_of_text_is_compared_by_columns_rows_and_lines(
    path: str, before: bytes, after: bytes, summary: str,
    changes: list[tuple[str, str | None, str | None]] | None, lines: list[str] | None,
) -> None:  # fmt: skip
    diff = compared(path, before, after)
    assert diff.kind == "table"
    assert diff.summary == summary
    assert changes is None or entries(diff) == changes
    assert lines is None or marked(diff) == lines


def test_of_a_large_table_only_the_first_rows_are_compared() -> None:
    rows = b"".join(b"%d,x\n" % number for number in range(400_000))
    changed = b"a,b\n" + rows.replace(b"\n3,x", b"\n3,y") + b"1,z\n"
    diff = compared("t.csv", b"a,b\n" + rows, changed)
    assert diff.summary == "the same 2 columns, 400,000 -> 400,001 rows; in the first rows, +1 -1 lines"
    assert marked(diff) == ["-3,x", "+3,y"]
    same = compared("t.csv", b"a,b\n" + rows, b"a,b\n" + rows + b"1,z\n")
    assert same.summary == "the same 2 columns, 400,000 -> 400,001 rows; the same first rows"


@pytest.mark.parametrize(
    ("path", "data"),
    [("t.csv", b"a,a\n1,2\n"), ("t.csv", b"\xe9\n"), ("t.jsonl", b"[1]\n"), ("t.jsonl", b"1\n2\n")],
)
def test_a_file_that_is_not_such_a_table_is_compared_as_text(path: str, data: bytes) -> None:
    diff = compared(path, data, data + b"z\n")
    assert diff.kind == "text"
    assert diff.summary.endswith("+1 -0 lines")


def test_columns_beyond_the_limit_are_counted() -> None:
    before = ",".join(f"a{number}" for number in range(1000)).encode() + b"\n"
    diff = compared("t.csv", before, before.replace(b"a", b"b"))
    assert (len(diff.entries), diff.more) == (MOST_ENTRIES, 2000 - MOST_ENTRIES)


def test_parquet_is_compared_by_its_footer() -> None:
    before = parquet([("a", INT64, None), ("b", BYTES, UTF8)], rows=800)
    after = parquet([("a", INT64, None), ("b", DOUBLE, None), ("c", BYTES, UTF8)], rows=950)
    diff = compared("t.parquet", before, after)
    assert (diff.kind, diff.summary) == ("table", "2 -> 3 columns, 800 -> 950 rows")
    assert entries(diff) == [("b", "string", "float64"), ("c", None, "string")]


def test_parquet_with_the_same_footer_has_other_values() -> None:
    diff = compared("t.parquet", *(parquet([("a", INT64, None)], rows=5, data=data) for data in (b"a", b"b")))
    assert diff.summary == "the same 1 column, the same 5 rows; other values"


def test_classes_of_a_column_are_a_part_of_its_type() -> None:
    sides = (
        parquet([("y", INT64, None)], features={"y": {"_type": "ClassLabel", "names": names}})
        for names in (["no", "yes"], ["yes", "no"])
    )
    assert entries(compared("t.parquet", *sides)) == [("y", "ClassLabel(no, yes)", "ClassLabel(yes, no)")]


def test_of_an_added_parquet_file_the_shape_is_shown() -> None:
    data = parquet([("a", INT64, None)], rows=5)
    assert compared("t.parquet", None, data).summary.startswith("added: 1 column, 5 rows, ")


@pytest.mark.parametrize("data", [b"", b"PAR1", b"PAR1" + b"\xff" * 40 + b"PAR1", b"PAR1abcdPARE"])
def test_damaged_parquet_is_compared_by_size_with_the_reason(data: bytes) -> None:
    diff = compared("t.parquet", data, parquet([("a", INT64, None)], rows=5))
    assert diff.kind in ("binary", "text")
    assert "footer" in diff.summary
