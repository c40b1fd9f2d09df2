"""The directory of a zip archive, compared with the headers before its members.

Some readers follow the directory at the end, others the headers; where these disagree, each reads another archive. So
every member must be described alike in both places, must not share bytes with another one, and no header may be
outside of the directory. The format: PKWARE's APPNOTE.TXT, 4.3 to 4.5.
"""

import errno
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final

from hublish.formats.blob import Blob, BlobFile, SliceBlob
from hublish.formats.input_files import InvalidFileError, named

MAX_DIRECTORY_SIZE: Final = 10_000_000
"""Bytes; enough for 100,000 members with names of 50 characters. zipfile needs about a second for them."""
LOCAL_HEADER: Final = b"PK\x03\x04"
DIRECTORY_END: Final = b"PK\x05\x06"
MAX_END_SIZE: Final = 22 + 0x10000
"""Bytes of the end record with the longest comment (4.3.16), and one more, where zipfile finds it as well."""

_END: Final = struct.Struct("<4s4H2LH")
_END64: Final = struct.Struct("<4sQ2H2L4Q")
_LOCATOR: Final = struct.Struct("<4sLQL")
_LOCAL: Final = struct.Struct("<4s5H3L2H")
# Mark fields whose values are in the zip64 records (4.4.1.4).
_IN_ZIP64: Final = 0xFFFFFFFF
_COUNT_IN_ZIP64: Final = 0xFFFF
_ZIP64_EXTRA: Final = 1
_DAMAGED_ZIP64: Final = "the archive's zip64 directory is damaged"
# Bit 3: the local header leaves sizes and checksum to a descriptor after the data.
_SIZES_FOLLOW: Final = 0x8
_DESCRIPTOR: Final = b"PK\x07\x08"
_DESCRIPTOR32: Final = struct.Struct("<3L")
_DESCRIPTOR64: Final = struct.Struct("<L2Q")
_LONGEST_DESCRIPTOR: Final = 24
_UTF8: Final = 0x800
# Encrypted, patched data, strongly encrypted, and with a masked directory.
_UNREADABLE: Final = 0x1 | 0x20 | 0x40 | 0x2000
# A local header with a version and a method that exist: `PK\3\4` alone is also a constant in every unpacker's code.
_ANY_LOCAL: Final = re.compile(rb"PK\x03\x04[\x0a-\x3f]\x00..[\x00-\x63]\x00", re.DOTALL)
_CHUNK: Final = 1 << 20
# Errors of zipfile and zlib for damaged archives: among others an unknown compression, a password, a wrong offset.
_DAMAGE: Final = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError),
    *(RuntimeError, ValueError, OverflowError, OSError),
)


@dataclass(frozen=True, slots=True)
class Member:
    """A member of an archive."""

    name: str
    begin: int
    """Offset of its local header."""
    offset: int
    """Offset of its data."""
    size: int
    """Bytes of its content."""
    stored: int
    """Bytes of its data in the archive: `size`, unless it is compressed."""
    method: int
    encrypted: bool
    crc: int
    """Zero when the writer computed none, which torch.save has an option for."""
    info: zipfile.ZipInfo

    @property
    def compressed(self) -> bool:
        """Whether its data differs from its content."""
        return self.method != zipfile.ZIP_STORED


def read_directory(blob: SliceBlob) -> tuple[zipfile.ZipFile, tuple[Member, ...]]:
    """Read the members in the order of the directory, and compare it with their own headers.

    Raises:
        InvalidFileError: when the archive is damaged or ambiguous, or exceeds a limit.
    """
    end = _read_end(blob)
    file = open_zipfile(blob)
    _check_directory(blob, file, end)
    members: dict[str, Member] = {}
    # In the order of the bytes, because an expanded blob cannot be read backwards.
    for info in sorted(file.infolist(), key=lambda info: info.header_offset):
        name = info.orig_filename
        if name in members:
            raise InvalidFileError(f"two members are named {shown(name)}")
        with named(f"member {shown(name)}"):
            members[name], local = _member(blob, info)
            _check_local(members[name], local)
            _check_descriptor(blob, members[name], local)
    _check_places(blob, members.values(), file.start_dir)
    # zipfile ignores bytes after the end, and a reader that repairs archives does not.
    _check_gap(blob, file.start_dir, blob.size)
    return file, tuple(members[info.orig_filename] for info in file.infolist())


def readable_members(blob: Blob) -> Iterator[Member]:
    """Yield every member with a place, in the order of the bytes; also of an archive that `read_directory` rejects."""
    with suppress(InvalidFileError):
        for info in sorted(open_zipfile(blob).infolist(), key=lambda info: info.header_offset):
            with suppress(InvalidFileError):
                yield _member(blob, info)[0]


