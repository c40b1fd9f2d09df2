"""The structures in which HDF5 stores many links or attributes of one object: B-trees of version 2 and fractal heaps.

The format: HDF5 File Format Specification 3.0, sections III.A.2 and III.G.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from hublish.formats.blob import Blob
from hublish.formats.input_files import InvalidFileError

# Bytes that the structures may take, as a multiple of the file and beyond it: they can refer to the same bytes often.
_MOST_READ: Final = 4
_READ_FLOOR: Final = 64 << 20
# Bytes that are searched at once.
_PIECE: Final = 1 << 20


@dataclass(slots=True)
class Space:
    """The addresses of a file."""

    blob: Blob
    base: int
    """Offset of address 0: a block of the user's may precede the file."""
    size: int
    """Bytes of the blob."""
    offset_size: int
    """Bytes of an address."""
    length_size: int
    """Bytes of a length."""
    taken: int = 0
    """Bytes read so far."""
    seen: set[tuple[str, int]] = field(default_factory=set)
    """Kinds and addresses of the structures that were read."""

    def read(self, address: int, length: int) -> bytes:
        """Return the bytes at an address.

        Raises:
            InvalidFileError: when the file ends before, or structures refer to the same bytes too often.
        """
        self.taken += length
        if self.taken > _MOST_READ * self.size + _READ_FLOOR:
            raise InvalidFileError("its structures overlap")
        data = self.blob.read_at(self.base + address, length) if length <= self.size else b""
        if len(data) != length:
            raise InvalidFileError("a structure is beyond its end")
        return data

    def cursor(self, data: bytes, place: int = 0) -> "Cursor":
        """Return a cursor over bytes."""
        return Cursor(data, self.offset_size, self.length_size, place)

    def is_new(self, kind: str, address: int) -> bool:
        """Whether a structure was not read before; from now on it was."""
        # By kind as well: the same bytes may be read as two structures.
        if (kind, address) in self.seen:
            return False
        self.seen.add((kind, address))
        return True


@dataclass(slots=True)
class Cursor:
    """A place in the bytes of a structure."""

    data: bytes
    offset_size: int
    length_size: int
    place: int = 0

    def take(self, length: int) -> bytes:
        """Return the next bytes.

        Raises:
            InvalidFileError: when there are fewer.
        """
        taken = self.data[self.place : self.place + length]
        if len(taken) != length:
            raise InvalidFileError("a structure is cut short")
        self.place += length
        return taken

    def number(self, width: int) -> int:
        """Return the next number of `width` bytes."""
        return int.from_bytes(self.take(width), "little")

    def length(self) -> int:
        """Return the next length."""
        return self.number(self.length_size)

    def address(self) -> int | None:
        """Return the next address; None when it is undefined."""
        raw = self.take(self.offset_size)
        return None if raw == b"\xff" * self.offset_size else int.from_bytes(raw, "little")

    def expect(self, signature: bytes, versions: bytes = b"\0") -> int:
        """Move past a signature and return the version after it.

        Raises:
            InvalidFileError: when the signature or the version is another.
        """
        found, version = self.take(len(signature)), self.number(1)
        if found != signature or version not in versions:
            raise InvalidFileError(f"a structure is not a {signature.decode()} of a known version")
        return version


def records(space: Space, address: int, kinds: dict[int, int]) -> Iterator[bytes]:
    """Yield the records of a B-tree of version 2, in no particular order.

    Args:
        space: the file.
        address: of the tree.
        kinds: the sizes of the records, by the accepted types of trees.
    """
    header = space.cursor(space.read(address, 18 + space.offset_size))
    header.expect(b"BTHD")
    kind, node_size, record_size, depth = (header.number(width) for width in (1, 4, 2, 2))
    header.take(2)  # the percentages at which nodes are split and merged
    root, count = header.address(), header.number(2)
    if kinds.get(kind) != record_size:
        raise InvalidFileError("an index has records of an unknown kind")
    if root is not None and count:
        yield from _Tree(space, node_size, record_size).walk(root, count, depth)


