"""Zip archives around given bytes, whose headers may have any values."""

import bz2
import io
import lzma
import struct
import zipfile
import zlib
from dataclasses import dataclass, field
from random import Random

TEXT = b"The weights are elsewhere.\n" * 9
MEMBER_NAMES = ("data.pkl", "archive/data.pkl", "a", "\u00e9.pkl", "d/" * 60 + "long.pkl", "x.npy", "model.json")


@dataclass
class _Entry:
    """One member, with the fields of its two headers."""

    name: bytes
    stored: bytes
    method: int
    crc: int
    size: int
    flags: int = 0
    extra: bytes = b""
    local: dict[str, int] = field(default_factory=dict)
    central: dict[str, int] = field(default_factory=dict)
    listed: int = 1
    """How many times the directory lists it."""
    before: bytes = b""
    """Bytes before its local header."""
    descriptor: bytes = b""


def in_zip(rng: Random, data: bytes, odd: bool, name: str | None = None) -> bytes:
    """Put data into a zip archive, as a member with this name."""
    name = name or rng.choice(MEMBER_NAMES)
    if not odd:
        return _ordinary_zip(rng, data, name)
    entries = [_entry(rng, name.encode(), data)]
    for _ in range(rng.choice([0, 0, 1, 3])):
        other = rng.choice([name, "notes.txt", name + "\0x", "archive/version", "dir/"])
        entries.insert(rng.randrange(len(entries) + 1), _entry(rng, other.encode(), rng.choice([TEXT, b"", b"3\n"])))
    if rng.random() < 0.6:
        for _ in range(rng.choice([1, 1, 2])):
            _change_zip_entry(rng, rng.choice(entries))
    made = _written_zip(rng, entries)
    chance = rng.random()
    if chance < 0.08:
        made += _ordinary_zip(rng, TEXT, "notes.txt")
    elif chance < 0.16:
        made = _ordinary_zip(rng, TEXT, "notes.txt") + made
    elif chance < 0.3:
        made = rng.choice([b"#!/bin/sh\n", bytes(9), bytes(70_000), b"PK\x03\x04", TEXT]) + made
    elif chance < 0.36:
        made += rng.choice([bytes(9), bytes(70_000), b"\n", b"PK\x05\x06" + bytes(18)])
    return made


