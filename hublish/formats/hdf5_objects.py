"""Walk the objects of an HDF5 file without h5py, and return the bytes that a reader may take for an attribute or data.

An audit needs every attribute, wherever it is stored, but not its meaning; so this module ignores types and shapes. It
rejects what it does not know, because HDF5 might find an attribute there. The format: HDF5 File Format Specification
3.0, https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from hublish.formats.blob import Blob, MemoryBlob, SliceBlob, measured
from hublish.formats.hdf5_heaps import Cursor, Heap, Space, records
from hublish.formats.input_files import InvalidFileError

_MAX_OBJECTS: Final = 1_000_000
MAX_LEVELS: Final = 64
"""Levels of groups that are read."""
LINK_RECORDS: Final = {5: 11, 6: 15}
"""The sizes of the records of links, by the types of their trees."""
_ATTRIBUTE_RECORDS: Final = {8: 17, 9: 13}
# A message that refers to another place instead of holding its content.
_SHARED: Final = 2
# The class of a type of variable length, whose values are in a global heap.
_VARIABLE: Final = 9
_SHARED_TABLE: Final = 0x0F


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute."""

    name: str
    data: bytes
    """Its value, with padding after it."""
    variable: bool
    """Whether it consists of references to values in global heaps."""


@dataclass(frozen=True, slots=True)
class Data:
    """The bytes of a dataset that is in one piece."""

    blob: Blob


@dataclass(frozen=True, slots=True)
class VariableLength:
    """A value of variable length may be in any of the global heaps."""


Part = Attribute | Data | VariableLength


def hdf5_parts(blob: Blob, base: int) -> tuple[Space, Iterator[Part]]:
    """Return the addresses of a file, and the parts of all its objects; `base` is its offset.

    Raises:
        InvalidFileError: here or while iterating, when it is damaged or has a structure that is not known.
    """
    space, version = open_space(blob, base)
    return space, ObjectWalk(space).parts(version)


def open_space(blob: Blob, base: int) -> tuple[Space, int]:
    """Return the addresses of a file, and the version of its superblock; see `hdf5_parts`."""
    head = blob.read_at(base, 16)
    version = head[8] if len(head) == 16 else -1
    # The sizes follow the versions of other structures, in the first two versions.
    sizes = head[13:15] if version in (0, 1) else head[9:11]
    if version not in (0, 1, 2, 3) or not set(sizes) <= {2, 4, 8}:
        raise InvalidFileError("it has an unknown version")
    return Space(blob, base, measured(blob), *sizes), version


