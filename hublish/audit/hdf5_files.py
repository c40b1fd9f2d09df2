"""Inspect HDF5 files for the values that PyTables unpickles: attributes, and rows of Python objects.

PyTables, and pandas through it, unpickle when an attribute is read. Keras and h5py do not, but a file does not record
which of them will read it. The values of variable length are not compressed, whatever the filters of a dataset are.
"""

import re
from collections.abc import Iterator
from typing import Final

from hublish.audit.format_readers import Finding
from hublish.audit.pickles import pickle_in
from hublish.formats.blob import Blob, MemoryBlob, random_access
from hublish.formats.hdf5_heaps import Space, collections, values
from hublish.formats.hdf5_objects import Attribute, Data, Part, VariableLength, hdf5_parts
from hublish.formats.input_files import InvalidFileError
from hublish.formats.tar_archives import Member, UnreadableError

_MAX_VALUES: Final = 5_000_000
# Every pickle that imports something has one of these: the end of a line, an opcode of an import, or a header.
_NEEDED: Final = re.compile(rb"[\n\x80\x82-\x84\x93]")


def hdf5_values(blob: Blob, base: int) -> Iterator[Member | Finding]:
    """Inspect the attributes and the rows of variable length, and yield the data of datasets that are in one piece.

    Args:
        blob: the bytes.
        base: the offset of the HDF5 file in them.
    """
    try:
        with random_access(blob) as source:
            space, parts = hdf5_parts(source, base)
            yield from _Inspection(space).run(parts)
    except InvalidFileError as error:
        raise UnreadableError(f"an HDF5 file ({error.message})") from None


class _Inspection:
    """The inspection of one file."""

    def __init__(self, space: Space) -> None:
        self._space = space
        self._left = _MAX_VALUES
        self._everywhere = False

    def run(self, parts: Iterator[Part]) -> Iterator[Member | Finding]:
        for part in parts:
            match part:
                case Attribute():
                    yield from self._attribute(part)
                case Data(blob):
                    yield Member("a dataset", blob)
                case VariableLength():
                    self._everywhere = True
        if self._everywhere:
            for address in collections(self._space):
                yield from self._collection(address, "a value", damaged=True)

    def _attribute(self, attribute: Attribute) -> Iterator[Member | Finding]:
        name = f"attribute {attribute.name}"
        if not attribute.variable:
            # PyTables ignores zeros at the end, and what follows the end of a pickle.
            yield from _inspected(name, attribute.data.rstrip(b"\0"))
            return
        cursor = self._space.cursor(attribute.data)
        while len(attribute.data) - cursor.place >= 8 + self._space.offset_size:
            cursor.take(4)  # the length
            address = cursor.address()
            cursor.take(4)  # the number in the collection
            if address:
                yield from self._collection(address, name)

    def _collection(self, address: int, name: str, *, damaged: bool = False) -> Iterator[Member | Finding]:
        """Inspect every value of a collection; with `damaged`, it may be other bytes that only look like one."""
        if not self._space.is_new("values", address):
            return
        try:
            data, places = values(self._space, address)
        except InvalidFileError:
            if damaged:
                return
            raise
        self._left -= len(places)
        if self._left < 0:
            raise InvalidFileError(f"it has more than {_MAX_VALUES} values of variable length")
        if _NEEDED.search(data):
            for start, size in places:
                yield from _inspected(name, data[start : start + size])
        elif b"{" in data:
            for start, size in places:
                yield from _document(name, data[start : start + size])


def _inspected(name: str, value: bytes) -> Iterator[Member | Finding]:
    if found := pickle_in(MemoryBlob(value)):
        yield Finding(f"{name} in it is {found}")
    yield from _document(name, value)


def _document(name: str, value: bytes) -> Iterator[Member]:
    # Keras describes a model, with the code of its layers, in an attribute.
    if value.startswith(b"{"):
        yield Member(name, MemoryBlob(value))
