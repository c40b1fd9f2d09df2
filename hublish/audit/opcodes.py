"""Walk a pickle opcode by opcode, following its stack, without decoding or executing anything."""

import pickletools
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from hublish.audit.blob import Blob, Cursor
from hublish.audit.instructions import LINE_FORMS, OPERATIONS, Kind, Operation

OPERATION_LIMIT: Final = 200_000
"""Opcodes walked; that many valid ones in a row are no accident."""

_IMPORTS = frozenset(["GLOBAL", "INST", "STACK_GLOBAL", "EXT1", "EXT2", "EXT4"])
_CALLS = frozenset(["REDUCE", "INST", "OBJ", "NEWOBJ", "NEWOBJ_EX", "BUILD"])
_MEMO_WRITES = frozenset(["PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"])
_MEMO_READS = frozenset(["GET", "BINGET", "LONG_BINGET"])
# What can never be called, nor be the arguments of a call, in any implementation of the unpickler.
_CONSTANTS = frozenset(
    kind.name
    for kind in (
        pickletools.pynone,
        pickletools.pyint,
        pickletools.pylong,
        pickletools.pyinteger_or_bool,
        pickletools.pybool,
        pickletools.pyfloat,
    )
)
_STRINGS = frozenset(["str", "bytes", "bytes_or_str", "any"])
# What an opcode adds to: unpicklers call methods by name, and look at nothing when there is nothing to add.
_CONTAINERS = frozenset(["list", "dict", "set"])


class Ending(Enum):
    """How a walk came to its end."""

    STOPPED = "stopped"
    """At a STOP opcode with a value to return: a whole pickle."""
    CUT = "cut"
    """The bytes ended within it, or the limit was reached."""
    BROKEN = "broken"
    """An opcode that does not exist or cannot work here."""


@dataclass(frozen=True, slots=True)
class Walk:
    """What was seen on the way."""

    ending: Ending
    end: int
    """Offset after the last byte understood."""
    operations: int
    protocol: int | None
    """Of a PROTO opcode at the start; None without one."""
    imports: int
    calls: int
    """Calls of something imported before."""
    memo_writes: int


def walk(blob: Blob, start: int = 0) -> Walk:
    """Follow the opcodes from `start` until they end, break, or number `OPERATION_LIMIT`."""
    walker = _Walker(Cursor(blob, start))
    ending = walker.run()
    return Walk(
        ending,
        walker.understood,
        walker.operations,
        walker.protocol,
        walker.imports,
        walker.calls,
        walker.memo_writes,
    )


class _BrokenError(Exception):
    """The next opcode cannot work here."""


class _CutError(Exception):
    """The bytes ended."""


@dataclass(slots=True)
class _Walker:
    cursor: Cursor
    stack: list[Kind] = field(default_factory=list)
    understood: int = 0
    operations: int = 0
    protocol: int | None = None
    imports: int = 0
    calls: int = 0
    memo_writes: int = 0

    def run(self) -> Ending:
        self.understood = self.cursor.position
        try:
            while self.operations < OPERATION_LIMIT:
                if self._step() == "STOP":
                    return Ending.STOPPED
        except _BrokenError:
            return Ending.BROKEN
        except _CutError:
            pass
        return Ending.CUT

    def _step(self) -> str:
        code = self.cursor.take(1)
        if not code:
            raise _CutError
        operation = OPERATIONS.get(code)
        if operation is None:
            raise _BrokenError
        # The stack first: a skipped argument may be gigabytes away, an impossible opcode is cheap to see.
        self._move_stack(operation)
        self._read_argument(operation)
        self._count(operation)
        self.operations += 1
        self.understood = self.cursor.position
        return operation.name

    def _read_argument(self, operation: Operation) -> None:
        if operation.lines:
            self._read_lines(operation)
            return
        raw = self.cursor.take(operation.fixed or operation.prefix)
        if len(raw) < (operation.fixed or operation.prefix):
            raise _CutError
        number = int.from_bytes(raw, "little")
        if operation.name == "PROTO":
            self._read_protocol(number)
        elif operation.prefix and not self.cursor.skip(number):
            raise _CutError

    def _read_protocol(self, number: int) -> None:
        if number > 5:
            raise _BrokenError
        if not self.operations:
            self.protocol = number

    def _read_lines(self, operation: Operation) -> None:
        for _ in range(operation.lines):
            line = self.cursor.line()
            if line is None:
                raise _CutError
            form = LINE_FORMS.get(operation.name)
            if form is not None and not form.fullmatch(line.decode("utf-8", "replace")):
                raise _BrokenError

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
        if operation.name in _MEMO_READS and not self.memo_writes:
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
        found = self.stack.pop()
        if not _fits(found, needed, operation.name):
            raise _BrokenError

    def _count(self, operation: Operation) -> None:
        if operation.name in _IMPORTS:
            self.imports += 1
        if operation.name in _CALLS and self.imports:
            self.calls += 1
        if operation.name in _MEMO_WRITES:
            self.memo_writes += 1


def _fits(found: Kind, needed: Kind, operation: str) -> bool:
    if operation == "STACK_GLOBAL":
        return found.name in _STRINGS
    if operation in ("REDUCE", "NEWOBJ", "NEWOBJ_EX"):
        return found.name not in _CONSTANTS
    return needed.name in _CONTAINERS or needed.name in (found.name, "any") or found.name == "any"
