"""The members of a zip archive, each as a blob, whatever their checksums say.

Loaders of weights follow the central directory, so it is what is read here; the checksums are not compared,
because several loaders do not compare them either.
"""

import bz2
import io
import lzma
import zipfile
from collections.abc import Iterator
from typing import Final

from hublish.audit.blob import Blob, SliceBlob
from hublish.audit.expanding import ExpandedBlob, Opener, raw_deflate
from hublish.audit.members import Member, UnreadableError

_LOCAL_HEADER: Final = b"PK\x03\x04"
_DIRECTORY_END: Final = b"PK\x05\x06"
_ENCRYPTED: Final = 0x1
# The end record may be followed by a comment of 64 KiB (APPNOTE 4.3.16).
_TAIL: Final = 22 + 0xFFFF


def _lzma_member() -> lzma.LZMADecompressor:
    # APPNOTE 5.8: the properties stand before the data, in a form the lzma module does not read.
    msg = "a zip member compressed with LZMA cannot be looked into"
    raise UnreadableError(msg)


_OPENERS: Final[dict[int, Opener]] = {
    zipfile.ZIP_DEFLATED: raw_deflate,
    zipfile.ZIP_BZIP2: bz2.BZ2Decompressor,
    zipfile.ZIP_LZMA: _lzma_member,
}


def is_zip(blob: Blob, head: bytes) -> bool:
    """Whether the bytes are a zip archive: from the start, or behind other bytes, as self-extracting ones are."""
    if head.startswith((_LOCAL_HEADER, _DIRECTORY_END)):
        return True
    size = blob.size
    return size is not None and _DIRECTORY_END in blob.read_at(max(0, size - _TAIL), _TAIL) and bool(_entries(blob))


def zip_members(blob: Blob) -> Iterator[Member]:
    """Yield every member that is a file, in the order of the archive.

    Raises:
        UnreadableError: when the directory is broken, or a member is encrypted or compressed in an unknown way.
    """
    entries = _entries(blob)
    if entries is None:
        msg = "a zip archive whose directory cannot be read"
        raise UnreadableError(msg)
    for entry in sorted(entries, key=lambda entry: entry.header_offset):
        if entry.compress_size:
            yield Member(entry.filename, _content(blob, entry))


def _entries(blob: Blob) -> list[zipfile.ZipInfo] | None:
    try:
        with zipfile.ZipFile(io.BufferedReader(_BlobFile(blob))) as archive:
            return archive.infolist()
    # zipfile meets hostile directories with more than its own error.
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OverflowError, OSError):
        return None


def _content(blob: Blob, entry: zipfile.ZipInfo) -> Blob:
    if entry.flag_bits & _ENCRYPTED:
        msg = "a zip archive with an encrypted member"
        raise UnreadableError(msg)
    header = blob.read_at(entry.header_offset, 30)
    if not header.startswith(_LOCAL_HEADER) or len(header) < 30:
        msg = "a zip archive whose directory points to no member"
        raise UnreadableError(msg)
    names = int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
    stored = SliceBlob(blob, entry.header_offset + 30 + names, entry.compress_size)
    if entry.compress_type == zipfile.ZIP_STORED:
        return stored
    opener = _OPENERS.get(entry.compress_type)
    if opener is None:
        msg = f"a zip archive with a member compressed by method {entry.compress_type}"
        raise UnreadableError(msg)
    return ExpandedBlob(stored, opener)


class _BlobFile(io.RawIOBase):
    """A blob as the seekable file that `zipfile` asks for."""

    def __init__(self, blob: Blob) -> None:
        super().__init__()
        self._blob = blob
        self._position = 0
        self._size = _measured(blob)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if base + offset < 0:
            msg = "negative position"
            raise OSError(msg)  # as files do, which zipfile counts on
        self._position = base + offset
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typeshed's Buffer is 3.12's
        data = self._blob.read_at(self._position, len(buffer))
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)


def _measured(blob: Blob) -> int:
    if blob.size is not None:
        return blob.size
    size = 0
    while piece := blob.read_at(size, 1 << 20):
        size += len(piece)
    return size
