import io
import struct
import zipfile

import pytest

from hublish.formats.input_files import InvalidFileError
from hublish.formats.tensors.zip_directory import MAX_DIRECTORY_SIZE, check_directory


def archive(members: int = 2, comment: bytes = b"") -> io.BytesIO:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.comment = comment
        for number in range(members):
            file.writestr(str(number), b"")
    return buffer


@pytest.mark.parametrize("comment", [b"", b"a comment", b"x" * 65_535])
def test_a_small_archive_passes(comment: bytes) -> None:
    check_directory(archive(comment=comment))


def test_a_zip64_archive_passes() -> None:
    # More members than 16 bits can count make zipfile write the zip64 records; the size then still fits 32 bits.
    check_directory(archive(members=70_000))


def end_record(size: int) -> bytes:
    return struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, size, 0, 0)


def test_a_huge_directory_is_refused() -> None:
    with pytest.raises(InvalidFileError, match="directory takes 10000001 bytes; the limit is 10000000"):
        check_directory(io.BytesIO(end_record(MAX_DIRECTORY_SIZE + 1)))


def test_a_huge_zip64_directory_is_refused() -> None:
    record = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, 2**40, 0)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, 0, 1)
    with pytest.raises(InvalidFileError, match=f"directory takes {2**40} bytes"):
        check_directory(io.BytesIO(record + locator + end_record(0xFFFFFFFF)))


@pytest.mark.parametrize("before", [b"", b"PK\6\7", struct.pack("<4sLQL", b"PK\6\7", 0, 2**63, 1), bytes(100)])
def test_a_damaged_zip64_directory_is_refused(before: bytes) -> None:
    with pytest.raises(InvalidFileError, match="zip64 directory is damaged"):
        check_directory(io.BytesIO(before + end_record(0xFFFFFFFF)))


@pytest.mark.parametrize("raw", [b"", b"x" * 100_000, b"PK\5\6", b"PK\5\6" + bytes(17)])
def test_what_has_no_directory_is_no_zip(raw: bytes) -> None:
    with pytest.raises(InvalidFileError, match="not a zip archive, or cut short"):
        check_directory(io.BytesIO(raw))
