"""A zip's directory: its size, checked before anything reads all of it into memory, and what reading it can raise.

The format: PKWARE's APPNOTE.TXT, 4.3.14 to 4.3.16.
"""

import errno
import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from hublish.formats.input_files import InvalidFileError

MAX_DIRECTORY_SIZE = 10_000_000
"""Bytes; 100,000 members with names of 50 characters take as much. zipfile needs about a second for them."""

_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR = struct.Struct("<4sLQL")
_MAX_COMMENT = 65_535
_IN_ZIP64 = 0xFFFFFFFF


_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,  # a compression or version zipfile does not know
    RuntimeError,  # a password
    ValueError,
    OverflowError,
    OSError,
)


def check_directory(file: IO[bytes]) -> None:
    """Refuse a file that is no zip, or whose directory is too long.

    Raises:
        InvalidFileError: saying which.
    """
    size = _directory_size(file)
    if size > MAX_DIRECTORY_SIZE:
        msg = f"the archive's directory takes {size} bytes; the limit is {MAX_DIRECTORY_SIZE}"
        raise InvalidFileError(msg)


def _directory_size(file: IO[bytes]) -> int:
    total = file.seek(0, io.SEEK_END)
    start = file.seek(max(0, total - _END.size - _MAX_COMMENT))
    tail = file.read()
    found = tail.rfind(b"PK\5\6")
    if found < 0 or len(tail) - found < _END.size:
        msg = "not a zip archive, or cut short: its directory is missing"
        raise InvalidFileError(msg, hint="numpy.savez writes .npz files")
    size: int = _END.unpack_from(tail, found)[5]
    return size if size != _IN_ZIP64 else _zip64_directory_size(file, start + found)


def _zip64_directory_size(file: IO[bytes], end: int) -> int:
    file.seek(max(0, end - _LOCATOR.size))
    locator = file.read(_LOCATOR.size)
    if len(locator) == _LOCATOR.size and locator.startswith(b"PK\6\7"):
        offset: int = _LOCATOR.unpack(locator)[2]
        file.seek(min(offset, end))
        record = file.read(_END64.size)
        if len(record) == _END64.size and record.startswith(b"PK\6\6"):
            size: int = _END64.unpack(record)[8]
            return size
    msg = "the archive's zip64 directory is damaged"
    raise InvalidFileError(msg)


@contextmanager
def damage_named() -> Iterator[None]:
    """Turn what zipfile and zlib raise on a damaged archive into one kind of error."""
    try:
        yield
    except InvalidFileError:
        raise
    except _DAMAGE as error:
        # zipfile seeks to where a damaged directory points; every other failure of a file is no damage.
        if isinstance(error, OSError) and error.errno != errno.EINVAL:
            raise
        msg = f"damaged or unsupported archive: {error}"
        raise InvalidFileError(msg) from None
