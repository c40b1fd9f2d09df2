"""The headers of weights and tables, as their readers give them; the data is never read."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import PurePosixPath
from typing import Any, Final

from hublish.base.content import Content
from hublish.formats.input_files import InvalidFileError
from hublish.hub.server.weight_headers import MAX_HEADER
from hublish.schemas.documents.sizes import format_size

# Rows of a summary, and characters of one value of metadata.
MOST_ROWS: Final = 1000
_MOST_VALUE: Final = 200
_MOST_STRINGS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Summary:
    """A header as a table."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    total: int
    """The number of rows, of which there may be more than are shown."""
    metadata: list[tuple[str, str]]


def summary_of(path: str, content: Content) -> Summary | str:
    """Return the header of a file, or the reason why it has none; an empty one for a file of another format."""
    readers = {".safetensors": _safetensors, ".gguf": _gguf, ".parquet": _parquet}
    reader = readers.get(PurePosixPath(path).suffix.lower())
    if reader is None:
        return ""
    try:
        return reader(content)
    except (InvalidFileError, ValueError, OSError) as error:
        return f"The header of this file cannot be read: {error}"


def _safetensors(content: Content) -> Summary:
    from hublish.formats.tensors.safetensors_header import described_tensors, read_header  # numpy, which few pages need

    tensors = list(described_tensors(read_header(content, content.size, MAX_HEADER)))
    rows = [(one.name, one.dtype, _shape(one.shape), format_size(one.nbytes)) for one in tensors[:MOST_ROWS]]
    parameters = sum(math.prod(one.shape) for one in tensors)
    title = f"{len(tensors):,} tensors, {parameters:,} parameters"
    return Summary(title, ("Tensor", "Type", "Shape", "Size"), rows, len(tensors), [])


def _gguf(content: Content) -> Summary:
    from hublish.formats.gguf_header import read_gguf_header

    header = read_gguf_header(content, content.size, MAX_HEADER, _MOST_STRINGS)
    rows = [(one.name, one.type.name, _shape(one.shape), format_size(one.nbytes)) for one in header.tensors[:MOST_ROWS]]
    parameters = sum(math.prod(one.shape) for one in header.tensors)
    title = f"GGUF {header.version}, {len(header.tensors):,} tensors, {parameters:,} parameters"
    columns = ("Tensor", "Type", "Shape", "Size")
    return Summary(title, columns, rows, len(header.tensors), _metadata(header.metadata))


def _metadata(metadata: Mapping[str, Any]) -> list[tuple[str, str]]:
    found = islice(metadata.items(), MOST_ROWS)
    return [(key, f"{len(value):,} values" if isinstance(value, list) else _short(value)) for key, value in found]


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= _MOST_VALUE else f"{text[:_MOST_VALUE]}..."


def _parquet(content: Content) -> Summary:
    from hublish.formats.parquet_table import read_table

    table = read_table(content, content.size)
    title = f"{table.rows:,} rows, {len(table.columns):,} columns"
    return Summary(title, ("Column", "Type"), table.columns[:MOST_ROWS], len(table.columns), [])


def _shape(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape)) or "scalar"
