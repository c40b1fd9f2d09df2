"""Detect a pickle by its content, under any name and at any place in a file.

A pickle is a program. Lists of dangerous imports keep being evaded, so this module has none: bytes that an
unpickler would begin to execute are a pickle. That includes a pickle that breaks off, because its calls may have run
by then. `walk` follows the stack of an unpickler without executing anything.
"""

import pickletools
import re
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from hublish.formats.blob import Blob
from hublish.formats.pickle_reader import MAX_PROTOCOL, CutShortError, Kind, Operation, PickleReader, UnknownOpcodeError

# A pickle with a protocol header is still found after so many leading bytes.
LEAD_LENGTH: Final = 1 << 12
# Pickles in a row that are followed: torch's legacy format begins with five.
CHAIN_LIMIT: Final = 16
# Opcodes that are followed; so many valid ones in a row are not an accident.
OPERATION_LIMIT: Final = 200_000

_HEADER: Final = re.compile(rb"\x80[\x00-\x05]", re.DOTALL)
# Shorter ones hold one small constant, and prose such as "K1." has the same bytes.
_SHORTEST_BARE: Final = 4

_IMPORTS: Final = frozenset(["GLOBAL", "INST", "STACK_GLOBAL", "EXT1", "EXT2", "EXT4"])
_CALLS: Final = frozenset(["REDUCE", "INST", "OBJ", "NEWOBJ", "NEWOBJ_EX", "BUILD"])
_MEMO_WRITES: Final = frozenset(["PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"])
_MEMO_READS: Final = frozenset(["GET", "BINGET", "LONG_BINGET"])
# Values that no implementation of the unpickler can call, or accept as the arguments of a call.
_CONSTANTS: Final = frozenset(["None", "int", "int_or_bool", "bool", "float"])
_STRINGS: Final = frozenset(["str", "bytes", "bytes_or_str", "any"])
# Unpicklers add to these by calling a method by its name, so any object passes, and nothing is checked when there is
# nothing to add.
_CONTAINERS: Final = frozenset(["list", "dict", "set"])

_DOTTED_NAME: Final = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
_NUMBER: Final = re.compile(r"\s*[-+]?(?:\w*\d[\w.+-]*|\.\d[\w+-]*|(?i:inf|nan|infinity))\s*")
# The form of an argument that is a line; with any other, every unpickler stops. It distinguishes pickles from prose.
_LINE_FORMS: Final = {
    "GLOBAL": _DOTTED_NAME,
    "INST": _DOTTED_NAME,
    "INT": _NUMBER,
    "LONG": _NUMBER,
    "FLOAT": _NUMBER,
    "GET": _NUMBER,
    "PUT": _NUMBER,
    "STRING": re.compile(r"['\"][^\n]*"),  # a long line is cut, so the closing quote may be missing
}


def pickle_in(blob: Blob) -> str | None:
    """Return a description of the pickle that `blob` is or begins with, or None.

    Containers are not opened here: see `containers.py`.
    """
    head = blob.read_at(0, LEAD_LENGTH)
    if found := _chain(blob):
        return found
    # A loader may skip leading bytes; there, only a pickle that has a header and makes a call counts.
    for match in _HEADER.finditer(head, 1):
        if walk(blob, match.start()).calls:
            return f"a pickle after {match.start()} leading bytes"
    return None


def _chain(blob: Blob) -> str | None:
    """Follow consecutive pickles from the first byte on."""
    start = 0
    for _ in range(CHAIN_LIMIT):
        seen = walk(blob, start)
        if _is_pickle(seen, blob, start):
            kind = "a pickle" if seen.protocol is None else f"a pickle of protocol {seen.protocol}"
            return kind if seen.ending is Ending.STOPPED else f"{kind}, incomplete"
        if seen.ending is not Ending.STOPPED:
            return None
        start = seen.end
    return None


def _is_pickle(seen: "Walk", blob: Blob, start: int) -> bool:
    if seen.calls or seen.operations >= OPERATION_LIMIT:
        return True
    if seen.protocol is not None:
        # The header is two bytes, and one weight file in ten thousand begins with them by chance.
        return seen.operations >= {Ending.STOPPED: 3, Ending.CUT: 1, Ending.BROKEN: 8}[seen.ending]
    # Without header and call, only bytes that are a pickle to the very end count: a part of them may be prose.
    at_end = not blob.read_at(seen.end, 1)
    if seen.ending is Ending.STOPPED:
        return at_end and seen.end - start >= _SHORTEST_BARE
    return seen.ending is Ending.CUT and seen.memo_writes > 1


