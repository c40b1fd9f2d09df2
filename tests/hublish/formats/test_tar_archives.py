"""Tar archives are read as strictly as it takes for all readers to agree; tarfile is the reference."""

import gzip
import io
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hublish.audit.containers import carried_pickle
from hublish.formats.blob import MemoryBlob
from tests.hublish.audit.payloads import call, tarred, zipped

PICKLE = call(0)
END = bytes(1024)


def found_in(data: bytes) -> str | None:
    return carried_pickle(MemoryBlob(data))


def header(
    size: int | bytes,
    *,
    name: bytes = b"a.bin",
    kind: bytes = b"0",
    magic: bytes = b"ustar\x0000",
    signed: bool = False,
    checksum: bytes = b"%06o\0 ",
    **fields: tuple[int, bytes],
) -> bytes:
    """Return a header; `fields` are further bytes and their places."""
    block = bytearray(512)
    block[: len(name)] = name
    block[100:124] = b"0000644\0" + b"0000000\0" * 2
    block[124:136] = size if isinstance(size, bytes) else b"%011o\0" % size
    block[136:148] = b"%011o\0" % 0
    block[148:157] = b" " * 8 + kind
    block[257 : 257 + len(magic)] = magic
    for place, data in fields.values():
        block[place : place + len(data)] = data
    total = sum(byte - 256 if signed and byte > 127 else byte for byte in block)
    block[148:156] = (checksum % total).ljust(8, b"\0")
    return bytes(block)


def member(data: bytes = PICKLE, size: int | bytes | None = None, **options: object) -> bytes:
    """Return a header and its padded content."""
    return header(len(data) if size is None else size, **options) + data + bytes(-len(data) % 512)  # type: ignore[arg-type]


def described(kind: bytes, data: bytes) -> bytes:
    """Return a header that describes the next member."""
    return member(data, kind=kind, name=b"././@LongLink")


def record(key: bytes, value: bytes) -> bytes:
    """Return a pax record."""
    length = len(key) + len(value) + 3
    while len(str(length)) + len(key) + len(value) + 3 != length:
        length += 1
    return b"%d %s=%s\n" % (length, key, value)


