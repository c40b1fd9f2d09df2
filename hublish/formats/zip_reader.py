"""Read zip archives, and write them so that equal content gives equal bytes."""

import bz2
import json
import os
import shutil
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Any, Final

from hublish.formats.blob import Blob, ExpandedBlob, Opener, SliceBlob, StreamBlob, TooLargeError, measured, raw_deflate
from hublish.formats.compressions import ZSTANDARD, zstandard_opener
from hublish.formats.input_files import InvalidFileError, named, opened
from hublish.formats.zip_directory import (
    DIRECTORY_END,
    LOCAL_HEADER,
    MAX_END_SIZE,
    LargeDirectoryError,
    Member,
    has_local_header,
    open_zipfile,
    read_directory,
    shown,
)
from hublish.formats.zstandard_frames import frame_ends
from hublish.schemas.documents.path_rules import path_problems

_OPENERS: Final[Mapping[int, Opener]] = {zipfile.ZIP_DEFLATED: raw_deflate, zipfile.ZIP_BZIP2: bz2.BZ2Decompressor}
ZSTANDARD_METHOD: Final = 93
"""The method of zstandard (APPNOTE.TXT, 4.4.5), which zipfile knows from Python 3.14 on; inspect-ai writes logs so."""
_NO_ZSTANDARD: Final = (
    "it is compressed with zstandard, which this Python cannot expand: install the package backports.zstd, or from "
    "Python 3.14 on a build with compression.zstd"
)
# Bytes that are copied at once.
_BLOCK: Final = 1 << 20
# All content may expand to so many bytes.
_EXPANSION_FLOOR: Final = 64 << 20
# How many times its stored size content above the floor may expand to. Weights hardly shrink, text does by ten.
_MOST_EXPANSION: Final = 100


@dataclass(frozen=True)
class ZipArchive:
    """An archive that every reader understands alike."""

    blob: Blob
    file: zipfile.ZipFile
    members: tuple[Member, ...]
    """In the order of the directory."""

    @cached_property
    def by_name(self) -> Mapping[str, Member]:
        """The members by name."""
        return {member.name: member for member in self.members}

    def read(self, name: str, limit: int) -> bytes:
        """Return a member's content, and compare its checksum.

        Raises:
            InvalidFileError: when it is missing, damaged, or longer than `limit` bytes.
        """
        member = self._member(name)
        with named(f"member {shown(name)}"):
            if member.size > limit:
                raise InvalidFileError(f"it has {member.size} bytes; the limit is {limit}")
        content = content_of(self.blob, member)
        with named(f"member {shown(name)}"):
            # One byte more than promised shows a member that expands beyond its size.
            try:
                data = content.read_at(0, member.size + 1)
            except TooLargeError:
                data = b""
            if len(data) != member.size or (member.crc and zlib.crc32(data) != member.crc):
                msg = "its content does not match the directory: the file is damaged"
                raise InvalidFileError(msg, hint="copy or download the file again")
        return data

    def read_json(self, name: str, limit: int) -> dict[str, Any]:
        """Return the JSON object in a member.

        Raises:
            InvalidFileError: as `read`, or it is not a JSON object.
        """
        text = self.read(name, limit)
        # The parser recurses, and limits the digits of an integer.
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            raise InvalidFileError(f"its member {name} is not JSON") from None
        if not isinstance(value, dict):
            raise InvalidFileError(f"its member {name} is not a JSON object")
        return value

    def open(self, name: str) -> IO[bytes]:
        """Open a member's content as a stream, which compares the checksum at its end; see `damage_named`."""
        return self.file.open(self._member(name).info)

    def _member(self, name: str) -> Member:
        if name not in self.by_name:
            raise InvalidFileError(f"it has no member {name}")
        return self.by_name[name]


def is_zip(blob: Blob, head: bytes) -> bool:
    """Whether bytes that begin with `head` are a zip archive; it may follow other bytes, as in self-extracting ones."""
    # Without a readable directory too: a loader may repair it from the local headers.
    if head.startswith((LOCAL_HEADER, DIRECTORY_END)):
        return True
    # zipfile looks for the end of any seekable file, such as one of gzip or a member of another archive.
    size = measured(blob)
    if DIRECTORY_END not in blob.read_at(max(0, size - MAX_END_SIZE), MAX_END_SIZE):
        return False
    # The signature may be there by chance, or in a part of another format: a compressed zip is stored in pieces.
    try:
        found = open_zipfile(blob).infolist()
    except LargeDirectoryError:
        found = []
    except InvalidFileError:
        return False
    # A directory that is too large, or that zipfile takes for empty, may not be the one that another reader finds.
    return bool(found) or has_local_header(blob, size)


