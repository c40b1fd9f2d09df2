"""Tar archives around given bytes: headers of all versions, spelled in every way that tarfile accepts."""

import io
import tarfile
from random import Random

from tests.fuzz.audit.zips import MEMBER_NAMES, TEXT

_BLOCK = 512


def in_tar(rng: Random, data: bytes, odd: bool) -> bytes:
    """Put data into a tar archive."""
    if not odd:
        return _ordinary_tar(rng, [(rng.choice(MEMBER_NAMES), data), ("notes.txt", TEXT)])
    members = [_tar_member(rng, data)]
    for _ in range(rng.choice([0, 1, 1, 3])):
        other = _tar_header(b"notes.txt", len(TEXT)) + _padded(TEXT)
        members.insert(rng.randrange(len(members) + 1), rng.choice([other, _tar_member(rng, TEXT), _no_content(rng)]))
    between = rng.choice(
        [b"", b"", b"", b"", bytes(_BLOCK), bytes(2 * _BLOCK), bytes(40 * _BLOCK), b"junk" * 128, b"x"]
    )
    end = rng.choice([bytes(1024), bytes(10_240), bytes(_BLOCK), b"", b"trailing" * 64])
    made = between.join(members) + end
    chance = rng.random()
    if chance < 0.1:
        return _ordinary_tar(rng, [("notes.txt", TEXT)]) + made
    if chance < 0.2:
        return rng.choice([bytes(_BLOCK), bytes(1024), b"junk" * 128, TEXT]) + made
    return made


