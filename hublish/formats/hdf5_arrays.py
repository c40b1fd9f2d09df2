"""Read the shapes and types of the arrays in an HDF5 file without h5py, and without its data.

The format: HDF5 File Format Specification 3.0, IV.A.2.b (dataspaces), IV.A.2.d (datatypes) and III.D (local heaps).
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from hublish.formats.blob import Blob
from hublish.formats.hdf5_heaps import Cursor, Heap, records
from hublish.formats.hdf5_objects import (
    LINK_RECORDS,
    MAX_LEVELS,
    ObjectWalk,
    Part,
    heap_and_indexes,
    open_space,
    read_link,
)
from hublish.formats.input_files import InvalidFileError

_DATASPACE: Final = 0x01
_DATATYPE: Final = 0x03
_LAYOUT: Final = 0x08
_INTEGER: Final = 0
_FLOAT: Final = 1
# A message that refers to another place instead of holding its content.
_SHARED: Final = 2
_NULL: Final = 2
_BFLOAT_EXPONENT: Final = 8


class Array(NamedTuple):
    """The header of an array."""

    dtype: str
    """As safetensors names it: `F32`, `BF16`; empty for a type that is not a number."""
    elements: int
    nbytes: int
    """Bytes in memory."""


def read_arrays(blob: Blob, wanted: Callable[[str], bool]) -> Iterator[Array]:
    """Yield the arrays of a file, each once.

    Args:
        blob: the file.
        wanted: returns whether to read the objects below a name of the root group.

    Raises:
        InvalidFileError: here or while iterating, when it is damaged or has a structure that is not known.
    """
    space, version = open_space(blob, 0)
    return _Arrays(space, wanted=wanted).arrays(version)


@dataclass(slots=True)
class _Arrays(ObjectWalk):
    wanted: Callable[[str], bool] = lambda _: True
    found: list[Array] = field(default_factory=list)
    named: list[tuple[int, int | None]] | None = None
    """While the root group is read: the places of names in its heap, and the addresses of their objects."""

    def arrays(self, version: int) -> Iterator[Array]:
        """Yield the arrays; `version` is that of the superblock."""
        self._superblock(version)
        # An extension of the superblock precedes the root, and objects with cached addresses follow it.
        roots, self.waiting = self.waiting[:1] if version < 2 else self.waiting[-1:], []
        for name, address in self._children(roots[0]) if roots else ():
            if address is not None and self.wanted(name.decode("utf-8", "replace")):
                self.waiting.append(address)
        for _ in self._rest():
            pass
        yield from self.found

    def _children(self, address: int) -> Iterator[tuple[bytes, int | None]]:
        for kind, _, data in self._messages(address):
            cursor = self.space.cursor(data)
            if kind == 0x06:
                yield read_link(cursor)
            elif kind == 0x02:
                yield from self._dense_links(cursor)
            elif kind == 0x11:
                yield from self._symbol_table(cursor)

    def _dense_links(self, cursor: Cursor) -> Iterator[tuple[bytes, int | None]]:
        heap_address, indexes = heap_and_indexes(cursor, 8)
        if heap_address is None or not indexes:
            return
        heap = Heap.at(self.space, heap_address)
        for record in records(self.space, indexes[0], LINK_RECORDS):
            if (content := heap.content(record[-7:])) is not None:
                yield read_link(self.space.cursor(content))

    def _symbol_table(self, cursor: Cursor) -> Iterator[tuple[bytes, int | None]]:
        tree, heap = cursor.address(), cursor.address()
        if heap is None:
            return
        header = self.space.cursor(self.space.read(heap, 8 + 2 * self.space.length_size + self.space.offset_size))
        header.expect(b"HEAP")
        header.take(3)
        size, _, start = header.length(), header.length(), header.address()
        names = self.space.read(start, size) if start is not None else b""
        self.named = []
        self.space.seen = {each for each in self.space.seen if each[0] != "names"}
        self._symbols(tree, MAX_LEVELS)
        entries, self.named = self.named, None
        yield from ((names[place:].partition(b"\0")[0], address) for place, address in entries)

    def _entry(self, cursor: Cursor, levels: int) -> None:
        if self.named is None:
            ObjectWalk._entry(self, cursor, levels)  # noqa: SLF001 - without the zero arguments of a class with slots
        else:
            self.named.append((cursor.address() or 0, cursor.address()))

    def _object(self, address: int) -> Iterator[Part]:
        shape, kind, is_data = None, None, False
        for number, flags, data in self._messages(address):
            cursor = self.space.cursor(data)
            if number == _DATASPACE:
                shape = _elements(cursor)
            elif number == _DATATYPE and not flags & _SHARED:
                kind = _type(cursor)
            elif number == _LAYOUT:
                is_data = True
            else:
                self._links(number, cursor)
        if is_data and shape is not None and kind is not None:
            self.found.append(Array(kind[0], shape, shape * kind[1]))
        return iter(())


def _elements(cursor: Cursor) -> int:
    version, rank, _ = cursor.number(1), cursor.number(1), cursor.number(1)
    if version not in (1, 2):
        raise InvalidFileError("a dataspace is of an unknown version")
    if version == 1:
        cursor.take(5)
    elif cursor.number(1) == _NULL:
        return 0
    return math.prod(cursor.length() for _ in range(rank))


def _type(cursor: Cursor) -> tuple[str, int]:
    """Return the name of a type of numbers, and its bytes."""
    kind, bits, size = cursor.number(1) & 15, cursor.take(3), cursor.number(4)
    if kind == _INTEGER:
        return f"{'I' if bits[0] & 8 else 'U'}{8 * size}", size
    if kind == _FLOAT:
        cursor.take(5)  # the offset, the precision and the place of the exponent
        return "BF16" if size == 2 and cursor.number(1) == _BFLOAT_EXPONENT else f"F{8 * size}", size
    return "", size
