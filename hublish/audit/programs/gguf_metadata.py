"""Inspect the metadata of a GGUF file: its chat templates, and values that are pickles."""

import re
from collections.abc import Iterator
from typing import Any, Final

from hublish.audit.programs.embedded import Inspect, pickle_in_value, shown
from hublish.audit.programs.templates import template_program
from hublish.formats.blob import Blob
from hublish.formats.input_files import InvalidFileError

# The magic and a version that exists, in either byte order; prose may begin with the magic alone.
_BEGIN: Final = re.compile(rb"GGUF(?:[\x01-\x0f]\0\0\0|\0\0\0[\x01-\x0f])")
# Bytes of the header that are read at first; larger headers take more.
_FIRST: Final = 1 << 20
# A pickle in text has lines, or characters beyond those of words; words are tokens.
_MAY_BE_A_PICKLE: Final = re.compile(r"[^ -~]|^\s*gA[I-X]")

# Characters or bytes of the shortest pickle that imports something.
_SHORTEST: Final = 8


def gguf_program(blob: Blob, inspect: Inspect) -> str | None:
    """Return a description of the code in the metadata of a GGUF file, or None.

    Raises:
        InvalidFileError: it cannot be read.
    """
    if not _BEGIN.match(blob.read_at(0, 8)):
        return None
    for key, value in _metadata(blob).items():
        if "chat_template" in key and isinstance(value, str) and (reason := template_program(value)):
            return f"a GGUF file with a chat template {reason}"
        for data in _values(value):
            if (found := pickle_in_value(data, inspect)) is not None:
                return f"a GGUF file whose metadata {shown(key)} is {found}"
    return None


def _metadata(blob: Blob) -> dict[str, Any]:
    # Imported here: the reader takes numpy.
    from hublish.formats.gguf_header import MAX_HEADER_SIZE, parse_metadata

    length = _FIRST
    while True:
        data = blob.read_at(0, length)
        try:
            return parse_metadata(memoryview(data))
        except InvalidFileError:
            # Too few bytes were read, unless there are no more.
            if len(data) < length or length >= MAX_HEADER_SIZE:
                raise
        length *= 4


def _values(value: Any) -> Iterator[bytes]:
    if isinstance(value, str):
        yield value.encode()
    elif isinstance(value, list):
        for item in value:
            # A vocabulary has some 300,000 of them, and a token such as "I1\n." is the pickle of a number.
            if not isinstance(item, str) or (len(item) >= _SHORTEST and _MAY_BE_A_PICKLE.search(item)):
                yield from _values(item)
    elif _holds_bytes(value):
        yield (value.astype("i8") & 0xFF).astype("u1").tobytes()


def _holds_bytes(value: Any) -> bool:
    """Whether a value is an array of bytes, which writers store in any type of integers."""
    if getattr(value, "dtype", None) is None or value.dtype.kind not in "iu" or value.size < _SHORTEST:
        return False
    return bool(value.min() >= -128 and value.max() < 256)
