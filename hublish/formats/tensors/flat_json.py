"""JSON objects read member by member, in the two shapes a safetensors header is made of.

A general parser builds what it reads before anyone can refuse it: 25 MB of `[],[],...` become half a gigabyte of
lists, and a repeated key is gone. Here the first wrong character stops the reading, and nothing was built of it.
"""

import json
import re
from collections.abc import Iterator

from hublish.formats.input_files import InvalidFileError

# Possessive, so that no input makes them backtrack.
_SPACE = r"[ \t\n\r]*+"
_STRING = r'"[^"\\\x00-\x1f]*+(?:\\.[^"\\\x00-\x1f]*+)*+"'
_FLAT_OBJECT = r'\{(?:[^{}"]++|' + _STRING + r")*+\}"
_EMPTY = re.compile(rf"\{{{_SPACE}\}}")


def _member(value: str) -> re.Pattern[str]:
    return re.compile(f"{_SPACE}({_STRING}){_SPACE}:{_SPACE}({value}){_SPACE}([,}}])")


_OBJECT_MEMBER = _member(_FLAT_OBJECT)
_STRING_MEMBER = _member(_STRING)


def objects(text: str) -> Iterator[tuple[str, str]]:
    """Yield key and unread text of each member of `{"key": {...}, ...}`, whose values hold no objects.

    Raises:
        InvalidFileError: at the first character that does not fit.
    """
    return _members(text, _OBJECT_MEMBER)


def strings(text: str) -> Iterator[tuple[str, str]]:
    """Yield each member of `{"key": "value", ...}`.

    Raises:
        InvalidFileError: at the first character that does not fit.
    """
    return ((key, _decode(value)) for key, value in _members(text, _STRING_MEMBER))


def _members(text: str, pattern: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    empty = _EMPTY.match(text)
    position, closed = (empty.end(), True) if empty else (1, False)
    while not closed:
        match = pattern.match(text, position)
        if match is None:
            msg = f"the header is malformed at character {position}"
            raise InvalidFileError(msg)
        yield _decode(match[1]), match[2]
        position, closed = match.end(), match[3] == "}"
    if text[position:].strip(" "):
        msg = f"the header goes on after its end, at character {position}"
        raise InvalidFileError(msg)


def _decode(string: str) -> str:
    if "\\" not in string:
        return string[1:-1]
    try:
        return str(json.loads(string))
    except ValueError:
        msg = f"the header holds an invalid string: {ascii(string)[:80]}"
        raise InvalidFileError(msg) from None