def _ordinary_zip(rng: Random, data: bytes, name: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for each, content in ((name, data), ("README.md", TEXT))[:: rng.choice([1, -1])]:
            archive.writestr(zipfile.ZipInfo(each), content, rng.choice([0, 8]))
    return target.getvalue()


def _entry(rng: Random, name: bytes, data: bytes) -> _Entry:
    method = rng.choice([0, 0, 8, 8, 12, 14])
    entry = _Entry(name, _packed(method, data), method, zlib.crc32(data), len(data))
    entry.flags = 0x800 if any(byte > 127 for byte in name) else 0
    return entry


def _packed(method: int, data: bytes) -> bytes:
    if method == zipfile.ZIP_DEFLATED:
        packer = zlib.compressobj(6, zlib.DEFLATED, -15)
        return packer.compress(data) + packer.flush()
    if method == zipfile.ZIP_BZIP2:
        return bz2.compress(data)
    if method == zipfile.ZIP_LZMA:
        packed = lzma.compress(data, lzma.FORMAT_ALONE, preset=0)
        return b"\x09\x04\x05\0" + packed[:5] + packed[13:]
    return data


_ZIP_FIELDS = ("flags", "method", "crc", "stored", "size", "name_length", "extra_length")
_NUMBERS = (0, 1, 2, 8, 9, 12, 14, 26, 99, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFE, 0x7FFFFFFF)
_EXTRAS = (
    *(struct.pack("<HHQQ", 1, 16, 0, 0), struct.pack("<HHQ", 1, 8, 5), struct.pack("<HH", 1, 0), b"\1\0\xff\xff"),
    *(
        struct.pack("<HHBL", 0x7075, 12, 1, 0) + b"other.x",
        struct.pack("<HH", 0xCAFE, 0),
        b"x",
        bytes(3),
        b"\x0a\0\x04\0abcd",
    ),
)


def _change_zip_entry(rng: Random, entry: _Entry) -> None:
    number = rng.choice([*_NUMBERS, entry.size, entry.size + 1, len(entry.stored), max(0, len(entry.stored) - 1)])
    match rng.randrange(9):
        case 0:
            entry.local[rng.choice(_ZIP_FIELDS)] = number
        case 1:
            entry.central[rng.choice([*_ZIP_FIELDS, "offset", "comment_length", "disk"])] = number
        case 2:
            entry.extra = rng.choice(_EXTRAS)
        case 3:
            entry.listed = rng.choice([0, 2, 2])
        case 4:
            entry.before = rng.choice([b"PK\x03\x04", bytes(30), TEXT, b"PK\x01\x02" + bytes(42)])
        case 5:
            entry.flags |= rng.choice([1, 2, 4, 8, 8, 16, 32, 64, 0x800, 0x2000])
        case 6:
            entry.flags |= 8
            entry.local |= {"crc": 0, "stored": 0, "size": 0}
            entry.descriptor = rng.choice([b"PK\x07\x08", b""]) + struct.pack(
                "<3L", entry.crc, len(entry.stored), entry.size
            )
        case 7:
            entry.name = rng.choice([b"", b"../x", b"a\0b", b"\xff\xfe", b"/abs", b"a" * 300, b"a\\b", b"x.pkl/"])
        case _:
            entry.local["stored"] = entry.local["size"] = 0xFFFFFFFF
            entry.extra = struct.pack("<HHQQ", 1, 16, entry.size, len(entry.stored))


def _written_zip(rng: Random, entries: list[_Entry]) -> bytes:
    body, directory, count = b"", b"", 0
    for entry in entries:
        body += entry.before
        offset = len(body)
        body += _local_header(entry) + entry.name + entry.extra + entry.stored + entry.descriptor
        for _ in range(entry.listed):
            directory += _central_header(entry, offset) + entry.name + (b"" if entry.local else entry.extra)
            count += 1
    body += rng.choice([b"", b"", b"", b"", b"gap", b"PK\x03\x04" + bytes(26)])
    offset, size = len(body), len(directory)
    chance = rng.random()
    if chance < 0.1:
        offset, size, count = rng.choice(
            [
                (offset + 1, size, count),
                (0, size, count),
                (offset, size, 0),
                (offset, 0, count),
                (offset, size - 1, count),
            ]
        )
    elif chance < 0.2:
        wide = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, size, offset)
        locator = struct.pack("<4sLQL", b"PK\6\7", 0, rng.choice([offset + size, 0]), 1)
        directory += wide + locator
        if rng.random() < 0.7:
            offset, size, count = 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFF
    comment = rng.choice([b"", b"", b"", b"comment", b"PK\5\6" + bytes(18), b"x" * 0xFFFF])
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, max(size, 0), offset, len(comment))
    return body + directory + end + comment


def _local_header(entry: _Entry) -> bytes:
    given = {
        "flags": entry.flags,
        "method": entry.method,
        "crc": entry.crc,
        "stored": len(entry.stored),
        "size": entry.size,
    }
    given |= {"name_length": len(entry.name), "extra_length": len(entry.extra), **entry.local}
    return struct.pack(
        "<4s5H3L2H",
        b"PK\3\4",
        20,
        given["flags"] & 0xFFFF,
        given["method"] & 0xFFFF,
        0,
        0x21,
        given["crc"],
        given["stored"],
        given["size"],
        given["name_length"] & 0xFFFF,
        given["extra_length"] & 0xFFFF,
    )


def _central_header(entry: _Entry, offset: int) -> bytes:
    given = {
        "flags": entry.flags,
        "method": entry.method,
        "crc": entry.crc,
        "stored": len(entry.stored),
        "size": entry.size,
    }
    given |= {"name_length": len(entry.name), "extra_length": 0 if entry.local else len(entry.extra)}
    given |= {"comment_length": 0, "disk": 0, "offset": offset, **entry.central}
    return struct.pack(
        "<4s6H3L5H2L",
        b"PK\1\2",
        20,
        20,
        given["flags"] & 0xFFFF,
        given["method"] & 0xFFFF,
        0,
        0x21,
        given["crc"],
        given["stored"],
        given["size"],
        given["name_length"] & 0xFFFF,
        given["extra_length"] & 0xFFFF,
        given["comment_length"] & 0xFFFF,
        given["disk"] & 0xFFFF,
        0,
        0,
        given["offset"],
    )
