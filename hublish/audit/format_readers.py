"""The interface of the readers of formats that carry other files, and the readers of compressed files and zip archives.

A reader recognizes its format by content, never by name. `containers.py` runs every reader on every file, because a
file may be of several formats at once: a tar may end with the directory of a zip.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

from hublish.formats.blob import (
    Blob,
    ExpandedBlob,
    SliceBlob,
    measured,
    random_access,
    zlib_stream,
)
from hublish.formats.compressions import Compression, compressions_of
from hublish.formats.input_files import InvalidFileError
from hublish.formats.tar_archives import Member, UnreadableError
from hublish.formats.zip_directory import Member as ZipMember
from hublish.formats.zip_directory import readable_members, shown
from hublish.formats.zip_reader import ZSTANDARD_METHOD, is_zip, read_zip, readings_of

# How joblib before 0.10 began its compressed files.
_ZFILE: Final = b"ZF0x"
_ZFILE_NAME: Final = "joblib's old ZFile"
NUMPY: Final = b"\x93NUMPY"
"""How an array of NumPy begins."""
_HDF5: Final = b"\x89HDF\r\n\x1a\n"
# HDF5 specification, II.A: the first offset of a superblock that is not at the beginning; each of the next doubles it.
_FIRST_USER_BLOCK: Final = 512


@dataclass(frozen=True, slots=True)
class Finding:
    """A reason to refuse the file, such as `an array of Python objects, which are pickled`."""

    description: str


Reader = Callable[[Blob, bytes], Iterator[Member | Finding] | None]
"""Return the members and findings of a file, given its bytes and the first `HEAD` of them; None for another format.

It may raise an `UnreadableError`, at once or while the caller iterates.
"""


def compressed_content(blob: Blob, head: bytes) -> Iterator[Member] | None:
    """Yield the content of a compressed file, once for each compression that it may have."""
    if head.startswith(_ZFILE):
        return _expanded(_zfile_content(blob, head), [Compression(_ZFILE_NAME, zlib_stream)])
    found = list(compressions_of(head))
    if not found:
        return None
    if unknown := [compression for compression in found if compression.opener is None]:
        raise UnreadableError(f"a container compressed with {unknown[0].name}")
    # The decision is made now: a caller takes bytes without content for an ordinary file.
    contents = [one for one in found if one.content(blob) is not None]
    return _expanded(blob, contents) if contents else None


def _expanded(blob: Blob, compressions: list[Compression]) -> Iterator[Member]:
    for compression in compressions:
        content = compression.content(blob)
        if content is not None:
            yield Member("", content)
        # By now, the search has read it all. Readers differ in what they make of a damaged stream.
        if content is None or (content.broken and compression.certain):
            raise UnreadableError(f"a container compressed with {compression.name}, which is damaged")


def _zfile_content(blob: Blob, head: bytes) -> Blob:
    # A length in hexadecimal, padded to 19 characters; up to joblib 0.8.4 on Python 2, to 20.
    start = len(_ZFILE) - 2 + 19
    start += head[start : start + 1] == b" "
    return SliceBlob(blob, start, max(0, measured(blob) - start))


def zip_members(blob: Blob, head: bytes, *, ambiguous: bool = False) -> Iterator[Member] | None:
    """Yield every member that has content, in the order of the bytes.

    Args:
        blob: the bytes.
        head: the first of them.
        ambiguous: open also an archive that two readers could understand differently.
    """
    if not is_zip(blob, head):
        return None
    # A compressed zip may be stored in pieces that are a damaged one to zipfile, and no archive to other readers.
    compressed = any(compression.certain for compression in compressions_of(head))
    return _zip_members(blob, ambiguous=ambiguous or compressed)


ambiguous_zip_members = partial(zip_members, ambiguous=True)


def _zip_members(blob: Blob, *, ambiguous: bool) -> Iterator[Member]:
    try:
        with random_access(blob) as source:
            found = readable_members(source) if ambiguous else read_zip(source).members
            for member in sorted(found, key=lambda member: member.begin):
                for content in readings_of(source, member) if member.stored else ():
                    yield Member(member.name, content)
                    if isinstance(content, ExpandedBlob):
                        _check_expanded(member, content)
    except InvalidFileError as error:
        raise UnreadableError(f"a zip archive ({error.message})") from None


def _check_expanded(member: ZipMember, content: ExpandedBlob) -> None:
    """Refuse a member of which readers see different parts; by now, the search has read it all."""
    # zipfile stops at the size in the directory, where the member may itself be a zip.
    if content.read_at(member.size, 1):
        raise InvalidFileError(f"member {shown(member.name)}: its content is longer than its size in the directory")
    if content.broken and member.method == ZSTANDARD_METHOD:
        raise InvalidFileError(f"member {shown(member.name)}: its zstandard frames are damaged")


def find_hdf5(blob: Blob, head: bytes) -> int | None:
    """Return the offset of an HDF5 file, which may follow a block of the user's; None without one."""
    if head.startswith(_HDF5):
        return 0
    offset = _FIRST_USER_BLOCK
    while blob.size is not None and offset < blob.size:
        if blob.read_at(offset, len(_HDF5)) == _HDF5:
            return offset
        offset *= 2
    return None
