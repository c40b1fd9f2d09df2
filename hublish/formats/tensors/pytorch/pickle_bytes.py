"""The bytes of a pickle, read forward and never past their end."""

import struct

from hublish.formats.input_files import InvalidFileError

MAX_TEXT = 4 << 20
"""Bytes of the longest text or byte string."""
_MAX_LINE = 1000  # names of modules and classes, which stand on lines of their own
_MAX_INTEGER = 255  # bytes; what LONG1 can say
_DOUBLE = struct.Struct(">d")


class PickleBytes:
    """A reader of opcodes' arguments.

    Args:
        data: what holds the pickle.
        position: where it begins.
    """

    __slots__ = ("_data", "position")

    def __init__(self, data: bytes, position: int = 0) -> None:
        self._data = data
        self.position = position

    def code(self) -> int:
        """Read one byte."""
        position = self.position
        if position >= len(self._data):
            raise _cut()
        self.position = position + 1
        return self._data[position]

    def take(self, length: int) -> bytes:
        """Read `length` bytes."""
        end = self.position + length
        if end > len(self._data):
            raise _cut()
        taken = self._data[self.position : end]
        self.position = end
        return taken

    def unsigned(self, width: int) -> int:
        """Read a little-endian number of `width` bytes."""
        return int.from_bytes(self.take(width), "little")

    def signed(self, width: int) -> int:
        """Read a little-endian number of `width` bytes in two's complement."""
        return int.from_bytes(self.take(width), "little", signed=True)

    def integer(self, width: int) -> int:
        """Read a number as long as the `width` bytes before it say."""
        length = self.unsigned(width)
        if length > _MAX_INTEGER:
            msg = f"the pickle holds a number of {length} bytes; the limit is {_MAX_INTEGER}"
            raise InvalidFileError(msg)
        return self.signed(length)

    def double(self) -> float:
        """Read a floating-point number."""
        value: float = _DOUBLE.unpack(self.take(8))[0]
        return value

    def data(self, width: int) -> bytes:
        """Read as many bytes as the `width` bytes before them say."""
        length = self.unsigned(width)
        if length > MAX_TEXT:
            msg = f"the pickle holds a text of {length} bytes; the limit is {MAX_TEXT}"
            raise InvalidFileError(msg)
        return self.take(length)

    def text(self, width: int) -> str:
        """Read as many bytes of UTF-8 as the `width` bytes before them say."""
        return _decode(self.data(width))

    def line(self) -> str:
        """Read up to the next line feed, and past it."""
        end = self._data.find(b"\n", self.position, self.position + _MAX_LINE)
        if end < 0:
            msg = f"the pickle names something with more than {_MAX_LINE} bytes, or is cut short"
            raise InvalidFileError(msg)
        line = self._data[self.position : end]
        self.position = end + 1
        return _decode(line)


def _decode(data: bytes) -> str:
    try:
        # As the pickle module does: a name may be no Unicode, and is refused where it is used.
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        msg = "the pickle holds a text that is not UTF-8"
        raise InvalidFileError(msg) from None


def _cut() -> InvalidFileError:
    return InvalidFileError("the pickle is cut short", hint="copy or download the file again")
