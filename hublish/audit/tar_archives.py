"""Read tar archives."""

import re
from collections.abc import Iterator
from typing import Final

from hublish.audit.format_readers import Member
from hublish.formats.blob import Blob, SliceBlob

# The unit of a tar: a header takes one, and content is padded to a multiple (POSIX.1-1988, ustar).
_BLOCK: Final = 512
# Types of members that describe the next one, or all that follow.
_PAX: Final = b"xg"
# A pax record is `LENGTH KEY=VALUE\n`; its `size` replaces the one in the header.
_PAX_SIZE: Final = re.compile(rb"(?:^|\n)\d+ size=(\d{1,18})\n")
_PAX_LIMIT: Final = 1 << 16


def tar_members(blob: Blob, head: bytes) -> Iterator[Member] | None:
    """Yield every member that has content."""
    # By the checksum: the headers of version 7 have no signature.
    return _tar_members(blob) if any(head[:100]) and _checksum_fits(head[:_BLOCK]) else None


def _tar_members(blob: Blob) -> Iterator[Member]:
    """Yield every member that has content, until the archive ends or breaks off: old v7, ustar, GNU and pax.

    `tarfile` is not used: it reads whole pax headers into memory, and seeks backwards in compressed archives.
    """
    offset, pax_size = 0, None
    # An archive ends with two blocks of zeros, whose checksum does not fit.
    while _checksum_fits(header := blob.read_at(offset, _BLOCK)):
        size = _number(header[124:136]) if pax_size is None else pax_size
        pax_size, kind = None, header[156:157]
        content = SliceBlob(blob, offset + _BLOCK, size)
        if kind and kind in _PAX:
            found = _PAX_SIZE.search(content.read_at(0, _PAX_LIMIT))
            pax_size = int(found[1]) if found and kind == b"x" else None
        elif size:
            yield Member(header[:100].rstrip(b"\0").decode("utf-8", "replace"), content)
        offset += _BLOCK + -(-size // _BLOCK) * _BLOCK


def _checksum_fits(header: bytes) -> bool:
    # The sum counts its own field as spaces.
    total = sum(header) - sum(header[148:156]) + 8 * 0x20
    return len(header) == _BLOCK and _number(header[148:156]) == total


def _number(raw: bytes) -> int:
    if raw[:1] == b"\x80":  # GNU's base 256, for sizes beyond 8 GiB
        return int.from_bytes(raw[1:], "big")
    try:
        return int(raw.strip(b" \0") or b"0", 8)
    except ValueError:
        return -1