TEXT = member(b"text\n", name=b"a.txt")
HIDDEN = {
    "v7, without a signature": member(magic=b"") + END,
    "the old GNU signature": member(magic=b"ustar  \0") + END,
    "a signed checksum": member(name="é.pkl".encode(), signed=True) + END,
    "a signed checksum of a later member": TEXT + member(name="é.pkl".encode(), signed=True) + END,
    "an unusual checksum": member(checksum=b"0o%o\0") + END,
    "a checksum with spaces": member(checksum=b"  %5o\0") + END,
    "a checksum with a sign": member(checksum=b"+%o\0\0") + END,
    "a size in base 256": member(size=b"\x80" + len(PICKLE).to_bytes(11, "big")) + END,
    "a negative size in base 256": member(size=b"\xff" * 12) + END,
    "a size with an underscore": member(size=b"0_%o\0\0\0\0\0\0\0" % len(PICKLE)) + END,
    "a size with spaces": member(size=b"%11o " % len(PICKLE)) + END,
    "a size after a NUL": member(size=b"\0%010o\0" % len(PICKLE)) + END,
    "an unusual number elsewhere": member(mode=(100, b"rw-r--r-")) + END,
    "a size in a pax header": described(b"x", record(b"size", b"%d" % len(PICKLE))) + member(size=0) + END,
    "a size in Solaris' pax header": described(b"X", record(b"size", b"%d" % len(PICKLE))) + member(size=0) + END,
    "two sizes": described(b"x", record(b"size", b"0")) + member() + END,
    "two sizes in a pax header": described(b"x", record(b"size", b"0") + record(b"size", b"512")) + member() + END,
    "a size that int accepts": described(b"x", record(b"size", b" 5_1")) + member(size=0) + END,
    "a size in a global header": described(b"g", record(b"size", b"512")) + member(size=0) + END,
    "a size before a long name": described(b"x", record(b"size", b"512")) + described(b"L", b"b\0") + member() + END,
    "a pax header that breaks off": described(b"x", b"99 size=0\n") + member() + END,
    "a pax header with a damaged record": described(b"x", b"junk\n" + record(b"size", b"0")) + member() + END,
    "holes, in GNU's form": member(kind=b"S", magic=b"ustar  \0") + END,
    "holes, in pax's form": described(b"x", record(b"GNU.sparse.major", b"1")) + member() + END,
    "a long name": described(b"L", b"b" * 200 + b"\0") + member() + END,
    "a long name and a long link": described(b"K", b"c\0") + described(b"L", b"b" * 200 + b"\0") + member() + END,
    "many long names": described(b"L", b"b\0") * 50 + member() + END,
    "a huge long name": described(b"L", b"b" * (2 << 20)) + member() + END,
    "a volume header": member(kind=b"V") + END,
    "a dump of a folder": member(kind=b"D") + END,
    "a later part of a file": member(kind=b"M") + END,
    "an old long name": member(kind=b"N") + END,
    "a contiguous file": member(kind=b"7") + END,
    "an unknown type": member(kind=b"~") + END,
    "a hard link with content": member(kind=b"1") + END,
    "a symbolic link with content": member(kind=b"2") + END,
    "a device with content": member(kind=b"3") + END,
    "a folder with content": member(kind=b"5", name=b"a/") + END,
    "a file with a folder's name": member(kind=b"\0", name=b"a/") + END,
    "a link with the size of what follows": header(1024, kind=b"1") + member() + END,
    "an archive after another": TEXT + END + member() + END,
    "an archive after a single block of zeros": TEXT + bytes(512) + member() + END,
    "an archive after zeros": bytes(512 * 5000) + member() + END,
    "an archive after a damaged header": TEXT + b"junk" * 128 + member() + END,
    "a damaged header with a signature": b"junk" + member()[4:] + END,
    "a member after one that is too large": header(1 << 40) + member() + END,
    "a member without padding": (TEXT + member())[: 1536 + len(PICKLE)],
    "a member that breaks off": header(len(PICKLE) + 1) + PICKLE,
    "a header that breaks off": TEXT + member()[:500],
    "a zip in a tar": tarred({"a": zipped({"b": PICKLE})}),
    "a zip after a tar": tarred({"a": b"text"}) + zipped({"b": PICKLE}),
    "compressed": gzip.compress(TEXT + END + member() + END),
    "compressed, behind other bytes": gzip.compress(b"junk" * 128 + member(zlib.compress(PICKLE)) + END),
    "v7, behind other bytes, with a size that int accepts": b"junk" * 128
    + member(zlib.compress(PICKLE), size=b"+%011o" % len(zlib.compress(PICKLE)), magic=b"")
    + END,
}


@pytest.mark.parametrize("data", HIDDEN.values(), ids=HIDDEN)
def test_a_pickle_in_any_place_of_a_tar_is_refused(data: bytes) -> None:
    assert found_in(data) is not None


CLEAN = {
    "a single text": TEXT + END,
    "without an end": TEXT,
    "without padding": TEXT[:517],
    "two archives in a row": TEXT + END + TEXT + END,
    "an empty archive": bytes(10240),
    "a time before 1970": member(b"text\n", mtime=(136, b"\xff" * 11 + b"\x9c")) + END,
    "a large size": described(b"x", record(b"size", b"5")) + member(b"text\n", size=0) + END,
    "both sizes alike": described(b"x", record(b"size", b"5")) + member(b"text\n") + END,
    "a global header, as git writes it": described(b"g", record(b"comment", b"0" * 40)) + TEXT + END,
    "only a global header": described(b"g", record(b"comment", b"0" * 40)) + END,
    "a folder, a link and a file": header(0, kind=b"5", name=b"d/") + header(0, kind=b"2") + TEXT + END,
    "blank numbers": member(b"text\n", owner=(108, b"       \0" * 2)) + END,
    "numbers without an end": member(b"text\n", owner=(108, b"00001750" * 2)) + END,
}