def open_zipfile(blob: Blob) -> zipfile.ZipFile:
    """Open an archive with zipfile, without any further check.

    Raises:
        InvalidFileError: when zipfile cannot read its directory.
    """
    with damage_named():
        stream = _DirectoryReader(BlobFile(blob), _CHUNK >> 2)
        file = zipfile.ZipFile(stream)
        stream.bounded = False
        return file


class LargeDirectoryError(InvalidFileError):
    """The directory exceeds the limit, so the members are unknown."""


class _DirectoryReader(io.BufferedReader):
    """A stream from which zipfile cannot read a directory beyond the limit; it reads one with a single call."""

    bounded = True

    def read(self, size: int | None = -1, /) -> bytes:
        if self.bounded and (size or 0) > MAX_DIRECTORY_SIZE:
            raise LargeDirectoryError(f"the directory takes {size} bytes; the limit is {MAX_DIRECTORY_SIZE}")
        return super().read(size)


@contextmanager
def damage_named() -> Iterator[None]:
    """Raise an `InvalidFileError` instead of the errors of zipfile and zlib for a damaged archive."""
    try:
        yield
    except InvalidFileError:
        raise
    except _DAMAGE as error:
        # zipfile seeks to the place a damaged directory points to; other failures of a file are not damage.
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise
        raise InvalidFileError(f"damaged or unsupported archive: {error}") from None


def shown(name: str) -> str:
    """Return a member's name for messages."""
    return ascii(name)[:80]


@dataclass(frozen=True, slots=True)
class _End:
    """The end of a directory."""

    entries: int
    offset: int
    """Offset of the directory, as recorded: it may not count bytes before the archive."""
    begin: int
    """Offset of the directory, from its size."""
    wide_shift: int | None
    """How far the zip64 record is after its recorded offset; None without one."""


def _read_end(blob: SliceBlob) -> _End:
    start = max(0, blob.size - MAX_END_SIZE)
    tail = blob.read_at(start, MAX_END_SIZE)
    found = tail.rfind(DIRECTORY_END)
    if found < 0 or len(tail) - found < _END.size:
        raise InvalidFileError("not a zip archive, or cut short: its directory is missing")
    position = start + found
    _, _, _, _, entries, size, offset, _ = _END.unpack_from(tail, found)
    locator = blob.read_at(position - _LOCATOR.size, _LOCATOR.size) if position >= _LOCATOR.size else b""
    wide_shift = None
    if locator.startswith(b"PK\6\7"):
        position -= _LOCATOR.size + _END64.size
        wide_shift = position - int(_LOCATOR.unpack(locator)[2])
        entries, size, offset = _read_end64(blob, position, (entries, size, offset))
    elif _IN_ZIP64 in (size, offset):
        raise InvalidFileError(_DAMAGED_ZIP64)
    if size > MAX_DIRECTORY_SIZE:
        raise InvalidFileError(f"the archive's directory takes {size} bytes; the limit is {MAX_DIRECTORY_SIZE}")
    return _End(entries, offset, position - size, wide_shift)


def _read_end64(blob: Blob, position: int, plain: tuple[int, int, int]) -> tuple[int, int, int]:
    record = blob.read_at(position, _END64.size) if position >= 0 else b""
    if len(record) != _END64.size or not record.startswith(b"PK\6\6"):
        raise InvalidFileError(_DAMAGED_ZIP64)
    found: tuple[int, int, int] = _END64.unpack(record)[7:]
    # Some readers prefer the plain record, and others this one: a plain value must be the same, or refer to it.
    for value, wide, mark in zip(plain, found, (_COUNT_IN_ZIP64, _IN_ZIP64, _IN_ZIP64), strict=True):
        if value not in (wide, mark):
            raise InvalidFileError(_DAMAGED_ZIP64)
    return found


def _check_directory(blob: SliceBlob, file: zipfile.ZipFile, end: _End) -> None:
    """Reject a directory that another reader would find elsewhere, or read another number of entries from."""
    shift = end.begin - end.offset
    # Readers that ignore bytes before the archive find a directory at the recorded offset.
    moved = shift > 0 and blob.read_at(end.offset, 4) == b"PK\x01\x02"
    # zipfile expects the zip64 record before its locator, others where that one points.
    elsewhere = end.wide_shift not in (None, shift)
    counted = len(file.infolist()) == end.entries
    if file.start_dir != end.begin or not counted or shift < 0 or moved or elsewhere:
        raise InvalidFileError("the archive's directory is ambiguous")
    # A comment that contains another end would be a directory to readers that search forward.
    if blob.read_at(end.begin, blob.size - end.begin).count(DIRECTORY_END) != 1:
        raise InvalidFileError("the archive's directory has more than one end")


