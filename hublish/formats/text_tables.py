"""Tables as text: csv with a header, and JSON Lines. Files are streamed; no more than a part is in memory.

The dialect of csv is that of `datasets` and pandas: commas (tabs in `.tsv`), double quotes, blank lines skipped.
"""

import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from hublish.formats.blob import Blob
from hublish.formats.input_files import InvalidFileError

MAX_COUNTED: Final = 256 << 20
"""Bytes of the largest file whose rows are counted; counting the lines of so many takes about 0.2 seconds."""
MAX_QUOTED: Final = 32 << 20
"""The same for csv with quotes, within which a line may end: the rows must be parsed."""
MAX_COLUMNS: Final = 10_000
# Bytes from which the columns and their types are inferred.
_SAMPLE: Final = 1 << 18
_BLOCK: Final = 4 << 20
_MOST_ENTRIES: Final = 1_000_000
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_RETURN: Final = re.compile(rb"\r(?!\n)")
_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,18}")
_FLOAT: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?|[+-]?inf|nan", re.IGNORECASE)
# pandas' marks for a missing value.
_MISSING: Final = frozenset(["", "NA", "N/A", "n/a", "nan", "NaN", "null", "NULL", "None", "<NA>", "#N/A"])


Columns = tuple[tuple[str, str], ...]
"""Name and type of each column: string, int64, float64, bool, null; in JSON also list, struct and mixed."""


def table_columns(path: str, blob: Blob, size: int) -> Columns:
    """Return the columns of a table; the types are inferred from the first rows. Its extension decides how it is read.

    Raises:
        InvalidFileError: it is not such a table.
    """
    sample = blob.read_at(0, _SAMPLE).removeprefix(_BYTE_ORDER_MARK)
    # The last line of a part is incomplete.
    sample = sample if size <= _SAMPLE else sample[: sample.rfind(b"\n") + 1]
    if _is_json_lines(path):
        return json_columns(_json(line) for line in filter(bytes.strip, sample.split(b"\n")))
    rows = _csv_rows(sample, path)
    header = next(rows, [])
    if not header or len(header) > MAX_COLUMNS or len(set(header)) != len(header):
        raise InvalidFileError("its first line does not name the columns")
    body = list(rows)
    return tuple((name, _csv_type(_column(body, index))) for index, name in enumerate(header))


def count_rows(path: str, blob: Blob, size: int) -> int | None:
    """Return the number of rows of a table, which is read once; None for a file that is too large.

    Raises:
        InvalidFileError: it is not such a table.
    """
    if size > MAX_COUNTED:
        return None
    if _is_json_lines(path):
        return _count_lines(blob, size)
    # A quote may hide the end of a line, and a carriage return alone is one.
    if not any(b'"' in block or _RETURN.search(block) for block in _blocks(blob, size)):
        return max(0, _count_lines(blob, size) - 1)
    if size > MAX_QUOTED:
        return None
    rows = _csv_rows(blob.read_at(0, size).removeprefix(_BYTE_ORDER_MARK), path)
    return max(0, sum(1 for _ in rows) - 1)


def log_entries(path: str, data: bytes) -> Iterator[Mapping[str, Any]]:
    """Yield the rows of a table as mappings; numbers in csv are converted, and lines that are not rows are skipped."""
    data = data.removeprefix(_BYTE_ORDER_MARK)
    if _is_json_lines(path):
        for line in data.split(b"\n")[:_MOST_ENTRIES]:
            value = _json(line)
            if isinstance(value, dict):
                yield value
        return
    try:
        rows = _csv_rows(data, path)
        header = [name.strip() for name in next(rows, [])]
        for _, row in zip(range(_MOST_ENTRIES), rows, strict=False):
            yield {name: found for name, cell in zip(header, row, strict=False) if (found := _number(cell)) is not None}
    except InvalidFileError:
        return


def _is_json_lines(path: str) -> bool:
    # A .json file comes here only if it is of lines.
    return path.endswith(("json", "jsonl", "ndjson"))