@pytest.mark.parametrize("data", CLEAN.values(), ids=CLEAN)
def test_a_tar_that_all_readers_understand_alike_is_clean(data: bytes) -> None:
    assert found_in(data) is None
    assert found_in(gzip.compress(data)) is None


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_archives_that_tarfile_writes_are_clean(form: int) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as archive:
        for name, kind in (("é/" * 30 + "a.txt", tarfile.REGTYPE), ("folder", tarfile.DIRTYPE), ("l", tarfile.SYMTYPE)):
            info = tarfile.TarInfo(name)
            info.type, info.mtime, info.uid, info.uname = kind, 1.5 if form == tarfile.PAX_FORMAT else 1, 70000, "ü"
            info.linkname = "t" * 90 if kind == tarfile.SYMTYPE else ""
            info.size = 5 if kind == tarfile.REGTYPE else 0
            archive.addfile(info, io.BytesIO(b"text\n") if info.size else None)
    assert found_in(buffer.getvalue()) is None


def contents(data: bytes) -> Iterator[bytes]:
    """Yield the content of every member that tarfile reads, in each of its modes."""
    modes: list[tuple[Literal["r:", "r|"], bool]] = [("r:", False), ("r:", True), ("r|", False)]
    for mode, ignore_zeros in modes:
        with (
            suppress(Exception),
            tarfile.open(fileobj=io.BytesIO(data), mode=mode, ignore_zeros=ignore_zeros) as archive,
        ):
            for info in archive:
                with suppress(Exception):
                    if stream := archive.extractfile(info):
                        yield stream.read()


def test_the_reference_reads_what_is_hidden() -> None:
    assert sum(any(read.startswith(PICKLE) for read in contents(data)) for data in HIDDEN.values()) > 25


SEEDS = [
    tarred({"a.txt": b"text\n", "b.bin": PICKLE}, form)
    for form in (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT)
] + [HIDDEN["a size in a pax header"], HIDDEN["a long name and a long link"], HIDDEN["v7, without a signature"]]
INTERESTING = b"\0 012345679LKxgSXDVMN/=+_\n\x80\xff"


@settings(max_examples=300)
@given(
    st.sampled_from(SEEDS),
    st.lists(st.tuples(st.integers(0, 3000), st.sampled_from(list(INTERESTING))), min_size=1, max_size=4),
    st.booleans(),
)
def test_a_damaged_tar_is_never_clean_when_tarfile_reads_the_pickle(
    seed: bytes, changes: list[tuple[int, int]], repaired: bool
) -> None:
    data = bytearray(seed)
    for place, byte in changes:
        data[place % len(data)] = byte
    if repaired:
        for start in range(0, len(data), 512):
            block = data[start : start + 512]
            if any(block[:100]) and block[257:262] == b"ustar":
                data[start + 148 : start + 156] = b"%06o\0 " % (sum(block) - sum(block[148:156]) + 256)
    if any(read.startswith(PICKLE) for read in contents(bytes(data))) and bytes(data[257:262]) == b"ustar":
        assert found_in(bytes(data)) is not None


def test_a_block_of_code_with_a_fitting_checksum_is_clean() -> None:
    block = bytearray(b"\x8b\xbc\x24" * 170 + b"\0\0")
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    assert found_in(b"\x7fELF" + bytes(508) + bytes(block) + bytes(512)) is None
    # With the signature, GNU tar continues there.
    block[257:262], block[148:156] = b"ustar", b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    assert "readers understand differently" in (found_in(b"\x7fELF" + bytes(508) + bytes(block) + bytes(512)) or "")
