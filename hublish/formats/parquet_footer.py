"""The key-value metadata in the footer of a Parquet file.

The footer is a struct of Thrift's compact protocol, which is never compressed:
https://github.com/apache/parquet-format and
https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md.
"""

from collections.abc import Iterator
from typing import Final

from hublish.formats.blob import Blob
from hublish.formats.input_files import InvalidFileError

MAGIC: Final = b"PAR1"
ENCRYPTED: Final = b"PARE"
MAX_FOOTER: Final = 512 << 20
"""Bytes. A footer grows with the columns of all row groups, and takes megabytes at most."""
_KEY_VALUES: Final = 5  # of FileMetaData
_MAX_DEPTH: Final = 32
# Values that are skipped: a footer of 100,000 columns in all row groups has some four million.
_MAX_VALUES: Final = 20_000_000
DAMAGED: Final = "its footer is damaged"
STOP, TRUE, FALSE, BYTE, DOUBLE, BINARY, LIST, SET, MAP, STRUCT, UUID = 0, 1, 2, 3, 7, 8, 9, 10, 11, 12, 13
INTEGERS: Final = (4, 5, 6)


def key_value_metadata(blob: Blob, size: int) -> list[tuple[bytes, bytes]]:
    """Return the pairs of a file of `size` bytes that ends with a magic; equal keys are kept.

    Raises:
        InvalidFileError: the footer is damaged, encrypted or too long.
    """
    end = blob.read_at(size - 8, 8)
    if end[4:] != ENCRYPTED and not any(end[:4]):
        return []  # no reader reads such a file
    reader = CompactReader(blob.read_at(*footer_place(end, size)))
    found: list[tuple[bytes, bytes]] = []
    for number, kind in reader.fields():
        if number == _KEY_VALUES and kind == LIST:
            found += reader.pairs()
        else:
            reader.skip(kind)
    return found


def footer_place(end: bytes, size: int) -> tuple[int, int]:
    """Return the offset and the length of the footer.

    Args:
        end: the last eight bytes of the file, which has a magic there.
        size: bytes of the file.

    Raises:
        InvalidFileError: the footer is encrypted, or has an impossible length.
    """
    length = int.from_bytes(end[:4], "little")
    if end[4:] == ENCRYPTED:
        raise InvalidFileError("its footer is encrypted")
    if end[4:] != MAGIC or not 0 < length <= min(MAX_FOOTER, size - 8):
        raise InvalidFileError("its footer is damaged, or too long")
    return size - 8 - length, length


class CompactReader:
    """Reads values of Thrift's compact protocol one after another."""

    def __init__(self, data: bytes, position: int = 0) -> None:
        self._data = data
        self._position = position
        self._left = _MAX_VALUES

    @property
    def position(self) -> int:
        """Bytes that were read."""
        return self._position

    def fields(self, number: int = 0) -> Iterator[tuple[int, int]]:
        """Yield number and type of each field of a struct after `number`; the caller reads or skips the value."""
        while (header := self._byte()) != STOP:
            delta = header >> 4
            number = number + delta if delta else self.zigzag()
            yield number, header & 15

    def pairs(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield the structs of a list, each a key (1) and a value (2)."""
        count, kind = self.list_header()
        for _ in range(count):
            if kind != STRUCT:
                raise InvalidFileError(DAMAGED)
            pair = {1: b"", 2: b""}
            for number, field in self.fields():
                if number in pair and field == BINARY:
                    pair[number] = self.binary()
                else:
                    self.skip(field)
            yield pair[1], pair[2]

    def skip(self, kind: int, depth: int = 0, *, element: bool = False) -> None:
        """Skip a value. A boolean has a byte only as an element; as a field, its type is the value."""
        self._left -= 1
        if depth > _MAX_DEPTH or self._left < 0:
            raise InvalidFileError("its footer has too many values, or is nested too deep")
        if kind in INTEGERS:
            self._varint()
        elif kind == BINARY:
            self.binary()
        elif kind in (LIST, SET):
            count, inner = self.list_header()
            for _ in range(count):
                self.skip(inner, depth + 1, element=True)
        elif kind == STRUCT:
            for _, inner in self.fields():
                self.skip(inner, depth + 1)
        elif kind == MAP:
            self._skip_map(depth)
        else:
            self._skip_fixed(kind, element)

    def _skip_map(self, depth: int) -> None:
        if count := self._varint():
            kinds = self._byte()
            for _ in range(count):
                self.skip(kinds >> 4, depth + 1, element=True)
                self.skip(kinds & 15, depth + 1, element=True)

    def _skip_fixed(self, kind: int, element: bool) -> None:
        sizes = {TRUE: int(element), FALSE: int(element), BYTE: 1, DOUBLE: 8, UUID: 16}
        if kind not in sizes:
            raise InvalidFileError(DAMAGED)
        self._take(sizes[kind])

    def list_header(self) -> tuple[int, int]:
        """Return the length of a list, and the type of its elements."""
        header = self._byte()
        count = header >> 4
        count = self._varint() if count == 15 else count
        # An element takes a byte at least, so that a count alone cannot keep a reader busy.
        if count > len(self._data) - self._position:
            raise InvalidFileError(DAMAGED)
        return count, header & 15

    def binary(self) -> bytes:
        """Return a value of bytes."""
        return self._take(self._varint())

    def _take(self, length: int) -> bytes:
        end = self._position + length
        if end > len(self._data):
            raise InvalidFileError(DAMAGED)
        part = self._data[self._position : end]
        self._position = end
        return part

    def _byte(self) -> int:
        # Most of a footer is single bytes, so this is where the time goes.
        try:
            value = self._data[self._position]
        except IndexError:
            raise InvalidFileError(DAMAGED) from None
        self._position += 1
        return value

    def zigzag(self) -> int:
        """Return an integer."""
        value = self._varint()
        return value >> 1 ^ -(value & 1)

    def _varint(self) -> int:
        value = self._byte()
        if value < 0x80:
            return value
        value &= 0x7F
        for shift in range(7, 70, 7):
            byte = self._byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
        raise InvalidFileError(DAMAGED)