def _ordinary_tar(rng: Random, members: list[tuple[str, bytes]]) -> bytes:
    target = io.BytesIO()
    form = rng.choice([tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
    with tarfile.open(fileobj=target, mode="w", format=form) as archive:
        for name, content in members[:: rng.choice([1, -1])]:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return target.getvalue()


def _tar_member(rng: Random, data: bytes) -> bytes:
    name = rng.choice(MEMBER_NAMES).encode()[:100]
    chance = rng.random()
    if chance < 0.2:
        return _pax_member(rng, name, data)
    if chance < 0.35:
        return _sparse_member(rng, name, data)
    if chance < 0.45:
        long = b"d/" * rng.choice([60, 3000]) + b"x\0"
        return (
            _tar_header(b"././@LongLink", len(long), kind=rng.choice([b"L", b"K"]))
            + _padded(long)
            + _tar_header(name, len(data))
            + _padded(data)
        )
    header = _tar_header(
        name,
        len(data),
        _size_spelled(rng, len(data)),
        _kind(rng),
        rng.choice([b"ustar\x0000", b"ustar  \0", bytes(8), b"ustar\x00\x00\x00"]),
        rng,
    )
    return header + _padded(data)


def _kind(rng: Random) -> bytes:
    if rng.random() < 0.7:
        return b"0"
    return rng.choice(
        [b"\0", b"7", b"A", b"V", b"D", b"M", b"1", b"2", b"3", b"5", b"N", b"\xff", b"x", b"g", b"L", b"S"]
    )


def _no_content(rng: Random) -> bytes:
    return _tar_header(b"other", rng.choice([0, 0, 5, 512]), kind=rng.choice([b"1", b"2", b"5", b"6", b"3"]))


def _size_spelled(rng: Random, size: int) -> bytes:
    if rng.random() < 0.5:
        return b"%011o\0" % size
    octal = b"%o" % size
    return rng.choice(
        [
            b"%011o " % size,
            b"%012o" % size,
            octal.rjust(11) + b"\0",
            octal.ljust(12, b"\0"),
            octal.ljust(11) + b"\0",
            b"0o" + octal.rjust(9, b"0") + b"\0",
            b"+" + octal.rjust(10, b"0") + b"\0",
            b"0_" + octal.rjust(9, b"0") + b"\0",
            b"\t" + octal.rjust(10) + b"\0",
            octal + b"\0" + b"7" * (11 - len(octal)),
            b"\x80" + size.to_bytes(11, "big"),
            b"\xff" + size.to_bytes(11, "big"),
            b"\x80\1" + size.to_bytes(10, "big"),
            b"%011o\0" % 0,
            b"%011o\0" % (size + 600),
            b"-0" + octal.rjust(9, b"0") + b"\0",
            bytes(12),
            b" " * 12,
            b"%011o\0" % max(size - 1, 0),
            octal.rjust(11, b"\x0b") + b"\0",
            b"9" * 11 + b"\0",
        ]
    )


def _tar_header(
    name: bytes,
    size: int,
    spelled: bytes | None = None,
    kind: bytes = b"0",
    magic: bytes = b"ustar\x0000",
    rng: Random | None = None,
) -> bytes:
    """Return a header with a fitting checksum, spelled in a way that tarfile accepts."""
    header = bytearray(_BLOCK)
    header[: len(name)] = name
    header[100:124] = b"0000644\0" + b"0000000\0" * 2
    header[124:136] = spelled or b"%011o\0" % size
    header[136:148] = b"%011o\0" % 0
    header[148:156], header[156:157], header[257:265] = b" " * 8, kind, magic
    if rng and rng.random() < 0.15:
        header[345:500] = rng.choice([b"prefix", b"\xff" * 9, rng.randbytes(155)]).ljust(155, b"\0")[:155]
    unsigned, signed = sum(header), sum(byte - 256 if byte > 127 else byte for byte in header)
    total = unsigned if rng is None else rng.choice([unsigned, unsigned, unsigned, signed, signed])
    octal = b"%o" % total
    forms = [
        b"%06o\0 " % total,
        b"%07o\0" % total,
        octal.rjust(7) + b" ",
        octal.ljust(8),
        b"+%06o\0" % total,
        b"0o" + octal.ljust(6),
        b"\x80" + total.to_bytes(7, "big"),
        b"0_%05o\0" % total,
    ]
    header[148:156] = (rng.choice([*forms[:1] * 5, *forms]) if rng else forms[0])[:8].ljust(8)
    return bytes(header)


def _pax_record(key: bytes, value: bytes) -> bytes:
    length = len(key) + len(value) + 3
    total = length + len(str(length))
    total = length + len(str(total))
    return b"%d %s=%s\n" % (total, key, value)


def _pax_member(rng: Random, name: bytes, data: bytes) -> bytes:
    size = len(data)
    spelled = (
        b"%d" % size
        if rng.random() < 0.5
        else rng.choice(
            [
                b" %d" % size,
                b"+%d" % size,
                b"1_%d" % size,
                b"%d.0" % size,
                b"0",
                b"%d\0" % size,
                b"",
                b"%020d" % size,
                b"-1",
            ]
        )
    )
    records = [_pax_record(b"size", spelled)]
    for _ in range(rng.randint(0, 2)):
        records.insert(
            rng.randrange(len(records) + 1),
            rng.choice(
                [
                    _pax_record(b"path", rng.choice([b"other.pkl", b"\xff", b"a" * 300, b"x/"])),
                    _pax_record(b"comment", b"x" * 70_000),
                    _pax_record(b"mtime", b"1.5"),
                    _pax_record(b"size", b"3"),
                    _pax_record(b"hdrcharset", b"BINARY"),
                    _pax_record(b"GNU.sparse.realsize", b"5"),
                    b"junk\n",
                    b"12 broken\n",
                    b"0 a=b\n",
                ]
            ),
        )
    body = b"".join(records)
    recorded = rng.choice([0, size, size + 5000, 3])
    kind = rng.choice([b"x", b"x", b"x", b"g", b"X"])
    return (
        _tar_header(b"PaxHeaders/x", len(body), kind=kind)
        + _padded(body)
        + _tar_header(name, recorded, kind=rng.choice([b"0", b"0", b"7", b"A", b"5"]))
        + _padded(data)
    )


def _sparse_member(rng: Random, name: bytes, data: bytes) -> bytes:
    """Return a sparse file of GNU tar, in one of its four versions."""
    size, hole = len(data), rng.choice([0, 0, 0, 1, 512])
    version = rng.randrange(4)
    if version == 0:
        header = bytearray(_tar_header(name, size, kind=b"S", magic=b"ustar  \0"))
        header[345:500] = bytes(155)
        header[386:410] = b"%011o\0%011o\0" % (hole, size)
        header[483:495] = b"%011o\0" % (hole + size)
        header[148:156] = b" " * 8
        header[148:156] = b"%06o\0 " % sum(header)
        return bytes(header) + _padded(data)
    if version == 3:
        front = rng.choice([b"1\n%d\n%d\n" % (hole, size), b"2\n%d\n%d\n%d\n0\n" % (hole, size, hole + size)])
        data = _padded(front) + data
        records = [
            (b"GNU.sparse.major", b"1"),
            (b"GNU.sparse.minor", b"0"),
            (b"GNU.sparse.name", b"real"),
            (b"GNU.sparse.realsize", b"%d" % (hole + size)),
        ]
    elif version == 2:
        records = [
            (b"GNU.sparse.map", b"%d,%d" % (hole, size)),
            (b"GNU.sparse.size", b"%d" % (hole + size)),
            (b"GNU.sparse.numblocks", b"1"),
        ]
    else:
        records = [
            (b"GNU.sparse.size", b"%d" % (hole + size)),
            (b"GNU.sparse.numblocks", b"1"),
            (b"GNU.sparse.offset", b"%d" % hole),
            (b"GNU.sparse.numbytes", b"%d" % size),
        ]
    body = b"".join(_pax_record(*record) for record in records)
    return (
        _tar_header(b"PaxHeaders/x", len(body), kind=b"x")
        + _padded(body)
        + _tar_header(name, len(data))
        + _padded(data)
    )


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % _BLOCK)