@dataclass(slots=True)
class ObjectWalk:
    """A walk over all objects of a file."""

    space: Space
    waiting: list[int] = field(default_factory=list)
    """The addresses of objects that were found and not read."""
    objects: int = 0

    def parts(self, version: int) -> Iterator[Part]:
        """Yield the parts of all objects; `version` is that of the superblock."""
        self._superblock(version)
        yield from self._rest()

    def _rest(self) -> Iterator[Part]:
        while self.waiting:
            address = self.waiting.pop()
            if not self.space.is_new("object", address):
                continue
            self.objects += 1
            if self.objects > _MAX_OBJECTS:
                raise InvalidFileError(f"it has more than {_MAX_OBJECTS} objects")
            yield from self._object(address)

    def _object(self, address: int) -> Iterator[Part]:
        for kind, flags, data in self._messages(address):
            yield from self._message(kind, flags, self.space.cursor(data))

    def _superblock(self, version: int) -> None:
        place = {0: 24, 1: 28}.get(version, 12)
        if version > 1:
            cursor = self.space.cursor(self.space.read(place, 4 * self.space.offset_size))
            # HDF5 corrects a wrong base address, which comes first; the extension and the root are objects.
            _, extension, _, root = (cursor.address() for _ in range(4))
            self._add(extension)
            self._add(root)
            return
        # The addresses before the root are of the base, the free space, the end, and the block for drivers.
        place += 4 * self.space.offset_size
        entry = self.space.cursor(self.space.read(place, 3 * self.space.offset_size + 8))
        self._entry(entry, MAX_LEVELS)

    # ------------------------------------------------------------------------------------- object headers

    def _messages(self, address: int) -> Iterator[tuple[int, int, bytes]]:
        """Yield the type, the flags and the data of the messages in the header of an object."""
        head = self.space.read(address, 16)
        modern = head.startswith(b"OHDR\2")
        if not modern and head[0] != 1:
            raise InvalidFileError("an object has a header of an unknown version")
        ordered = modern and bool(head[5] & 4)
        if modern:
            start = 6 + (16 if head[5] & 32 else 0) + (4 if head[5] & 16 else 0)
            width = 1 << (head[5] & 3)
            length = int.from_bytes(self.space.read(address + start, width), "little")
            chunks = [(address + start + width, length)]
        else:
            chunks = [(address + 16, int.from_bytes(head[8:12], "little"))]
        while chunks:
            data = self.space.read(*chunks.pop())
            for kind, flags, content in _split(data, modern=modern, ordered=ordered):
                if kind == 0x10:
                    chunks += self._continued(content, modern=modern)
                else:
                    yield kind, flags, content

    def _continued(self, content: bytes, *, modern: bool) -> Iterator[tuple[int, int]]:
        cursor = self.space.cursor(content)
        address, length = cursor.address(), cursor.length()
        if address is None or not self.space.is_new("continuation", address):
            raise InvalidFileError("the header of an object continues nowhere, or in a circle")
        if not modern:
            yield address, length
            return
        if self.space.read(address, 4) != b"OCHK" or length < 8:
            raise InvalidFileError("the header of an object is damaged")
        yield address + 4, length - 8

    def _message(self, kind: int, flags: int, cursor: Cursor) -> Iterator[Part]:
        if kind == _SHARED_TABLE or (kind == 0x0C and flags & _SHARED):
            raise InvalidFileError("it shares attributes between objects")
        if kind == 0x03 and (flags & _SHARED or _may_vary(cursor.data)):
            yield VariableLength()
        elif kind == 0x0C:
            yield from _attribute(cursor)
        elif kind == 0x15:
            yield from self._dense_attributes(*heap_and_indexes(cursor, 2))
        elif kind == 0x08:
            yield from self._layout(cursor)
        else:
            self._links(kind, cursor)

    # ------------------------------------------------------------------------------------- groups

    def _links(self, kind: int, cursor: Cursor) -> None:
        """Add the objects to which the links in a message of a group lead."""
        if kind == 0x06:
            self._add(_link_target(cursor))
        elif kind == 0x02:
            heap_address, indexes = heap_and_indexes(cursor, 8)
            if heap_address is None:
                return
            heap = Heap.at(self.space, heap_address)
            for index in indexes:
                for record in records(self.space, index, LINK_RECORDS):
                    content = heap.content(record[-7:])
                    if content is not None:
                        self._add(_link_target(self.space.cursor(content)))
            for content in heap.large_objects():
                self._add(_link_target(self.space.cursor(content)))
        elif kind == 0x11:
            self._symbols(cursor.address(), MAX_LEVELS)

    def _symbols(self, address: int | None, levels: int) -> None:
        """Add the objects in a B-tree of version 1, which indexes the names of a group."""
        if address is None or not self.space.is_new("names", address):
            return
        offset, length = self.space.offset_size, self.space.length_size
        node = self.space.cursor(self.space.read(address, 8 + 2 * offset))
        node.expect(b"TREE")
        level, count = node.number(1), node.number(2)
        if not levels:
            raise InvalidFileError("a group is nested too deep")
        # A key precedes every child, and one follows the last.
        entries = self.space.cursor(self.space.read(address + 8 + 2 * offset, count * (offset + length)))
        for _ in range(count):
            entries.take(length)
            child = entries.address()
            if level:
                self._symbols(child, levels - 1)
            elif child is not None:
                self._symbol_node(child, levels)

    def _symbol_node(self, address: int, levels: int) -> None:
        header = self.space.cursor(self.space.read(address, 8))
        header.expect(b"SNOD", b"\1")
        header.take(1)
        count, entry_size = header.number(2), 2 * self.space.offset_size + 24
        entries = self.space.cursor(self.space.read(address + 8, count * entry_size))
        for index in range(count):
            entries.place = index * entry_size
            self._entry(entries, levels)

    def _entry(self, cursor: Cursor, levels: int) -> None:
        cursor.address()  # the place of the name
        self._add(cursor.address())
        # HDF5 may follow the cached address of a group's names instead of the group itself.
        if cursor.number(4) == 1:
            cursor.take(4)
            self._symbols(cursor.address(), levels - 1)

    def _add(self, address: int | None) -> None:
        if address is not None and ("object", address) not in self.space.seen:
            self.waiting.append(address)

    # ------------------------------------------------------------------------------------- attributes and data

    def _dense_attributes(self, heap_address: int | None, indexes: list[int]) -> Iterator[Part]:
        if heap_address is None:
            return
        heap, known = Heap.at(self.space, heap_address), set[bytes]()
        for index in indexes:
            for record in records(self.space, index, _ATTRIBUTE_RECORDS):
                identifier = record[:8]
                if record[8] & _SHARED:
                    raise InvalidFileError("it shares attributes between objects")
                if identifier not in known and (content := heap.content(identifier)) is not None:
                    yield from _attribute(self.space.cursor(content))
                known.add(identifier)
        for content in heap.large_objects():
            yield from _attribute(self.space.cursor(content))

    def _layout(self, cursor: Cursor) -> Iterator[Data]:
        """Yield the bytes of a dataset that is in one piece."""
        version, size = cursor.number(1), self.space.size
        if version in (1, 2):
            rank, kind = cursor.number(1), cursor.number(1)
            cursor.take(5)
            # The size of old datasets follows from type and shape: take all that follows.
            address = cursor.address() if kind else None
            if not kind:
                cursor.take(4 * rank)
                yield Data(MemoryBlob(cursor.take(cursor.number(4))))
        else:
            kind = cursor.number(1)
            if not kind:
                yield Data(MemoryBlob(cursor.take(cursor.number(2))))
            address, size = (cursor.address(), cursor.length()) if kind == 1 else (None, 0)
        start = self.space.base + (address or 0)
        if address is not None and kind == 1 and start < self.space.size:
            yield Data(SliceBlob(self.space.blob, start, min(size, self.space.size - start)))