@dataclass(slots=True)
class _Tree:
    space: Space
    node_size: int
    record_size: int

    def walk(self, address: int, count: int, depth: int) -> Iterator[bytes]:
        if depth > 16:
            raise InvalidFileError("an index is too deep")
        # The signature, the version and the type; a checksum of four bytes is at the end.
        node = self.space.cursor(self.space.read(address, self.node_size))
        node.expect(b"BTIN" if depth else b"BTLF")
        node.take(1)
        for _ in range(count):
            yield node.take(self.record_size)
        if not depth:
            return
        _, count_width, total_width = self._capacity(depth)
        children = []
        for _ in range(count + 1):
            child, entries = node.address(), node.number(count_width)
            node.take(total_width)
            children.append((child, entries))
        for child, entries in children:
            if child is None:
                raise InvalidFileError("an index has a hole")
            yield from self.walk(child, entries, depth - 1)

    def _capacity(self, depth: int) -> tuple[int, int, int]:
        """Return the most records below a node, and the widths of the two counts in its pointers to children."""
        leaf = (self.node_size - 10) // self.record_size
        if leaf < 1:
            raise InvalidFileError("an index has impossible nodes")
        total, total_width = leaf, 0
        for level in range(1, depth + 1):
            total_width = _width(total) if level > 1 else 0
            pointer = self.space.offset_size + _width(leaf) + total_width
            most = max(0, (self.node_size - 10 - pointer) // (self.record_size + pointer))
            total = (most + 1) * total + most
        return total, _width(leaf), total_width


def _width(limit: int) -> int:
    """Return the bytes that HDF5 uses for numbers up to a limit."""
    return (limit.bit_length() - 1) // 8 + 1 if limit else 1


@dataclass(slots=True)
class Heap:
    """A fractal heap: objects of any length, in blocks whose sizes double."""

    space: Space
    id_size: int
    """Bytes of the identifier of an object."""
    large: int | None
    """The index of objects beyond the size of a block."""
    _width: int
    _first_size: int
    _direct_rows: int
    _offset_width: int
    _length_width: int
    _root: int | None
    _rows: int

    @classmethod
    def at(cls, space: Space, address: int) -> "Heap":
        """Read the header of a heap.

        Raises:
            InvalidFileError: when it is damaged, or its objects are compressed.
        """
        size = 22 + 3 * space.offset_size + 12 * space.length_size
        header = space.cursor(space.read(address, size))
        header.expect(b"FRHP")
        id_size, filters, _flags, largest = (header.number(width) for width in (2, 2, 1, 4))
        header.length()
        large = header.address()
        header.take(space.length_size + space.offset_size + 8 * space.length_size)
        width, first, most, bits, _ = (
            header.number(2),
            header.length(),
            header.length(),
            header.number(2),
            header.number(2),
        )
        root, rows = header.address(), header.number(2)
        if filters:
            raise InvalidFileError("its attributes or links are compressed")
        if (
            min(width, first, most, largest) < 1
            or any(value & (value - 1) for value in (width, first, most))
            or most < first
        ):
            raise InvalidFileError("a heap has impossible blocks")
        direct = most.bit_length() - first.bit_length() + 2
        length_width = min((most.bit_length() - 1 + 7) // 8, _width(largest))
        return cls(space, id_size, large, width, first, direct, (bits + 7) // 8, length_width, root, rows)

    def content(self, identifier: bytes) -> bytes | None:
        """Return an object; None for a large one, which `large_objects` yields."""
        kind = identifier[0] >> 4
        if kind == 0:
            cursor = self.space.cursor(identifier, 1)
            offset, length = cursor.number(self._offset_width), cursor.number(self._length_width)
            if self._root is None:
                raise InvalidFileError("a heap is empty")
            return self.space.read(self._place(offset), length)
        if kind == 1:
            return None
        if kind == 2:
            short = self.id_size <= 18
            length = (identifier[0] & 15) + 1 if short else ((identifier[0] & 15) << 8 | identifier[1]) + 1
            return identifier[1 if short else 2 :][:length]
        raise InvalidFileError("a heap has an object of an unknown kind")

    def large_objects(self) -> Iterator[bytes]:
        """Yield every object beyond the size of a block."""
        if self.large is None:
            return
        wide = self.space.offset_size + self.space.length_size
        # With a number, or where the identifier has address and length itself, without one.
        for record in records(self.space, self.large, {1: wide + self.space.length_size, 3: wide}):
            cursor = self.space.cursor(record)
            address, length = cursor.address(), cursor.length()
            if address is not None:
                yield self.space.read(address, length)

    def _place(self, offset: int) -> int:
        """Return the address of the byte at an offset in the heap."""
        address, rows = self._root, self._rows
        if not rows:
            return (address or 0) + offset
        for _ in range(64):
            row, column, start = self._cell(offset)
            if row >= rows or address is None:
                break
            # The signature, the version, the address of the heap, and the offset of the block.
            prefix = 5 + self.space.offset_size + self._offset_width
            place = prefix + (row * self._width + column) * self.space.offset_size
            block = self.space.cursor(self.space.read(address, prefix))
            block.expect(b"FHIB")
            address = self.space.cursor(self.space.read(address + place, self.space.offset_size)).address()
            offset -= start
            if row < self._direct_rows:
                if address is None:
                    break
                return address + offset
            rows = row - (self._width.bit_length() - 1)
        raise InvalidFileError("a heap has a hole")

    def _cell(self, offset: int) -> tuple[int, int, int]:
        """Return the row, the column and the offset of the block with the byte at `offset`."""
        row_size = self._width * self._first_size
        row = (offset // row_size).bit_length()
        size = self._first_size << max(0, row - 1)
        begin = row_size << (row - 1) if row else 0
        column = (offset - begin) // size
        return row, column, begin + column * size


# --------------------------------------------------------------------------------------------- global heaps


def collections(space: Space) -> Iterator[int]:
    """Yield the address of everything that looks like a collection of values of variable length."""
    signature, offset = b"GCOL\1", space.base
    while piece := space.blob.read_at(offset, _PIECE):
        found = piece.find(signature)
        while found >= 0:
            yield offset + found - space.base
            found = piece.find(signature, found + 1)
        if len(piece) < _PIECE:
            return
        # Pieces overlap, so that a signature across their border is found.
        offset += _PIECE - len(signature) + 1


def values(space: Space, address: int) -> tuple[bytes, list[tuple[int, int]]]:
    """Return a collection, and the places and sizes of the values in it.

    Raises:
        InvalidFileError: when it is damaged.
    """
    head = space.cursor(space.read(address, 8 + space.length_size))
    head.expect(b"GCOL", b"\1")
    head.take(3)
    data, found = space.read(address, head.length()), []
    cursor = space.cursor(data, head.place)
    # An object without number is the free space at the end.
    while len(data) - cursor.place >= 8 + space.length_size and cursor.number(2):
        cursor.take(6)
        size = cursor.length()
        found.append((cursor.place, size))
        cursor.take(size)
        cursor.place += -size % 8
    return data, found
