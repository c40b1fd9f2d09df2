"""What a container holds, and whether a pickle is among it."""

from collections.abc import Iterator
from typing import Final

from hublish.audit.blob import Blob
from hublish.audit.expanding import FLOOR, ExpandedBlob, TooLargeError, compression_of, expands
from hublish.audit.members import Member, UnreadableError
from hublish.audit.pickles import pickle_in
from hublish.audit.tars import BLOCK, is_tar, tar_members
from hublish.audit.zips import is_zip, zip_members

DEPTH_LIMIT: Final = 4
"""Containers within containers that are opened: a `.nemo` is a tar that holds a zip that holds a pickle."""
_NAME_LENGTH = 80


def members(blob: Blob) -> Iterator[Member] | None:
    """Return what the container holds; None when the bytes are no container.

    A compressed file has one member without a name.

    Raises:
        UnreadableError: here or while iterating, when it cannot be looked into.
    """
    head = blob.read_at(0, BLOCK)
    if compressed := _compressed(blob, head):
        return compressed
    if is_tar(head):
        return tar_members(blob)
    # Last, because it may look at the end of the bytes.
    return zip_members(blob) if is_zip(blob, head) else None


def carried_pickle(blob: Blob) -> str | None:
    """Return, in words, the first pickle that a file is or holds, or why it cannot be told; None when it is clean.

    Examples: `a pickle of protocol 2`, `archive/data.pkl in it is a pickle of protocol 2`,
    `a zip archive with an encrypted member, which cannot be looked into`.
    """
    try:
        return _carried(blob, DEPTH_LIMIT)
    except UnreadableError as error:
        return f"{error}, which cannot be looked into"
    except TooLargeError:
        return f"compressed and expands to more than {FLOOR >> 30} GiB, which cannot be looked into"


def _carried(blob: Blob, depth: int) -> str | None:
    # A container first, so that the member is named; it may be a pickle for another loader all the same.
    for member in _opened(blob, depth):
        kind = _carried(member.blob, depth - 1)
        if kind is not None:
            return f"{_shown(member.name)} in it is {kind}" if member.name else f"compressed, and holds {kind}"
    return pickle_in(blob)


def _opened(blob: Blob, depth: int) -> Iterator[Member]:
    inside = members(blob)
    if inside is None:
        return iter(())
    if not depth:
        msg = f"a container nested more than {DEPTH_LIMIT} deep"
        raise UnreadableError(msg)
    return inside


def _compressed(blob: Blob, head: bytes) -> Iterator[Member] | None:
    found = compression_of(head)
    if found is None:
        return None
    name, opener = found
    if opener is None:
        msg = f"a container compressed with {name}"
        raise UnreadableError(msg)
    return iter([Member("", ExpandedBlob(blob, opener))]) if expands(blob, opener) else None


def _shown(name: str) -> str:
    printable = "".join(char if char.isprintable() else "?" for char in name)
    return printable if len(printable) <= _NAME_LENGTH else f"…{printable[-_NAME_LENGTH:]}"
