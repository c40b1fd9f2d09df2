"""Read a file of `card.data` as plain data: JSON, YAML, TOML, CSV, TSV, and JSON Lines.

Values are data and nothing else: they are printed by templates, and never evaluated.
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from pathlib import PurePosixPath
from typing import Any, Final, NoReturn

from hublish.schemas.diagnose.problems import InvalidDocumentError, Problem
from hublish.schemas.documents.json_documents import read_json_value
from hublish.schemas.yaml.reader import read_text, read_yaml

DATA_LIMIT: Final = 1 << 20
"""The largest file that is read, in bytes."""
_MOST_ROWS: Final = 10_000
_CODE: Final = "card.data"
# The numbers of JSON; other spellings, such as `007` and `1_000`, stay text.
_NUMBER: Final = re.compile(r"-?(?:0|[1-9]\d{0,17})(\.\d+)?([eE][+-]?\d{1,3})?", re.ASCII)


def read_data(data: bytes, source: str) -> Any:
    """Return the value of a file, whose format its suffix decides.

    Args:
        data: the bytes of the file.
        source: its name in diagnostics.

    Raises:
        InvalidDocumentError: when the format is unknown, or the file is damaged, with the place where that is known.
    """
    suffix = PurePosixPath(source).suffix.lower()
    read = _READERS.get(suffix)
    if read is None:
        _refuse(f"{source} has none of the suffixes {', '.join(_READERS)}", "convert it to one of these formats")
    return read(data, source)


def _read_json(data: bytes, source: str) -> Any:
    return read_json_value(data, source, family="card", max_bytes=DATA_LIMIT)


def _read_yaml(data: bytes, source: str) -> Any:
    reading = read_yaml(data, source, max_bytes=DATA_LIMIT)
    if reading.problems:
        raise InvalidDocumentError(reading.problems)
    return reading.data


def _read_toml(data: bytes, source: str) -> Any:
    import tomllib

    try:
        return _plain(tomllib.loads(read_text(data, source, DATA_LIMIT).text))
    except tomllib.TOMLDecodeError as error:
        _refuse(f"{source} is not TOML: {error}")
    except RecursionError:
        _refuse(f"{source} is nested too deep")


def _read_csv(data: bytes, source: str, delimiter: str = ",") -> list[dict[str, Any]]:
    # Imported here, like the reader of TOML: `check` reads most cards without.
    import csv
    import io

    text = read_text(data, source, DATA_LIMIT).text
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[dict[str, Any]] = []
    try:
        header = next(reader, [])
        if len(set(header)) != len(header):
            _refuse(f"{source} names a column twice", "give each column a name of its own")
        for row in reader:
            if row:
                _require_width(row, header, source, reader.line_num)
                rows.append({name: _number_or_text(cell) for name, cell in zip(header, row, strict=True)})
            _require_few(rows, source)
    except csv.Error as error:
        _refuse(f"{source}:{reader.line_num} is not CSV: {error}")
    return rows


def _read_tsv(data: bytes, source: str) -> list[dict[str, Any]]:
    return _read_csv(data, source, "\t")


def _read_json_lines(data: bytes, source: str) -> list[Any]:
    rows: list[Any] = []
    for number, line in enumerate(data.split(b"\n"), 1):
        if line.strip():
            # The name with the number, since a syntax error of the line has the line number 1.
            rows.append(read_json_value(line, f"{source}:{number}", family="card", max_bytes=DATA_LIMIT))
            _require_few(rows, source)
    return rows


_READERS: Final[Mapping[str, Callable[[bytes, str], Any]]] = {
    ".json": _read_json,
    ".yaml": _read_yaml,
    ".yml": _read_yaml,
    ".toml": _read_toml,
    ".csv": _read_csv,
    ".tsv": _read_tsv,
    ".jsonl": _read_json_lines,
}


def _number_or_text(cell: str) -> Any:
    found = _NUMBER.fullmatch(cell.strip())
    if found is None:
        return cell
    return json.loads(found[0])


def _plain(value: Any) -> Any:
    """Return a value of TOML as JSON would contain it: dates as text."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, date | datetime | time) else value


def _require_width(row: list[str], header: list[str], source: str, line: int) -> None:
    if len(row) != len(header):
        _refuse(f"{source}:{line} has {len(row)} values in {len(header)} columns")


def _require_few(rows: list[Any], source: str) -> None:
    if len(rows) > _MOST_ROWS:
        _refuse(f"{source} has more than {_MOST_ROWS} rows", "name a file with the few values that the card shows")


def _refuse(message: str, hint: str = "") -> NoReturn:
    raise InvalidDocumentError((Problem(_CODE, message, hint),))
