"""A zip whose members are used where they lie: its directory believed only where the local headers say the same.

The format: PKWARE's APPNOTE.TXT, 4.3.7 and 4.4. zipfile reads the directory; what follows holds it to what is there:
every member once, within the file, apart from the others, its name a path that stays inside.
"""

import os
import struct
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from hublish.formats.input_files import InvalidFileError, named
from hublish.formats.tensors.zip_directory import check_directory, damage_named

_LOCAL: Final = struct.Struct("<4s5H3L2H")
_SIGNATURE: Final = b"PK\x03\x04"
_SIZES_FOLLOW: Final = 0x8  # bit 3: the local header leaves sizes and checksum to the directory
_UTF8: Final = 0x800
# Encrypted, strongly encrypted, and with a masked directory; patched data is no archive of weights either.
_UNREADABLE: Final = 0x1 | 0x20 | 0x40 | 0x2000
_IN_ZIP64: Final = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Record:
    """A member of an archive."""

    name: str
    begin: int
    """Offset of its local header."""
    offset: int
    """Of its data, in the file."""
    size: int
    stored: int
    """Bytes its data takes in the file: `size`, unless it is deflated."""
    deflated: bool
    crc: int
    """Zero when the writer computed none, as torch can be told."""


def read_records(descriptor: int) -> Mapping[str, Record]:
    """Read the directory of an archive: its members by name.

    Raises:
        InvalidFileError: when it is damaged, encrypted, ambiguous, or points outside of the file.
    """
    with open(descriptor, "rb", closefd=False) as file:
        check_directory(file)
        with damage_named(), zipfile.ZipFile(file) as archive:
            infos, end = archive.infolist(), archive.start_dir
    records: dict[str, Record] = {}
    for info in infos:
        if info.filename in records:
            msg = f"two members are named {ascii(info.filename)[:80]}"
            raise InvalidFileError(msg)
        with named(f"member {ascii(info.filename)[:80]}"):
            records[info.filename] = _record(descriptor, info)
    _check_apart(records.values(), end)
    return records


def read_small(descriptor: int, record: Record, limit: int) -> bytes:
    """Read a member whole, at most `limit` bytes of it, and compare its checksum.

    Raises:
        InvalidFileError: when it is larger, or damaged.
    """
    with named(f"member {ascii(record.name)[:80]}"):
        if record.size > limit or record.stored > limit:
            msg = f"it has {record.size} bytes; the limit is {limit}"
            raise InvalidFileError(msg)
        data = os.pread(descriptor, record.stored, record.offset)
        if record.deflated:
            with damage_named():
                data = zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, record.size + 1)
        if len(data) != record.size or (record.crc and zlib.crc32(data) != record.crc):
            msg = "its content is not what the directory says: the file is damaged"
            raise InvalidFileError(msg, hint="copy or download the file again")
        return data


def _record(descriptor: int, info: zipfile.ZipInfo) -> Record:
    _check_name(info)
    if info.flag_bits & _UNREADABLE:
        msg = "it is encrypted"
        raise InvalidFileError(msg)
    deflated = info.compress_type == zipfile.ZIP_DEFLATED
    if not deflated and info.compress_type != zipfile.ZIP_STORED:
        msg = f"it is compressed with method {info.compress_type}"
        raise InvalidFileError(msg)
    if not deflated and info.compress_size != info.file_size:
        msg = f"it is stored, and takes {info.compress_size} bytes for {info.file_size}"
        raise InvalidFileError(msg)
    offset = _data_offset(descriptor, info)
    return Record(info.filename, info.header_offset, offset, info.file_size, info.compress_size, deflated, info.CRC)


def _check_name(info: zipfile.ZipInfo) -> None:
    parts = info.filename.removesuffix("/").split("/")
    # zipfile cuts names at a NUL, and keeps the whole one beside it.
    whole = info.filename == info.orig_filename and info.filename.isprintable()
    if not whole or "\\" in info.filename or any(part in ("", ".", "..") for part in parts) or ":" in parts[0]:
        msg = "its name is no path inside the archive"
        raise InvalidFileError(msg)


def _data_offset(descriptor: int, info: zipfile.ZipInfo) -> int:
    """Read the local header, and compare it with the directory."""
    # zipfile reckons places from where the directory ends, which may come out before the file begins.
    header = os.pread(descriptor, _LOCAL.size, info.header_offset) if info.header_offset >= 0 else b""
    if len(header) < _LOCAL.size or not header.startswith(_SIGNATURE):
        msg = "the directory points to no member"
        raise InvalidFileError(msg)
    _, _, flags, method, _, _, _, stored, size, name_length, extra_length = _LOCAL.unpack(header)
    begin = info.header_offset + _LOCAL.size
    name = os.pread(descriptor, name_length, begin)
    same = name == info.filename.encode("utf-8" if info.flag_bits & _UTF8 else "cp437")
    sizes = flags & _SIZES_FOLLOW or (stored in (info.compress_size, _IN_ZIP64) and size in (info.file_size, _IN_ZIP64))
    if not same or method != info.compress_type or flags & _UNREADABLE or not sizes:
        msg = "the directory and the member's own header disagree"
        raise InvalidFileError(msg)
    return begin + int(name_length) + int(extra_length)


def _check_apart(records: Iterable[Record], end: int) -> None:
    ordered = sorted(records, key=lambda record: record.begin)
    if not ordered or ordered[0].begin:
        msg = f"{ordered[0].begin} bytes stand before the archive" if ordered else "the archive is empty"
        raise InvalidFileError(msg)
    for record, limit in zip(ordered, [*(record.begin for record in ordered[1:]), end], strict=True):
        if record.offset + record.stored > limit:
            msg = f"member {ascii(record.name)[:80]} runs into what follows it"
            raise InvalidFileError(msg)
