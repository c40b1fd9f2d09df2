"""Open containers (zip, tar and compressed files), and search their members for a pickle.

The audit refuses a container that cannot be inspected, and one that two readers could understand differently.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from hublish.audit.pickles import pickle_in
from hublish.formats.blob import FLOOR, Blob, ExpandedBlob, SliceBlob, TooLargeError, compression_of, expands
from hublish.formats.input_files import InvalidFileError
from hublish.formats.zip_directory import readable_members
from hublish.formats.zip_reader import content_of, is_zip, read_zip

# Levels of nested containers that are opened: a `.nemo` is a tar with a zip with a pickle.
DEPTH_LIMIT: Final = 4
# Characters of a member's name in messages.
_NAME_LENGTH: Final = 80
# The unit of a tar: a header takes one, and content is padded to a multiple (POSIX.1-1988, ustar).
_BLOCK: Final = 512
# Types of members that describe the next one, or all that follow.
_PAX: Final = b"xg"
# A pax record is `LENGTH KEY=VALUE\n`; its `size` replaces the one in the header.
_PAX_SIZE: Final = re.compile(rb"(?:^|\n)\d+ size=(\d{1,18})\n")
_PAX_LIMIT: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class Member:
    """A file within a container."""

    name: str
    """Empty for the content of a compressed file."""
    blob: Blob


class UnreadableError(Exception):
    """A container whose content cannot be inspected; the message describes it."""


def members(blob: Blob, *, ambiguous: bool = False) -> Iterator[Member] | None:
    """Return the members of a container; None when the bytes are not a container.

    Args:
        blob: the bytes.
        ambiguous: open also a container that two readers could understand differently.

    Raises:
        UnreadableError: here or while iterating, when it cannot be inspected.
    """
    head = blob.read_at(0, _BLOCK)
    if found := compression_of(head):
        name, opener = found
        if opener is None:
            raise UnreadableError(f"a container compressed with {name}")
        if expands(blob, opener):
            return iter([Member("", ExpandedBlob(blob, opener))])
    # By the checksum: the headers of version 7 have no signature.
    if any(head[:100]) and _checksum_fits(head):
        return _tar_members(blob)
    # Last, because it may read the end of the bytes.
    return _zip_members(blob, ambiguous=ambiguous) if is_zip(blob, head) else None


def carried_pickle(blob: Blob) -> str | None:
    """Return a description of the first pickle that a file is or contains, or the reason why that is unknown.

    Returns None for a clean file. Examples: `a pickle of protocol 2`, `archive/data.pkl in it is a pickle of
    protocol 2`, `a container compressed with 7z, which cannot be inspected`.
    """
    try:
        return _carried(blob, DEPTH_LIMIT)
    except UnreadableError as error:
        return f"{error}, which cannot be inspected"
    except TooLargeError:
        return f"compressed and expands to more than {FLOOR >> 30} GiB, which cannot be inspected"


def _carried(blob: Blob, depth: int) -> str | None:
    # The container first, so that the member is named; the container itself may still be a pickle to another loader.
    inside = members(blob)
    if inside is not None and not depth:
        raise UnreadableError(f"a container nested more than {DEPTH_LIMIT} deep")
    for member in inside or ():
        if (kind := _carried(member.blob, depth - 1)) is not None:
            return f"{_shown(member.name)} in it is {kind}" if member.name else f"compressed, and contains {kind}"
    return pickle_in(blob)


def _zip_members(blob: Blob, *, ambiguous: bool) -> Iterator[Member]:
    """Yield every member that is a file, in the order of the bytes."""
    try:
        found = readable_members(blob) if ambiguous else read_zip(blob).members
        for member in sorted(found, key=lambda member: member.begin):
            if member.stored:
                yield Member(member.name, content_of(blob, member))
    except InvalidFileError as error:
        raise UnreadableError(f"a zip archive ({error.message})") from None


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


def _shown(name: str) -> str:
    printable = "".join(char if char.isprintable() else "?" for char in name)
    return printable if len(printable) <= _NAME_LENGTH else f"…{printable[-_NAME_LENGTH:]}"
