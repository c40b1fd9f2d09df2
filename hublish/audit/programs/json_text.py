"""Inspect JSON: Keras configurations with code, pickles in base64, and chat templates.

Stable-Baselines3 unpickles each `:serialized:` of an archive's `data`, and PySpark each `serializedClass` of a schema.
"""

import json
import re
from typing import Any, Final

from hublish.audit.programs.embedded import Inspect, pickle_in_value, shown
from hublish.audit.programs.templates import template_program
from hublish.formats.blob import Blob
from hublish.formats.input_files import InvalidFileError
from hublish.formats.keras_configuration import Pairs, code_in_configuration, objects_in, parse_json

MAX_SIZE: Final = 64 << 20
"""Bytes of a JSON file that is parsed."""
_TEMPLATE: Final = "chat_template"
# Keys whose loaders decode base64 and unpickle the result.
_SERIALIZED: Final = (":serialized:", "serializedClass")
# A key within a string has backslashes before its quotes.
_KEYS: Final = tuple(f'"{key}"'.encode() for key in ("class_name", _TEMPLATE, *_SERIALIZED))
# A string that begins like a pickle in base64.
_ENCODED: Final = re.compile(rb'"\s*gA[I-X]')
_ESCAPE: Final = re.compile(rb"\\u00([2-7][0-9A-Fa-f])")
_LETTER: Final = re.compile(rb"[\w:]")
_PIECE: Final = 1 << 20
# Pieces share so many bytes: more than a marker takes with every character escaped in UTF-32.
_OVERLAP: Final = 1 << 10
_SPACE: Final = b" \t\r\n\0"
_MARKS: Final = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


def json_program(blob: Blob, inspect: Inspect) -> str | None:
    """Return a description of the code in a JSON file, or None.

    Raises:
        InvalidFileError: it cannot be inspected.
    """
    if not _begins_like_json(blob) or not _has_markers(blob):
        return None
    text = blob.read_at(0, MAX_SIZE + 1)
    if len(text) > MAX_SIZE:
        raise InvalidFileError(f"more than {MAX_SIZE >> 20} MiB, with keys of a Keras configuration")
    # Keras and others read bytes with `json.loads`, which detects UTF-16 and UTF-32.
    return json_text_program(text.decode(json.detect_encoding(text), "replace"), inspect)


def json_text_program(text: str, inspect: Inspect) -> str | None:
    """Return a description of the code in a JSON text, or None.

    Raises:
        InvalidFileError: it cannot be inspected.
    """
    try:
        value = parse_json(text.removeprefix("\ufeff"))
    except RecursionError:
        raise InvalidFileError("nested too deep, with keys of a Keras configuration") from None
    except ValueError:
        return None
    if code := code_in_configuration(value):
        return f"a Keras configuration {code.reason}"
    for place, node in objects_in(value):
        for key, one in node:
            if reason := _in_value(key, one, inspect):
                return f"JSON whose {shown(f'{place}.{key}'.lstrip('.'))} is {reason}"
    return None


def _in_value(key: str, value: Any, inspect: Inspect) -> str | None:
    if key == _TEMPLATE:
        return _in_templates(value)
    for item in value if type(value) is list else (value,):
        if isinstance(item, str) and (key in _SERIALIZED or item.lstrip().startswith("gA")):
            found = pickle_in_value(item.encode("utf-8", "replace"), inspect, encoded=key in _SERIALIZED)
            if found is not None:
                return found
    return None


def _in_templates(value: Any) -> str | None:
    """Inspect one template, or a list of named ones."""
    if isinstance(value, str):
        reason = template_program(value)
        return f"a chat template {reason}" if reason else None
    named = [item for _, item in value] if isinstance(value, Pairs) else value if isinstance(value, list) else []
    return next((found for item in named if (found := _in_templates(item))), None)


def _begins_like_json(blob: Blob) -> bool:
    offset, piece = 0, blob.read_at(0, 4096)
    for mark in _MARKS:
        piece = piece.removeprefix(mark)
    while piece:
        offset += 4096
        if stripped := piece.lstrip(_SPACE):
            # The root of a configuration is an object; a list of them is one step away.
            return stripped[:1] in (b"{", b"[", b'"')
        piece = blob.read_at(offset, 4096)
    return False


def _has_markers(blob: Blob) -> bool:
    offset, tail = 0, b""
    while piece := blob.read_at(offset, _PIECE):
        offset += len(piece)
        data = tail + piece
        plain = data.replace(b"\0", b"") if b"\0" in data else data
        if b"\\u00" in plain:
            plain = _ESCAPE.sub(_unescaped, plain)
        # Searches for byte strings take a fraction of one for a pattern.
        if any(key in plain for key in _KEYS) or (b"gA" in plain and _ENCODED.search(plain)):
            return True
        tail = data[-_OVERLAP:]
    return False


def _unescaped(match: "re.Match[bytes]") -> bytes:
    # Only letters: an escaped quote is a part of a string, and must not end it here.
    letter = bytes([int(match[1], 16)])
    return letter if _LETTER.match(letter) else match[0]
