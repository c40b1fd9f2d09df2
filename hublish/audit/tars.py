"""The members of a tar archive, read header by header: old v7, ustar, GNU and pax.

`tarfile` is not used: it reads whole pax headers into memory and goes backwards in compressed archives.
"""

import re
from collections.abc import Iterator
from typing import Final

from hublish.audit.blob import Blob, SliceBlob
from hublish.audit.members import Member

BLOCK: Final = 512
_PAX: Final = b"xg"
# A pax record reads `LENGTH KEY=VALUE\n`; `size` replaces the header's own.
_PAX_SIZE = re.compile(rb"(?:^|\n)\d+ size=(\d{1,18})\n")
_PAX_LIMIT: Final = 1 << 16


def is_tar(head: bytes) -> bool:
    """Whether the bytes begin with a tar header: one whose checksum is right, for old ones have no magic."""
    return len(head) >= BLOCK and any(head[:100]) and _checksum_fits(head[:BLOCK])


def tar_members(blob: Blob) -> Iterator[Member]:
    """Yield every member that has content, until the archive ends or breaks off."""
    offset, pax_size = 0, None
    while _checksum_fits(header := blob.read_at(offset, BLOCK)):
        size = _number(header[124:136]) if pax_size is None else pax_size
        pax_size, kind = None, header[156:157]
        content = SliceBlob(blob, offset + BLOCK, size)
        if kind and kind in _PAX:
            found = _PAX_SIZE.search(content.read_at(0, _PAX_LIMIT))
            pax_size = int(found[1]) if found and kind == b"x" else None
        elif size:
            yield Member(header[:100].rstrip(b"\0").decode("utf-8", "replace"), content)
        offset += BLOCK + -(-size // BLOCK) * BLOCK


def _checksum_fits(header: bytes) -> bool:
    if len(header) < BLOCK:
        return False
    # The sum counts its own field as spaces.
    total = sum(header) - sum(header[148:156]) + 8 * 0x20
    return _number(header[148:156]) == total


def _number(raw: bytes) -> int:
    if raw[:1] == b"\x80":  # GNU's base 256, for sizes beyond 8 GiB
        return int.from_bytes(raw[1:], "big")
    try:
        return int(raw.strip(b" \0") or b"0", 8)
    except ValueError:
        return -1