def _csv_rows(data: bytes, path: str) -> Iterator[list[str]]:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise InvalidFileError("it is not UTF-8") from None
    return _parsed_rows(io.StringIO(text, newline=""), path)


def _parsed_rows(lines: Iterable[str], path: str) -> Iterator[list[str]]:
    """Yield the rows that are not blank."""
    # Imported on use: a check reads logs, which are JSON Lines.
    import csv

    try:
        yield from filter(None, csv.reader(lines, delimiter="\t" if path.endswith("tsv") else ","))
    # A field of more than 128 KiB, or a zero byte.
    except (csv.Error, ValueError) as error:
        raise InvalidFileError(f"it is not csv: {ascii(str(error))[:80]}") from None


def _column(rows: Iterable[list[str]], index: int) -> Iterator[str]:
    return (row[index] for row in rows if index < len(row))


def _csv_type(cells: Iterable[str]) -> str:
    """Return the type of a column as pandas infers it."""
    kinds = {_kind(cell) for cell in cells}
    present = kinds - {"null"}
    if present == {"bool"} and kinds == present:
        return "bool"
    if present == {"int64"}:
        # pandas has no integer for a missing value.
        return "int64" if kinds == present else "float64"
    return "float64" if present and present <= {"int64", "float64"} else "null" if not present else "string"


def _kind(cell: str) -> str:
    if cell in _MISSING:
        return "null"
    stripped = cell.strip()
    if stripped in ("True", "False", "true", "false", "TRUE", "FALSE"):
        return "bool"
    return "int64" if _INTEGER.fullmatch(stripped) else "float64" if _FLOAT.fullmatch(stripped) else "string"


def _number(cell: str) -> int | float | None:
    stripped = cell.strip()
    if _INTEGER.fullmatch(stripped):
        return int(stripped)
    return float(stripped) if _FLOAT.fullmatch(stripped) else None


def json_columns(rows: Iterable[Any]) -> Columns:
    """Return the columns of rows of JSON.

    Raises:
        InvalidFileError: a row is not an object, or there are too many columns.
    """
    kinds: dict[str, set[str]] = {}
    for row in rows:
        if not isinstance(row, dict):
            raise InvalidFileError("a row is not a JSON object")
        for name, cell in row.items():
            kinds.setdefault(name, set()).add(_json_type(cell))
        if len(kinds) > MAX_COLUMNS:
            raise InvalidFileError(f"it has more than {MAX_COLUMNS} columns")
    return tuple((name, _merged(found)) for name, found in kinds.items())


def _merged(kinds: set[str]) -> str:
    present = kinds - {"null"}
    if present == {"int64", "float64"}:
        return "float64"
    return present.pop() if len(present) == 1 else "mixed" if present else "null"


def _json_type(value: Any) -> str:
    kinds: tuple[tuple[type, str], ...] = (
        (bool, "bool"), (int, "int64"), (float, "float64"), (str, "string"), (list, "list"), (dict, "struct"),
    )  # fmt: skip
    return next((name for kind, name in kinds if isinstance(value, kind)), "null")


def _json(line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _count_lines(blob: Blob, size: int) -> int:
    """Return the number of lines that are not empty."""
    counted, is_ended, carried = 0, True, b""
    for block in _blocks(blob, size):
        data = carried + block
        carried = b"\r" if data.endswith(b"\r") else b""
        data = data.removesuffix(carried).replace(b"\r\n", b"\n")
        # Each pass halves a run of empty lines.
        while b"\n\n" in data:
            data = data.replace(b"\n\n", b"\n")
        data = data.removeprefix(b"\n") if is_ended else data
        if data:
            counted += data.count(b"\n")
            is_ended = data.endswith(b"\n")
    return counted + (not is_ended)


def _blocks(blob: Blob, size: int) -> Iterator[bytes]:
    for offset in range(0, size, _BLOCK):
        yield blob.read_at(offset, min(_BLOCK, size - offset))
