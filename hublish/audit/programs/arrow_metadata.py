"""Inspect the metadata of Arrow's files and streams and of Parquet files: extension types, and values that are pickles.

pyarrow before 14.0.1 unpickled an extension type while it read a schema (CVE-2023-47248), and Ray 2.49 to 2.54 did
(CVE-2026-41486); Petastorm unpickles a schema of its own. Feather is an Arrow file, and Parquet holds an Arrow schema
in base64.
"""

import base64
import re
from collections.abc import Iterable, Iterator
from typing import Final

from hublish.audit.programs.embedded import Inspect, pickle_in_value, shown
from hublish.formats import arrow_schema, parquet_footer
from hublish.formats.arrow_schema import Metadata, file_metadata, schema_metadata, stream_metadata
from hublish.formats.blob import Blob, measured
from hublish.formats.input_files import InvalidFileError
from hublish.formats.parquet_footer import key_value_metadata

_EXTENSION: Final = b"ARROW:extension:name"
# The serialized type is a pickle, whatever it looks like.
_PICKLED: Final = (b"arrow.py_extension_type",)
_SCHEMA: Final = b"ARROW:schema"
_NOT_BASE64: Final = re.compile(rb"[^A-Za-z0-9+/]")
# A stream begins with a message, whose length takes four bytes.
_CONTINUATION: Final = b"\xff\xff\xff\xff"


def arrow_program(blob: Blob, inspect: Inspect) -> str | None:
    """Return a description of the pickle in the metadata of an Arrow or Parquet file, or None.

    Raises:
        InvalidFileError: it cannot be inspected.
    """
    head, size = blob.read_at(0, 8), blob.size
    if size is None and not head.startswith((b"PAR1", b"PARE", b"ARROW1")):
        return _in_stream(blob, head, inspect)
    size = measured(blob)
    # Readers find a file by its end, and check its beginning or not.
    end = blob.read_at(max(0, size - 6), 6)
    if end.endswith((parquet_footer.MAGIC, parquet_footer.ENCRYPTED)) and size >= 12:
        return _in_parquet(blob, size, inspect)
    if end == arrow_schema.MAGIC and size >= 18:
        return _in_file(blob, size, head, inspect)
    return _in_stream(blob, head, inspect)


def _in_file(blob: Blob, size: int, head: bytes, inspect: Inspect) -> str | None:
    try:
        return _in_metadata("an Arrow file", file_metadata(blob, size), inspect)
    except InvalidFileError:
        # Text may end with the magic.
        if head.startswith(arrow_schema.MAGIC):
            raise
        return None


def _in_stream(blob: Blob, head: bytes, inspect: Inspect) -> str | None:
    start = 8 if head == b"ARROW1\0\0" else 0
    try:
        first = next(stream_metadata(blob, start), None)
    except InvalidFileError:
        return None  # not Arrow: any bytes are read up to here
    return None if first is None else _in_metadata("an Arrow stream", stream_metadata(blob, start), inspect)


def _in_parquet(blob: Blob, size: int, inspect: Inspect) -> str | None:
    try:
        pairs = key_value_metadata(blob, size)
    except InvalidFileError:
        # Text may end with the magic.
        if blob.read_at(0, 4) in (parquet_footer.MAGIC, parquet_footer.ENCRYPTED):
            raise
        return None
    for key, value in pairs:
        if key == _SCHEMA:
            # pyarrow decodes up to the first character that is not of the alphabet.
            text = _NOT_BASE64.split(value, maxsplit=1)[0]
            schema = schema_metadata(base64.b64decode(text[: len(text) // 4 * 4] + _padded(text)))
            if found := _in_metadata("a Parquet file", schema, inspect):
                return found
    return _in_metadata("a Parquet file", [tuple(pairs)], inspect)


def _padded(text: bytes) -> bytes:
    rest = text[len(text) // 4 * 4 :]
    return rest + b"=" * (-len(rest) % 4) if len(rest) > 1 else b""


def _in_metadata(kind: str, found: Iterable[Metadata] | Iterator[Metadata], inspect: Inspect) -> str | None:
    for pairs in found:
        for key, value in pairs:
            if key == _EXTENSION and value in _PICKLED:
                return f"{kind} with an extension type that is unpickled"
            if (pickled := pickle_in_value(value, inspect)) is not None:
                return f"{kind} whose metadata {shown(key.decode('utf-8', 'replace'))} is {pickled}"
    return None