@dataclass(frozen=True, slots=True)
class _Local:
    """The header before a member."""

    raw_name: bytes
    flags: int
    method: int
    stored: int
    size: int


def _member(blob: Blob, info: zipfile.ZipInfo) -> tuple[Member, _Local]:
    # zipfile computes offsets from the end of the directory, which may give a negative one.
    header = blob.read_at(info.header_offset, _LOCAL.size) if info.header_offset >= 0 else b""
    if len(header) < _LOCAL.size or not header.startswith(LOCAL_HEADER):
        raise InvalidFileError("the directory points to a place without a member")
    _, _, flags, method, _, _, _, stored, size, name_length, extra_length = _LOCAL.unpack(header)
    variable = blob.read_at(info.header_offset + _LOCAL.size, name_length + extra_length)
    if _IN_ZIP64 in (stored, size):
        size, stored = _wide_sizes(variable[name_length:], size, stored)
    member = Member(
        # Not `filename`: newer versions of Python take it from an extra field, and all cut it at a NUL.
        name=info.orig_filename,
        begin=info.header_offset,
        offset=info.header_offset + _LOCAL.size + name_length + extra_length,
        size=info.file_size,
        stored=info.compress_size,
        method=info.compress_type,
        encrypted=bool((info.flag_bits | flags) & _UNREADABLE),
        crc=info.CRC,
        info=info,
    )
    return member, _Local(variable[:name_length], flags, method, stored, size)


def _wide_sizes(extra: bytes, size: int, stored: int) -> tuple[int, int]:
    """Return the sizes with those from the zip64 extra field (4.5.3), where the header refers to it."""
    place = 0
    while place + 4 <= len(extra):
        tag, length = struct.unpack_from("<2H", extra, place)
        if tag == _ZIP64_EXTRA:
            field = extra[place + 4 : place + 4 + length]
            wide = [value for (value,) in struct.iter_unpack("<Q", field[: len(field) // 8 * 8])]
            size = wide.pop(0) if size == _IN_ZIP64 and wide else size
            return size, wide.pop(0) if stored == _IN_ZIP64 and wide else stored
        place += 4 + int(length)
    return size, stored


def _check_local(member: Member, local: _Local) -> None:
    # Encryption adds a header of 12 bytes to the data.
    if not member.compressed and not member.encrypted and member.stored != member.size:
        raise InvalidFileError(f"it is stored, and takes {member.stored} bytes for {member.size}")
    raw_name = member.name.encode("utf-8" if member.info.flag_bits & _UTF8 else "cp437")
    sizes = (local.stored, local.size)
    same_sizes = sizes == (member.stored, member.size) or (local.flags & _SIZES_FOLLOW and sizes == (0, 0))
    if local.raw_name != raw_name or local.method != member.method or not same_sizes:
        raise InvalidFileError("the directory and the member's own header disagree")


def _check_descriptor(blob: Blob, member: Member, local: _Local) -> None:
    """Check the descriptor after the data (4.3.9): a reader of pipes follows the data to its own end to find it."""
    if not local.flags & _SIZES_FOLLOW or not (member.stored or member.compressed):
        return
    found = blob.read_at(member.offset + member.stored, _LONGEST_DESCRIPTOR).removeprefix(_DESCRIPTOR)
    fields = (member.crc, member.stored, member.size)
    forms = [_DESCRIPTOR64.pack(*fields)]
    if max(fields) <= _IN_ZIP64:
        forms.append(_DESCRIPTOR32.pack(*fields))
    if not found.startswith(tuple(forms)):
        raise InvalidFileError("the directory and the descriptor after the member disagree")


def _check_places(blob: Blob, members: Iterable[Member], end: int) -> None:
    """Check that members, in the order of their bytes, do not overlap, and that none is hidden between them."""
    position, previous = 0, ""
    for member in members:
        if member.begin < position:
            raise InvalidFileError(f"member {shown(member.name)} overlaps {previous}")
        _check_gap(blob, position, member.begin)
        position, previous = member.offset + member.stored, f"member {shown(member.name)}"
    if position > end:
        raise InvalidFileError(f"{previous} overlaps the directory")
    _check_gap(blob, position, end)


def _check_gap(blob: Blob, begin: int, end: int) -> None:
    if has_local_header(blob, end, begin):
        raise InvalidFileError("a member is missing from the archive's directory")


def has_local_header(blob: Blob, end: int, begin: int = 0) -> bool:
    """Whether the header of a member is in a part of the bytes."""
    # Chunks overlap, so that a header across their border is found.
    chunks = range(begin, end, _CHUNK)
    return any(_ANY_LOCAL.search(blob.read_at(start, min(_CHUNK + _LOCAL.size, end - start))) for start in chunks)