def read_zip(blob: Blob) -> ZipArchive:
    """Read the directory of an archive.

    Raises:
        InvalidFileError: when it is damaged or ambiguous, or exceeds a limit.
    """
    # Measured once: the size of an expanded blob is known only after expanding it.
    sized = SliceBlob(blob, 0, measured(blob))
    return ZipArchive(sized, *read_directory(sized))


def content_of(blob: Blob, member: Member) -> Blob:
    """Return the content of a member of `blob`, whose checksum is not compared: several loaders ignore it.

    Raises:
        InvalidFileError: when it is encrypted, or compressed by a method that cannot be expanded here.
    """
    return readings_of(blob, member)[-1]


def readings_of(blob: Blob, member: Member) -> tuple[Blob, ...]:
    """Return the content of a member as each reader reads it: some stop after the first frame of zstandard.

    Raises:
        InvalidFileError: as `content_of`.
    """
    data = SliceBlob(blob, member.offset, member.stored)
    with named(f"member {shown(member.name)}"):
        if member.method == ZSTANDARD_METHOD and not member.encrypted:
            return tuple(_of_frames(data))
        _check_readable(member)
    return (ExpandedBlob(data, _OPENERS[member.method]) if member.compressed else data,)


def _of_frames(data: SliceBlob) -> Iterator[Blob]:
    opener = zstandard_opener()
    if opener is None:
        raise InvalidFileError(_NO_ZSTANDARD)
    first, *more = frame_ends(data)
    if more:
        yield ExpandedBlob(SliceBlob(data, 0, first), opener)
    yield ExpandedBlob(data, opener, resumes=ZSTANDARD)


@contextmanager
def opened_archive(path: Path, name: str) -> Iterator[ZipArchive]:
    """Open an archive of a framework; as `read_members`, and its expansion is limited. `name` is for errors."""
    with named(name), opened(path) as (descriptor, identity), read_members(descriptor, identity.size) as archive:
        check_expansion("its members expand", sum(member.size for member in archive.members), identity.size)
        yield archive


@contextmanager
def read_members(descriptor: int, size: int) -> Iterator[ZipArchive]:
    """Read an archive of `size` bytes whose members can all be read, and whose names are paths inside a folder.

    Raises:
        InvalidFileError: when it is not a zip archive, is damaged or ambiguous, or exceeds a limit; for a member,
            naming the first one.
    """
    with os.fdopen(descriptor, "rb", closefd=False) as stream:
        archive = read_zip(StreamBlob(stream, size))
        for member in archive.members:
            with named(f"member {shown(member.name)}"):
                _check_readable(member)
                if problems := path_problems(member.name.removesuffix("/")):
                    raise InvalidFileError(problems[0])
        yield archive


def check_expansion(content: str, expanded: int, stored: int) -> None:
    """Reject content that expands more, from `stored` to `expanded` bytes, than honest compression achieves.

    `content` is the subject of the message, with its verb: `its members expand`.

    Raises:
        InvalidFileError: it expands too much.
    """
    if expanded > max(_EXPANSION_FLOOR, stored * _MOST_EXPANSION):
        raise InvalidFileError(f"{content} to {expanded} bytes, from {stored}")


def _check_readable(member: Member) -> None:
    if member.encrypted:
        raise InvalidFileError("it is encrypted")
    if member.compressed and member.method not in _OPENERS:
        # LZMA among them: its properties precede the data (5.8), in a form that the lzma module does not read.
        raise InvalidFileError(f"it is compressed with method {member.method}")


def write_reproducibly(
    source: Path, target: Path, replaced: Mapping[str, bytes], renamed: Mapping[str, str] | None = None
) -> None:
    """Copy an archive without times, systems and compression.

    Args:
        source: an archive just written.
        target: the file to create.
        replaced: new content of members, by name in the source.
        renamed: other names for members, by name in the source.
    """
    with zipfile.ZipFile(source) as before, zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as after:
        for info in before.infolist():
            # ZipInfo's default time is the epoch of zip, and its default system is the one that runs this.
            entry = zipfile.ZipInfo((renamed or {}).get(info.filename, info.filename))
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            if info.filename in replaced:
                after.writestr(entry, replaced[info.filename])
                continue
            # With the size known in advance, zipfile decides on zip64 as for any other member.
            entry.file_size = info.file_size
            with before.open(info) as member, after.open(entry, "w") as copy:
                shutil.copyfileobj(member, copy, _BLOCK)
