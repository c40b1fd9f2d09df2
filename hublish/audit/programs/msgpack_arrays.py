"""Detect arrays of Python objects in MessagePack, which msgpack-numpy unpickles.

It writes an array as a map with the pair `kind: "O"`; the format of strings: https://msgpack.org.
"""

import re
from typing import Final

from hublish.audit.programs.embedded import Inspect
from hublish.formats.blob import Blob

# Maps and arrays: a file of arrays begins with one.
_BEGIN: Final = re.compile(rb"[\x80-\x9f\xdc-\xdf]")
_KEY: Final = b"kind"
# Both strings may have a length of any width, as a string or as bytes.
_OBJECTS: Final = re.compile(
    rb"(?:\xa4|[\xd9\xc4]\x04|[\xda\xc5]\x00\x04|[\xdb\xc6]\x00\x00\x00\x04)kind"
    rb"(?:\xa1|[\xd9\xc4]\x01|[\xda\xc5]\x00\x01|[\xdb\xc6]\x00\x00\x00\x01)O"
)
_PIECE: Final = 1 << 20
# More than the pair takes; pieces share so many bytes.
_OVERLAP: Final = 32


def msgpack_program(blob: Blob, _inspect: Inspect) -> str | None:
    """Return a description of an array of Python objects, or None."""
    if not _BEGIN.match(blob.read_at(0, 1)):
        return None
    offset, tail = 0, b""
    while piece := blob.read_at(offset, _PIECE):
        offset += len(piece)
        data = tail + piece
        # One search for a byte string takes a fraction of one for a pattern.
        if _KEY in data and _OBJECTS.search(data):
            return "a MessagePack file with an array of Python objects, which are pickled"
        tail = data[-_OVERLAP:]
    return None
