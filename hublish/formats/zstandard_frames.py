"""Find where the frames of zstandard end (RFC 8878, 3.1), without expanding them.

A member of a zip that is compressed by this method may consist of several frames. Some readers stop after the first
one, and others ignore bytes between frames, or skip frames that carry no content.
"""

from collections.abc import Iterator
from typing import Final

from hublish.formats.blob import Blob, measured
from hublish.formats.input_files import InvalidFileError

_MAGIC: Final = b"\x28\xb5\x2f\xfd"
_LONGEST_HEADER: Final = 18
# Bytes of the size of the content in the header of a frame, by two bits of its descriptor.
_CONTENT_SIZE: Final = (0, 2, 4, 8)
_RLE: Final = 1
_RESERVED: Final = 3
# Blocks of honest writers have up to 128 KiB; blocks without content could make a few megabytes take minutes.
_MOST_BLOCKS: Final = 1_000_000


def frame_ends(blob: Blob) -> Iterator[int]:
    """Yield the offset of the end of each frame; all bytes belong to frames.

    Raises:
        InvalidFileError: when other bytes are before, between or after them, or one is damaged.
    """
    size, position, left = measured(blob), 0, _MOST_BLOCKS
    while position < size:
        position, checked = _first_block(blob, position)
        last = False
        while not last:
            header = int.from_bytes(blob.read_at(position, 3), "little")
            last, kind, length = bool(header & 1), header >> 1 & 3, header >> 3
            position += 3 + (1 if kind == _RLE else length)
            left -= 1
            if kind == _RESERVED or position > size or not left:
                raise InvalidFileError("its zstandard frames are damaged")
        position += 4 * checked
        if position > size:
            raise InvalidFileError("its zstandard frames are damaged")
        yield position


def _first_block(blob: Blob, start: int) -> tuple[int, bool]:
    """Return the offset of the first block of a frame, and whether a checksum follows the last one."""
    head = blob.read_at(start, _LONGEST_HEADER)
    if not head.startswith(_MAGIC) or len(head) <= len(_MAGIC):
        raise InvalidFileError("its data is not only zstandard frames")
    descriptor = head[len(_MAGIC)]
    single = bool(descriptor & 0x20)
    if descriptor & 3:
        raise InvalidFileError("it needs a dictionary of zstandard")
    content = _CONTENT_SIZE[descriptor >> 6] or int(single)
    return start + len(_MAGIC) + 1 + (not single) + content, bool(descriptor & 4)
