"""Pickles in values of metadata: as they are, or in base64 where a format holds only text."""

import base64
import binascii
import re
from collections.abc import Callable
from typing import Final

from hublish.formats.blob import Blob, MemoryBlob

Inspect = Callable[[Blob], str | None]
"""Returns a description of the pickle that bytes are or contain, or None."""

# Of a pickle with a header, in the usual alphabet and in the one for URLs: 80 02 to 80 05.
_ENCODED: Final = re.compile(rb"\s*gA[I-X][A-Za-z0-9+/_=\s-]{4,}")
_ALPHABET: Final = re.compile(rb"[A-Za-z0-9+/_=\s-]{8,}")
_URL_SAFE: Final = bytes.maketrans(b"-_", b"+/")


def pickle_in_value(value: bytes, inspect: Inspect, *, encoded: bool = False) -> str | None:
    """Return a description of the pickle in a value of metadata, or None.

    Args:
        value: its bytes.
        inspect: describes the pickle in bytes.
        encoded: whether its loader decodes it from base64, so that any pickle counts and not only one with a header.
    """
    if (encoded and _ALPHABET.fullmatch(value)) or _ENCODED.fullmatch(value):
        text = re.sub(rb"\s", b"", value).translate(_URL_SAFE).rstrip(b"=")
        try:
            decoded = base64.b64decode(text + b"=" * (-len(text) % 4))
        except binascii.Error:
            decoded = b""
        if decoded and (found := inspect(MemoryBlob(decoded))) is not None:
            return f"{found} in base64"
    # Shorter ones are constants; prose has the same bytes.
    return inspect(MemoryBlob(value)) if len(value) > 3 else None


def shown(name: str) -> str:
    """Return a name from a file for messages."""
    return ascii(name)[1:-1][:80]