# --------------------------------------------------------------------------------------------------- the walk


class Ending(Enum):
    """How a walk ends."""

    STOPPED = "stopped"
    """At a STOP opcode with a value to return: a complete pickle."""
    CUT = "cut"
    """Where the bytes end within the pickle, or at the limit."""
    BROKEN = "broken"
    """At an opcode that does not exist or cannot work here."""


@dataclass(slots=True)
class Walk:
    """The result of following a pickle."""

    end: int
    """Offset after the last complete instruction."""
    ending: Ending = Ending.CUT
    operations: int = 0
    protocol: int | None = None
    """Of a PROTO opcode at the start; None without one."""
    imports: int = 0
    calls: int = 0
    """Calls that follow an import."""
    memo_writes: int = 0


def walk(blob: Blob, start: int = 0) -> Walk:
    """Follow the opcodes from `start` until they end or break, or number `OPERATION_LIMIT`."""
    seen = Walk(start)
    seen.ending = _Walker(PickleReader(blob, start), seen).run()
    return seen


class _BrokenError(Exception):
    """The next opcode cannot work here."""


@dataclass(slots=True)
class _Walker:
    reader: PickleReader
    seen: Walk
    stack: list[Kind] = field(default_factory=list)

    def run(self) -> Ending:
        try:
            while self.seen.operations < OPERATION_LIMIT:
                if self._step() == "STOP":
                    return Ending.STOPPED
        except (_BrokenError, UnknownOpcodeError):
            return Ending.BROKEN
        except CutShortError:
            pass
        return Ending.CUT

    def _step(self) -> str:
        operation = self.reader.operation()
        # The stack first: skipping an argument may expand gigabytes, and an impossible opcode is cheap to detect.
        self._move_stack(operation)
        self._read_argument(operation)
        self.seen.imports += operation.name in _IMPORTS
        self.seen.calls += operation.name in _CALLS and self.seen.imports > 0
        self.seen.memo_writes += operation.name in _MEMO_WRITES
        self.seen.operations += 1
        self.seen.end = self.reader.position
        return operation.name

    def _read_argument(self, operation: Operation) -> None:
        for _ in range(operation.lines):
            line, form = self.reader.line(), _LINE_FORMS.get(operation.name)
            if form is not None and not form.fullmatch(line.decode("utf-8", "replace")):
                raise _BrokenError
        if operation.prefix:
            self.reader.skip(self.reader.number(operation.prefix))
        elif operation.fixed:
            number = self.reader.number(operation.fixed)
            if operation.name == "PROTO":
                self._read_protocol(number)

    def _read_protocol(self, number: int) -> None:
        if number > MAX_PROTOCOL:
            raise _BrokenError
        if not self.seen.operations:
            self.seen.protocol = number

    def _move_stack(self, operation: Operation) -> None:
        if operation.name == "POP" and self.stack[-1:] == [pickletools.markobject]:
            self.stack.pop()
            return
        if operation.marked:
            self._pop_to_mark(operation)
        for needed in reversed(operation.before):
            self._pop(operation, needed)
        if operation.name in _MEMO_WRITES and not (operation.before or self.stack):
            raise _BrokenError
        if operation.name in _MEMO_READS and not self.seen.memo_writes:
            raise _BrokenError
        self.stack += operation.after

    def _pop_to_mark(self, operation: Operation) -> None:
        for index in range(len(self.stack) - 1, -1, -1):
            if self.stack[index] is pickletools.markobject:
                if operation.name == "OBJ" and index == len(self.stack) - 1:
                    raise _BrokenError
                del self.stack[index:]
                return
        raise _BrokenError

    def _pop(self, operation: Operation, needed: Kind) -> None:
        if not self.stack or self.stack[-1] is pickletools.markobject:
            raise _BrokenError
        if not _fits(self.stack.pop(), needed, operation.name):
            raise _BrokenError


def _fits(found: Kind, needed: Kind, operation: str) -> bool:
    if operation == "STACK_GLOBAL":
        return found.name in _STRINGS
    if operation in ("REDUCE", "NEWOBJ", "NEWOBJ_EX"):
        return found.name not in _CONSTANTS
    return needed.name in _CONTAINERS or needed.name in (found.name, "any") or found.name == "any"
