"""Read the instructions of a pickle, without decoding or executing them.

The table of instructions comes from `pickletools.opcodes`. The parser of the standard library, `genops`, is not
used: it rejects arguments that real unpicklers accept, so an audit that relied on it would stop too early.
"""

import pickletools
from dataclasses import dataclass
from typing import Final

from hublish.formats.blob import Blob

Kind = pickletools.StackObject

MAX_PROTOCOL: Final = 5
# Bytes read ahead, and the most of a line that is returned.
WINDOW: Final = 1 << 16
# Bytes read at first: most bytes that are read as a pickle break off soon.
_FIRST_WINDOW: Final = 1 << 9
# The sizes that pickletools gives to arguments of variable size, and the bytes of the length before them.
_LENGTH_PREFIXES: Final = {
    pickletools.TAKEN_FROM_ARGUMENT1: 1,
    # Signed for LONG4 and BINSTRING; an unpickler refuses a negative length, and as unsigned it reaches past the end.
    pickletools.TAKEN_FROM_ARGUMENT4: 4,
    pickletools.TAKEN_FROM_ARGUMENT4U: 4,
    pickletools.TAKEN_FROM_ARGUMENT8U: 8,
}


@dataclass(frozen=True, slots=True)
class Operation:
    """One opcode: the form of its argument and its effect on the stack."""

    name: str
    argument: str
    """pickletools' name for the type of the argument, such as `uint1`; empty without one."""
    fixed: int
    """Bytes of an argument of fixed size."""
    prefix: int
    """Bytes of the length before an argument of variable size."""
    lines: int
    """Number of lines in the argument."""
    before: tuple[Kind, ...]
    """The values it pops, below the mark when it pops everything down to one."""
    marked: bool
    """Whether it pops everything down to the last mark."""
    after: tuple[Kind, ...]
    """The values it pushes."""
    repeatable: bool
    """Whether a run of it, with the same argument, has no effect but to push its values again and again."""


def _operation(info: pickletools.OpcodeInfo) -> Operation:
    size = info.arg.n if info.arg else 0
    # GLOBAL and INST name a module and a class, each on a line of its own.
    pair = info.arg is not None and info.arg.name == "stringnl_noescape_pair"
    before = tuple(info.stack_before)
    marked = pickletools.markobject in before
    prefix = _LENGTH_PREFIXES.get(size, 0)
    lines = (2 if pair else 1) if size == pickletools.UP_TO_NEWLINE else 0
    return Operation(
        name=info.name,
        argument=info.arg.name if info.arg else "",
        fixed=max(size, 0),
        prefix=prefix,
        lines=lines,
        before=before[: before.index(pickletools.markobject)] if marked else before,
        marked=marked,
        after=tuple(info.stack_after),
        # The writes to the memo push nothing, but need a value on the stack.
        repeatable=not (before or prefix or lines) and "PUT" not in info.name,
    )


# By the byte itself, as it is read.
_OPERATIONS: Final = {info.code.encode("latin-1"): _operation(info) for info in pickletools.opcodes}


def is_opcode(code: bytes) -> bool:
    """Whether a byte is an opcode."""
    return code in _OPERATIONS


class CutShortError(Exception):
    """The bytes end within the pickle."""


class UnknownOpcodeError(Exception):
    """The next byte is not an opcode."""


class PickleReader:
    """Reads a pickle forward, through a window, so that most bytes cost no system call.

    After `operation`, the caller reads or skips the argument by `number`, `lines`, `data` and `skip`.

    Args:
        blob: the bytes.
        position: the offset of the pickle.
    """

    __slots__ = ("_ahead", "_base", "_blob", "_window", "position")

    def __init__(self, blob: Blob, position: int = 0) -> None:
        self.position = position
        self._blob = blob
        self._window = b""
        self._base = 0
        self._ahead = _FIRST_WINDOW

    def operation(self) -> Operation:
        """Read the next opcode.

        Raises:
            CutShortError: when the bytes end here.
            UnknownOpcodeError: when pickle has no such opcode.
        """
        code = self.data(1)
        if code not in _OPERATIONS:
            raise UnknownOpcodeError(f"there is no opcode 0x{code.hex()}")
        return _OPERATIONS[code]

    def number(self, width: int) -> int:
        """Read an unsigned little-endian number of `width` bytes: a short argument, or the length of one."""
        return int.from_bytes(self.data(width), "little")

    def data(self, length: int) -> bytes:
        """Read `length` bytes.

        Raises:
            CutShortError: when there are fewer.
        """
        start = self.position - self._base
        # The position may have left the window on either side: `skip` moves ahead, and the caller may set it back.
        if not 0 <= start <= len(self._window) - length:
            self._refill(length)
            start = 0
        taken = self._window[start : start + length]
        if len(taken) < length:
            raise CutShortError
        self.position += length
        return taken

    def skip(self, length: int) -> None:
        """Move past `length` bytes.

        Raises:
            CutShortError: when there are fewer.
        """
        end = self.position + length
        if length and not self._has(end):
            raise CutShortError
        self.position = end

    def line(self) -> bytes:
        """Move past the next line feed, and return the line before it, cut to `WINDOW` bytes.

        Raises:
            CutShortError: when no line feed follows.
        """
        start = self.position
        # A line may be longer than memory: only its beginning is kept.
        while True:
            if not self._base <= self.position < self._base + len(self._window):
                self._refill(0)
            if not self._window:
                raise CutShortError
            found = self._window.find(b"\n", self.position - self._base)
            if found >= 0:
                self.position = self._base + found + 1
                break
            self.position = self._base + len(self._window)
        length = min(self.position - 1 - start, WINDOW)
        inside = start - self._base
        return self._window[inside : inside + length] if inside >= 0 else self._blob.read_at(start, length)

    def rest(self) -> bytes:
        """Return the bytes from here to the end, cut to `WINDOW` of them, without moving."""
        return self._blob.read_at(self.position, WINDOW)

    def skip_repeats(self, length: int) -> int:
        """Move past all repetitions of the last `length` bytes that follow, and return their number."""
        count, at = 0, self.position - length - self._base
        if at < 0:
            return 0
        unit = self._window[at : at + length]
        while True:
            start = self.position - self._base
            # Most instructions are not repeated: the common answer comes first.
            if not self._window.startswith(unit, start) and len(self._window) - start >= length:
                return count
            found = 0
            for times in (1024, 32, 1):
                block = unit * times
                while self._window.startswith(block, start + found * length):
                    found += times
            count += found
            self.position += found * length
            if not found:
                self._refill(0)
                if not self._window.startswith(unit):
                    return count

    def _refill(self, length: int) -> None:
        self._window = self._blob.read_at(self.position, max(length, self._ahead))
        self._ahead = WINDOW
        self._base = self.position

    def _has(self, end: int) -> bool:
        # Skipping within bytes of known size reads nothing, however long the argument claims to be.
        if self._blob.size is not None:
            return end <= self._blob.size
        return bool(self._blob.read_at(end - 1, 1))
