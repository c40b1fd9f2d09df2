"""Compare two zip or tar archives by their members: names, sizes and checksums."""

import zlib
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from hublish.base.content import Content
from hublish.diffs.differences import Entry, FileDiff
from hublish.diffs.limited_reads import LimitedBlob
from hublish.diffs.named_parts import changed_names, diff_of_parts
from hublish.diffs.text_diff import joined
from hublish.formats.blob import Blob, TooLargeError, measured
from hublish.formats.compressions import compressions_of
from hublish.formats.input_files import InvalidFileError
from hublish.formats.tar_archives import UnreadableError, tar_members
from hublish.formats.zip_directory import open_zipfile
from hublish.schemas.documents.sizes import format_size, plural

_ZIP: Final = b"PK"
_TAR_MAGIC: Final = slice(257, 262)
_HEAD: Final = 512
_TAR_NAMES: Final = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst", ".tar.lz4")
# Bytes of the largest tar archive whose content is read: tar has no checksums, and a compressed one no directory.
_READ: Final = 16 << 20
# Bytes that are read of one: a large one has zeros at its end, or many members.
_READ_AT_ALL: Final = 64 << 20
# Bytes that the content of one expands to.
_EXPANDED: Final = 256 << 20
_PIECE: Final = 1 << 20


class Member(NamedTuple):
    """The properties of a member by which it is compared."""

    size: int
    checksum: int | None
    """CRC-32 of the content; None for one that was not read."""


def is_archive(path_in_repo: str, head: bytes) -> bool:
    """Return whether a file is a zip archive by its first bytes, or a tar archive by them or its name."""
    tar = head[_TAR_MAGIC] == b"ustar" or path_in_repo.lower().endswith(_TAR_NAMES)
    return tar or head.startswith((_ZIP + b"\3\4", _ZIP + b"\5\6"))


def read_archive(content: Content) -> Mapping[str, Member]:
    """Return the members by name.

    Raises:
        InvalidFileError, OSError: it is damaged, too large, or cannot be read.
    """
    head = content.read_at(0, _HEAD)
    members = _zip_members(content) if head.startswith(_ZIP) else _tar_members(content, head)
    found: dict[str, Member] = {}
    for name, member in members:
        number = 1
        numbered = name
        # Some readers take the first of two equal names, and others the last.
        while numbered in found:
            number += 1
            numbered = f"{name} (no. {number})"
        found[numbered] = member
    return found


def _zip_members(content: Content) -> Iterator[tuple[str, Member]]:
    for info in open_zipfile(content).infolist():
        yield info.orig_filename, Member(info.file_size, info.CRC)


def _tar_members(content: Content, head: bytes) -> Iterator[tuple[str, Member]]:
    whole = LimitedBlob(content, _READ_AT_ALL)
    found = next(compressions_of(head), None)
    if found is not None and content.size > _READ:
        raise InvalidFileError("a compressed archive that is too large to be read")
    try:
        blob: Blob = (found and found.content(whole)) or whole
        left = _EXPANDED if content.size <= _READ else 0
        for member in tar_members(blob, blob.read_at(0, _HEAD)) or ():
            size = measured(member.blob)
            left -= size
            yield member.name, Member(size, _checksum(member.blob, size) if left >= 0 else None)
    except UnreadableError as error:
        raise InvalidFileError(str(error)) from None
    except TooLargeError:
        raise InvalidFileError("an archive that expands too much") from None


def _checksum(blob: Blob, size: int) -> int:
    checksum = 0
    for start in range(0, size, _PIECE):
        checksum = zlib.crc32(blob.read_at(start, _PIECE), checksum)
    return checksum


def diff_archives(path_in_repo: str, before: Content, after: Content) -> FileDiff:
    """Return the changed members.

    Raises:
        InvalidFileError, OSError: one of them is damaged, too large, or cannot be read.
    """
    old, new = read_archive(before), read_archive(after)
    names = changed_names(old, new)
    added = sum(name not in old for name in names)
    removed = sum(name not in new for name in names)
    counts = ((len(names) - added - removed, "changed"), (added, "added"), (removed, "removed"))
    summary = joined(f"{count:,} {verb}" for count, verb in counts if count)
    summary = f"{summary} of {described(new)}" if summary else f"the same {described(new)}, in other bytes"
    entries = (_entry(name, old.get(name), new.get(name)) for name in names)
    return diff_of_parts(path_in_repo, "archive", summary, entries, len(names))


def described(members: Mapping[str, Member]) -> str:
    """Return the number of members."""
    return plural(len(members), "member")


def _entry(name: str, old: Member | None, new: Member | None) -> Entry:
    before = None if old is None else format_size(old.size)
    after = None if new is None else format_size(new.size)
    # Equal sizes as they are shown, or as they are.
    return Entry(name, before, f"{after}, other content" if before == after else after)