def _split(data: bytes, *, modern: bool, ordered: bool) -> Iterator[tuple[int, int, bytes]]:
    """Yield the type, the flags and the data of the messages in a part of a header."""
    width, place = (6 if ordered else 4) if modern else 8, 0
    # A rest that is too short for a message is a gap.
    while len(data) - place >= width:
        kind = data[place] if modern else int.from_bytes(data[place : place + 2], "little")
        at = place + (1 if modern else 2)
        size, flags = int.from_bytes(data[at : at + 2], "little"), data[at + 2]
        content = data[place + width : place + width + size]
        if len(content) != size:
            raise InvalidFileError("the header of an object is damaged")
        yield kind, flags, content
        place += width + size


def _link_target(cursor: Cursor) -> int | None:
    return read_link(cursor)[1]


def read_link(cursor: Cursor) -> tuple[bytes, int | None]:
    """Return a link's name, and the address of its object; None for a link to a name in this or another file."""
    version, flags = cursor.number(1), cursor.number(1)
    if version != 1:
        raise InvalidFileError("a link is of an unknown version")
    kind = cursor.number(1) if flags & 8 else 0
    cursor.take((8 if flags & 4 else 0) + (1 if flags & 16 else 0))
    name = cursor.take(cursor.number(1 << (flags & 3)))
    return name, cursor.address() if kind == 0 else None


def heap_and_indexes(cursor: Cursor, order_width: int) -> tuple[int | None, list[int]]:
    """Return the addresses of the heap with the links or attributes of an object, and of its indexes."""
    version, flags = cursor.number(1), cursor.number(1)
    if version:
        raise InvalidFileError("the links or attributes of an object are of an unknown version")
    cursor.take(order_width if flags & 1 else 0)
    heap = cursor.address()
    # By name and, where it is kept, by the order of creation; readers use either.
    indexes = [cursor.address() for _ in range(2 if flags & 2 else 1)]
    return heap, [index for index in indexes if index is not None]


def _attribute(cursor: Cursor) -> Iterator[Part]:
    version, flags = cursor.number(1), cursor.number(1)
    if version not in (1, 2, 3):
        raise InvalidFileError("an attribute is of an unknown version")
    sizes = [cursor.number(2) for _ in range(3)]
    cursor.take(1 if version == 3 else 0)
    # In version 1, each part is padded to a multiple of eight.
    name, kind, _ = (cursor.take(size + (-size % 8 if version == 1 else 0)) for size in sizes)
    shared = version > 1 and flags & 1
    variable = not shared and bool(kind) and kind[0] & 15 == _VARIABLE
    # The type of the elements follows the first eight bytes.
    if shared or _may_vary(kind[8:] if variable else kind):
        yield VariableLength()
    yield Attribute(name.partition(b"\0")[0].decode("utf-8", "replace"), cursor.data[cursor.place :], variable)


def _may_vary(kind: bytes) -> bool:
    """Whether a type may have parts of variable length; its names may look like one."""
    return any(byte & 15 == _VARIABLE and 1 <= byte >> 4 <= 5 for byte in kind)
